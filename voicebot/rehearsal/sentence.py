"""One sentence in, everything out: what a line makes of it, whatever is being asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voicebot.dialogue import answering, understand
from voicebot.dialogue.answering import Answer
from voicebot.dialogue.state import State
from voicebot.dialogue.turn import Turn
from voicebot.dialogue.understand import Meaning, Understood
from voicebot.dialplan.model import Dialplan
from voicebot.events import Hearing, Value
from voicebot.language import mood
from voicebot.language.mood import Tone
from voicebot.rehearsal import show


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence, read in every way a line can read one."""

    said: str
    read: Understood
    flows: dict[str, str]
    """intent -> the flow it starts"""
    slots: dict[str, Answer]
    """what each slot would take from it, if it were asked for now"""
    yes_no: Answer
    tone: Tone


def hear(dialplan: Dialplan, state: State, text: str, meaning: Meaning | None) -> Heard:
    """Read one sentence in this state of a call; nothing is changed."""
    hearing = Hearing(text, language=state.language)
    read = understand.read(dialplan, state.language, hearing, meaning)
    turn = Turn(dialplan, state, meaning)
    slots = {
        name: answer
        for name, slot in dialplan.slots.items()
        if (answer := answering.read_slot(turn, slot, read.text, hearing)).is_given
    }
    flows = {
        intent: flow.name
        for flow in dialplan.flows.values()
        for intent in (flow.starts_on or (flow.name,))
        if intent in turn.phrases.intents
    }
    tone = mood.tone_of_text(read.text, turn.phrases.words)
    return Heard(text, read, flows, slots, answering.read_yes_no(turn, read.text, hearing), tone)


def row(heard: Heard) -> dict[str, Any]:
    """All of it for a program."""
    read = heard.read
    return {
        "said": heard.said,
        "text": read.text,
        "guesses": [_guess(guess, heard) for guess in read.guesses],
        "parts": [
            {"text": text, "guesses": [_guess(guess, heard) for guess in guesses]}
            for text, guesses in read.clauses
        ],
        "out_of_scope": round(read.out_of_scope, 3),
        "slots": {name: _answer(answer) for name, answer in heard.slots.items()},
        "yes_no": _answer(heard.yes_no) if heard.yes_no.is_given else None,
        "mood": heard.tone.mood,
        "mood_score": round(heard.tone.score, 3),
        "is_urgent": heard.tone.is_urgent,
    }


def lines(heard: Heard) -> list[tuple[str, str]]:
    """All of it for people: (heading, text) pairs; a heading may come again."""
    read = heard.read
    out = [("text", read.text or "(nothing is left)")]
    for at, guess in enumerate(read.guesses):
        if at and guess.score < show.LEAST_SHOWN:
            break
        flow = heard.flows.get(guess.name)
        starts = f" → flow {flow}" if flow and flow != guess.name else ""
        kind = "" if guess.kind == "intent" else f" ({guess.kind})"
        because = f"   because of: {guess.why}" if guess.why else ""
        out.append(("intent", f"{guess.score:.2f}  {guess.name}{kind}{starts}{because}"))
    if read.out_of_scope >= show.LEAST_SHOWN:
        out.append(("outside", f"{read.out_of_scope:.2f}  like what belongs to no intent"))
    out += [
        ("part", f"{text} → {guesses[0].name} {guesses[0].score:.2f}" if guesses else f"{text} → nothing")
        for text, guesses in read.clauses
    ]
    out += [
        ("slot", f"{name} = {_told(answer)}   {answer.confidence:.2f}")
        for name, answer in heard.slots.items()
    ]
    if heard.yes_no.is_given:
        flag = "yes" if heard.yes_no.value else "no"
        out.append(("yes/no", f"{flag}   {heard.yes_no.confidence:.2f}"))
    hurry = ", in a hurry" if heard.tone.is_urgent else ""
    out.append(("mood", f"{heard.tone.mood}{hurry}   {heard.tone.score:.2f}"))
    return out


def _guess(guess: understand.Guess, heard: Heard) -> dict[str, Any]:
    return {
        "name": guess.name,
        "kind": guess.kind,
        "score": round(guess.score, 3),
        "why": guess.why,
        "flow": heard.flows.get(guess.name),
    }


def _answer(answer: Answer) -> dict[str, Value]:
    return {
        "value": show.plain(answer.value),
        "several": show.plain(answer.several),
        "confidence": round(answer.confidence, 3),
        "is_correction": answer.is_correction,
    }


def _told(answer: Answer) -> str:
    if answer.several:
        return "one of " + ", ".join(_named(one) for one in answer.several)
    return _named(answer.value)


def _named(value: Value) -> str:
    if isinstance(value, dict) and value.get("title"):
        tail = value.get("tail") or value.get("order_tail")
        return f"{value['title']}" + (f" ({tail})" if tail else "")
    return show.value(value)
