"""How a call in text looks on a terminal, and as lines for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from voicebot.dialogue.state import State
from voicebot.dialogue.understand import Understood
from voicebot.events import Value
from voicebot.rehearsal.textcall import Entry

STYLES = {
    "caller": "bold cyan",
    "bot": "bold green",
    "agent": "bold magenta",
    "system": "yellow",
    "call": "bold",
    "why": "dim",
}
MOST_SHOWN = 160
"""characters of one value"""
LEAST_SHOWN = 0.1
"""guesses below this tell nothing"""


def is_shown(entry: Entry, *, traces: bool, echoes: bool) -> bool:
    """Reads and reasons only when asked for; the caller's words only where nobody typed them."""
    if entry.who == "why" or (entry.who, entry.what) == ("system", "read"):
        return traces
    if entry.who == "caller":
        return echoes or entry.what == "silent"
    return True


def sentence(entry: Entry) -> str:
    """One entry in words.

    >>> sentence(Entry(0, "caller", "keys", "1"))
    'presses 1'
    >>> sentence(Entry(0, "system", "refused", "book_refund", {"arguments": {}, "result": "timeout"}))
    'book_refund() failed: timeout'
    """
    match entry.who, entry.what:
        case _, "says":
            return entry.text
        case "caller", "keys":
            return f"presses {entry.text}"
        case "caller", what:
            return {"silent": "says nothing", "hangs_up": "hangs up"}.get(what, what)
        case "system", what:
            done = f"{entry.text}({arguments(entry.data['arguments'])})"
            if what == "refused":
                return f"{done} failed: {entry.data['result']}"
            again = " again: no effect" if entry.data.get("is_repetition") else ""
            return f"{done}{again} → {value(entry.data['result'])}"
        case "agent", "rings":
            return f"{entry.text} ({entry.data['queue']}) is rung"
        case "agent", "hears":
            return f"is told: {entry.text}"
        case "call", _:
            return f"ended: {entry.text}"
        case "why", what:
            return f"{what}: {arguments(entry.data)}"
    return entry.what.replace("_", " ")


def arguments(given: Mapping[str, Value]) -> str:
    return ", ".join(f"{name}={value(one)}" for name, one in given.items())


def value(given: Value) -> str:
    """A value short enough for a line: records by what names them."""
    if isinstance(given, Mapping):
        names = ("number", "tail", "title", "merchant", "id")
        told = next((given[name] for name in names if given.get(name)), None)
        text = str(told) if told is not None else "{" + arguments(given) + "}"
    elif isinstance(given, list | tuple):
        text = "[" + ", ".join(value(one) for one in given) + "]"
    elif isinstance(given, datetime):
        text = f"{given:%Y-%m-%d %H:%M}"
    else:
        text = str(given)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def plain(given: Value) -> Any:
    """A value as JSON has it."""
    if isinstance(given, Mapping):
        return {str(name): plain(one) for name, one in given.items()}
    if isinstance(given, list | tuple):
        return [plain(one) for one in given]
    if isinstance(given, date | datetime):
        return given.isoformat()
    return given if isinstance(given, str | int | float | bool) or given is None else str(given)


def row(entry: Entry) -> dict[str, Any]:
    """One entry for a program."""
    return {
        "at_ms": entry.at_ms,
        "who": entry.who,
        "what": entry.what,
        "text": entry.text,
        **({"data": plain(entry.data)} if entry.data else {}),
    }


def reasons(entries: Sequence[Entry], read: Understood | None) -> list[str]:
    """Why the last turn went as it did: how the sentence was read, then what was decided."""
    lines = [] if read is None else reading(read)
    path: list[str] = []
    for entry in entries:
        if entry.who != "why":
            continue
        if entry.what == "step":
            path.append(str(entry.data["step"]))
            continue
        if path:
            lines.append(f"steps: {' → '.join(path)}")
            path = []
        lines.append(sentence(entry))
    return lines + ([f"steps: {' → '.join(path)}"] if path else [])


def reading(read: Understood) -> list[str]:
    """How a sentence was understood, best guess first."""
    lines = [f"read as: {read.text or '(nothing)'}"]
    lines += [
        f"{guess.score:5.2f}  {guess.name} ({guess.kind}), {guess.why}"
        for at, guess in enumerate(read.guesses)
        if at == 0 or guess.score >= LEAST_SHOWN
    ]
    if read.out_of_scope >= LEAST_SHOWN:
        lines.append(f"{read.out_of_scope:5.2f}  out of scope")
    for part, guesses in read.clauses:
        best = guesses[0] if guesses else None
        lines.append(f"part: {part} → " + (f"{best.name} {best.score:.2f}" if best else "nothing"))
    return lines


def standing(state: State) -> list[str]:
    """Where the call stands: the flows, the open question, slots, facts, mood."""
    stack = " › ".join(f"{frame.flow}:{frame.step or 'done'}" for frame in state.stack) or "nowhere"
    opened = state.open
    lines = [
        f"at      {stack}",
        f"asks    {f'{opened.name} ({opened.kind})' if opened is not None else 'nothing'}",
        f"caller  {state.identity()}, {state.mood}{', in a hurry' if state.is_urgent else ''}, "
        f"{state.language}; not understood or silent {state.failures} times",
    ]
    if state.waiting_intents:
        lines.append(f"later   {', '.join(state.waiting_intents)}")
    lines += [
        f"slot    {name} = {value(filled.value)} ({filled.confidence:.2f})"
        for name, filled in state.slots.items()
    ]
    lines += [f"fact    {name} = {value(fact)}" for name, fact in state.facts.items()]
    lines += [f"done    {operation}" for operation in state.done]
    return lines
