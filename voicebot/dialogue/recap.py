"""What the agent is told before taking the call: who, what, what was done, in what mood."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.dialogue import asking
from voicebot.dialogue.state import State
from voicebot.dialogue.turn import Turn
from voicebot.dialogue.wording import MissingValueError, phrases_of
from voicebot.dialogue.wording import say as word
from voicebot.events import Recap, Value

MOST_LINES = 60


def make(turn: Turn, reason: str) -> Recap:
    """Gather the recap; its spoken form is the prompt `recap` in the line's first language."""
    state, dialplan = turn.state, turn.dialplan
    customer = state.facts.get("customer")
    caller = str(customer.get("title") or "") if isinstance(customer, Mapping) else ""
    home = dialplan.languages[0]
    wordings = phrases_of(dialplan, home).choices
    wants = dialplan.flows[state.wants].title.get(home, state.wants) if state.wants else ""
    facts = _facts(turn)
    details = "，".join(str(value) for value in facts.values() if value)
    done = tuple(_worded(wordings, "recap.done", name) for name in dict.fromkeys(state.done))
    recap = Recap(
        caller=caller,
        identity=state.identity(),
        wants=wants,
        done=done,
        mood=state.mood,
        language=state.language,
        reason=reason,
        facts=facts,
        transcript=tuple(state.transcript[-MOST_LINES:]),
    )
    values = {
        "recap": {
            "caller": caller or _worded(wordings, "recap.caller", "unknown"),
            "identity": recap.identity,
            "wants": "，".join(part for part in (wants, details) if part)
            or _worded(wordings, "recap.wants", "unknown"),
            "done": "，".join(done) or _worded(wordings, "recap.done", "nothing"),
            "mood": recap.mood,
            "reason": reason,
        }
    }
    return Recap(**{**_fields(recap), "spoken": _spoken(turn, home, values)})


def _spoken(turn: Turn, language: str, values: Mapping[str, Value]) -> str:
    """Word the recap without touching what the caller hears."""
    scratch = State(call=turn.state.call, seed=turn.state.seed, language=language)
    try:
        return word(turn.dialplan, scratch, "recap", values).spoken
    except (KeyError, MissingValueError):
        return ""


def _facts(turn: Turn) -> dict[str, Value]:
    """Slots settled so far, in words; secrets only as a mark that they were given."""
    found: dict[str, Value] = {}
    for name, filled in turn.state.slots.items():
        slot = turn.dialplan.slots.get(name)
        if slot is None or filled.value is None:
            continue
        if slot.is_secret:
            found[name] = "***"
            continue
        try:
            found[name] = asking.shown(turn, slot, filled.value)
        except (KeyError, ValueError):
            continue
    return found


def _worded(wordings: Mapping[str, Mapping[str, tuple[str, ...]]], name: str, value: str) -> str:
    found = wordings.get(name, {}).get(value)
    return found[0] if found else value


def _fields(recap: Recap) -> dict[str, Value]:
    return {name: getattr(recap, name) for name in Recap.__slots__}
