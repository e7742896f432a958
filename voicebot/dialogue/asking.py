"""Put a question: which wording, what may be answered, by voice or by key.

Each try at a question is worded differently and more narrowly; that ladder is the list of
prompts of the slot or step. A likely value is offered for a yes before asking openly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from voicebot.dialogue.api import Question
from voicebot.dialogue.state import Open
from voicebot.dialogue.turn import Turn
from voicebot.dialplan import expression
from voicebot.dialplan.model import Confirm, Keys, Listen, Slot
from voicebot.events import Candidate, Expectation, Value
from voicebot.language import records, speak

LISTEN_SILENCE_MS = 900
YES_NO_SILENCE_MS = 500
NO_INPUT_MS = 7000
MOST_OPTIONS = 4
MOST_SAYINGS = 6
YES_NO_KEYS = Keys(max_keys=1, choices={"1": "yes", "2": "no"})


def options_of(turn: Turn, name: str) -> Mapping[str, tuple[str, ...]]:
    """Wordings by value for a choice slot, or for "yes_no"."""
    return turn.phrases.choices.get(name, {})


def records_of(turn: Turn, slot: Slot) -> list[Mapping[str, Value]]:
    """The records a record slot chooses from."""
    found = turn.state.facts.get(slot.source)
    return [record for record in found if isinstance(record, Mapping)] if isinstance(found, list) else []


def key_of(record: Value) -> str:
    """What names a record in an expectation."""
    return str(record.get("id", "")) if isinstance(record, Mapping) else str(record)


def _candidates(options: Mapping[str, Sequence[str]]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(value, tuple(sayings[:MOST_SAYINGS])) for value, sayings in options.items() if sayings
    )


def _record_candidates(turn: Turn, slot: Slot, chosen: Sequence[Value]) -> tuple[Candidate, ...]:
    kind = turn.dialplan.types.get(slot.record)
    if kind is None:
        return ()
    today = turn.state.call["started_at"]
    return tuple(
        Candidate(key_of(record), tuple(records.sayings(record, kind, today, turn.state.language)))
        for record in chosen
        if isinstance(record, Mapping)
    )


def expectation_of(turn: Turn, slot: Slot) -> Expectation:
    """What the answer to this slot's open question may be."""
    hints = turn.phrases.hints
    if slot.type in ("yes_no", "choice"):
        name = "yes_no" if slot.type == "yes_no" else slot.name
        return Expectation(slot.type, _candidates(options_of(turn, name)), hints=hints)
    if slot.type == "record":
        return Expectation("record", _record_candidates(turn, slot, records_of(turn, slot)), hints=hints)
    return Expectation(
        slot.type if slot.type != "text" else "free",
        min_digits=slot.min_digits,
        max_digits=slot.max_digits,
        hints=hints,
    )


def keys_of(turn: Turn, slot: Slot) -> Keys | None:
    """Keys for a slot: as scripted, else 1, 2, 3 for what can be counted."""
    if slot.keys is not None and (slot.keys.choices or slot.type not in ("yes_no", "choice")):
        return slot.keys
    if slot.type == "yes_no":
        return YES_NO_KEYS
    if slot.type == "choice":
        return Keys(max_keys=1, choices={str(at + 1): value for at, value in enumerate(slot.choices[:9])})
    if slot.type == "record":
        kind = turn.dialplan.types.get(slot.record)
        return Keys(max_keys=4, min_keys=3) if kind is not None and kind.tail else None
    if slot.max_digits:
        return Keys(max_keys=slot.max_digits, min_keys=slot.min_digits or 1)
    return None


# --- Putting questions -------------------------------------------------------------------


def put_slot(turn: Turn, slot: Slot) -> None:
    """Ask for a slot, at the try we have come to; a likely value is offered first."""
    frame = turn.frame
    guess = _likely_value(turn, slot)
    if guess is not None and slot.name not in frame.refused_guesses:
        put_confirm_slot(turn, slot, guess, confidence=0.8, is_guess=True)
        return
    _word(turn, slot.ask[min(frame.attempts, len(slot.ask) - 1)])
    _open(
        turn,
        Open("slot", slot.name),
        Question(
            expectation_of(turn, slot),
            slot.silence_ms,
            slot.no_input_ms,
            keys_of(turn, slot),
            name=slot.name,
            is_secret=slot.is_secret,
        ),
    )


def _likely_value(turn: Turn, slot: Slot) -> Value:
    """A value worth proposing: from an earlier task, the script's guess, or the only one there is."""
    if not slot.confirm_prompt:
        return None
    filled = turn.state.slots.get(slot.name)
    if filled is not None and filled.is_stale:
        return filled.value
    if slot.guess is not None:
        return expression.evaluate(slot.guess, turn.state.values())
    if slot.type == "record":
        known = records_of(turn, slot)
        return known[0] if len(known) == 1 else None
    return None


def put_confirm_slot(
    turn: Turn, slot: Slot, value: Value, *, confidence: float, is_guess: bool = False
) -> None:
    """Read a value back and ask for a yes."""
    if slot.confirm_prompt:
        said = _word(turn, slot.confirm_prompt, {slot.name: value}, is_secret=slot.is_secret)
    else:
        said = _word(turn, "confirm_value", {"value": shown(turn, slot, value)})
    if not said and is_guess:
        turn.frame.refused_guesses.append(slot.name)
        put_slot(turn, slot)
        return
    expected = _candidates(options_of(turn, "yes_no"))
    _open(
        turn,
        Open("confirm_slot", slot.name, value, confidence, is_guess=is_guess),
        Question(
            Expectation("yes_no", expected, hints=turn.phrases.hints),
            YES_NO_SILENCE_MS,
            NO_INPUT_MS,
            YES_NO_KEYS,
            name=slot.name,
            is_secret=slot.is_secret,
        ),
    )


def put_offer(turn: Turn, slot: Slot, options: Sequence[Value]) -> None:
    """Read out a short choice of records."""
    chosen = tuple(options[:MOST_OPTIONS])
    if slot.offer and turn.frame.returning != "quiet":
        for option in chosen:
            turn.say(slot.offer, {"option": option})
    _word(turn, "which_option")
    _open(
        turn,
        Open("offer", slot.name, options=chosen),
        Question(
            Expectation("record", _record_candidates(turn, slot, chosen), hints=turn.phrases.hints),
            slot.silence_ms,
            slot.no_input_ms,
            Keys(max_keys=1, choices={str(at + 1): str(at) for at in range(len(chosen))}),
            name=slot.name,
        ),
    )


def put_confirm(turn: Turn, step: Confirm) -> None:
    """Ask the yes/no question of a step."""
    _word(turn, step.prompts[min(turn.frame.attempts, len(step.prompts) - 1)])
    _open(
        turn,
        Open("confirm", step.id),
        Question(
            Expectation("yes_no", _candidates(options_of(turn, "yes_no")), hints=turn.phrases.hints),
            YES_NO_SILENCE_MS,
            NO_INPUT_MS,
            YES_NO_KEYS,
            name=step.id,
        ),
    )


def put_listen(turn: Turn, step: Listen) -> None:
    """Ask openly: any request will do."""
    _word(turn, step.prompts[min(turn.frame.attempts, len(step.prompts) - 1)])
    _open(
        turn,
        Open("listen", step.id),
        Question(
            Expectation("free", hints=turn.phrases.hints),
            LISTEN_SILENCE_MS,
            NO_INPUT_MS,
            Keys(max_keys=1, choices=dict(step.keys)) if step.keys else None,
            name=step.id,
        ),
    )


def put_which_intent(turn: Turn, first: str, second: str) -> None:
    """Two requests are equally likely: ask which, in a few words."""
    _word(turn, "which_one", {"first": turn.title(first), "second": turn.title(second)})
    _open(
        turn,
        Open("which_intent", "which_one", options=(first, second)),
        Question(
            Expectation(
                "choice",
                (Candidate(first, (turn.title(first),)), Candidate(second, (turn.title(second),))),
                hints=turn.phrases.hints,
            ),
            YES_NO_SILENCE_MS + 200,
            NO_INPUT_MS,
            Keys(max_keys=1, choices={"1": first, "2": second}),
            name="which_one",
        ),
    )


def put_quietly(turn: Turn, *, patience_ms: int = 0, reminder: str = "") -> None:
    """Open the present question again without saying anything."""
    if turn.state.open is not None:
        reminders = turn.state.open.reminders
        turn.frame.returning = "quiet"
        turn.frame.patience_ms, turn.frame.reminder = patience_ms, reminder
        put_again(turn, turn.state.open)
        if turn.state.open is not None:
            turn.state.open.reminders = reminders


def put_again(turn: Turn, opened: Open) -> None:
    """Put this very question again, with its spoken words."""
    step = turn.step
    slot = turn.dialplan.slots.get(opened.name)
    if opened.kind == "confirm_slot" and slot is not None:
        put_confirm_slot(turn, slot, opened.value, confidence=opened.confidence, is_guess=opened.is_guess)
    elif opened.kind == "offer" and slot is not None:
        put_offer(turn, slot, opened.options)
    elif opened.kind == "which_intent":
        put_which_intent(turn, opened.options[0], opened.options[1])
    elif opened.kind == "slot" and slot is not None:
        put_slot(turn, slot)
    elif isinstance(step, Confirm):
        put_confirm(turn, step)
    elif isinstance(step, Listen):
        put_listen(turn, step)


def _word(
    turn: Turn, prompt: str, extra: Mapping[str, Value] | None = None, *, is_secret: bool = False
) -> bool:
    """Say the words of a question, as fits the way we come to it; False when they could not be filled."""
    frame = turn.frame
    returning, frame.returning = frame.returning, ""
    if returning == "quiet":
        return True
    if returning == "task" and frame.flow != turn.dialplan.opening:
        turn.say("back_to_question", {"flow": turn.title(frame.flow)})
    return turn.say(prompt, extra, again=bool(returning), is_secret=is_secret)


def _open(turn: Turn, opened: Open, question: Question) -> None:
    """Make this the open question; a caller who asked for a moment is given it."""
    frame = turn.frame
    patience, frame.patience_ms = frame.patience_ms, 0
    if patience:
        opened.patience_ms, opened.reminder = patience, frame.reminder
        question = replace(question, no_input_ms=patience)
    turn.state.open = opened
    turn.actions.append(question)


def shown(turn: Turn, slot: Slot, value: Value) -> str:
    """A slot's value as text, for the prompts that read back any value."""
    if isinstance(value, Mapping):
        kind = turn.dialplan.types.get(slot.record)
        field = (kind.words[0] if kind and kind.words else "") or (kind.tail if kind else "")
        return str(value.get(field) or "")
    form = {"choice": f"choice:{slot.name}", "yes_no": "choice:yes_no", "account": "digits"}.get(
        slot.type, slot.type
    )
    return speak.display(
        value,
        form,
        language=turn.state.language,
        wording=turn.phrases.choices,
        today=turn.state.call.get("started_at"),
    )
