"""Events and commands <-> rows of `events.jsonl`, the written memory of a call.

Format, version 1. The first row is the header. Every other row begins with `at_ms`, the call's
own time, and has one of these keys:

    frames    audio of the caller arrived: `sample` is the place of the first one in caller.wav,
              `arrived_ms` when each 20 ms frame came, `speech` the detector's opinion (0/1 a frame)
    event     an event, by the name of its class, with its fields; sound is left out, its length stays
    command   an order of the call, in short form
    journal   a line of the journal, with its data
    lost      how many rows could not be written because the disk was too slow

Rows are complete lines: a reader stops at the first line that is not whole, which is where a
crash cut it. Dates are written `{"$date": "2026-11-11"}` and `{"$datetime": ...}`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

import numpy as np

from voicebot import events
from voicebot.audio import length_ms
from voicebot.events import (
    AgentLegChanged,
    Alternative,
    Command,
    Event,
    FrameReceived,
    Heard,
    Hearing,
    Journal,
    LegEvent,
    Prepare,
    Ranked,
    Recognise,
    RingAgent,
    SendAudio,
    SpeechReady,
    TextTyped,
)

FORMAT = "voicebot-recording"
VERSION = 1

Row = dict[str, Any]

_EVENTS = {kind.__name__: kind for kind in events.Event.__args__}


class Unreadable(ValueError):
    """A row or header of another format; the text says which."""


def plain(value: Any) -> Any:
    """A value as JSON can hold it; `restore` is the way back."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return f"array{list(value.shape)}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Iterable):
        return [plain(inner) for inner in value]
    return str(value)


def restore(value: Any) -> Any:
    """The way back from `plain`, for values of slots, facts and arguments.

    >>> restore(plain({"on": date(2026, 11, 11)}))
    {'on': datetime.date(2026, 11, 11)}
    """
    if isinstance(value, dict):
        if set(value) == {"$date"}:
            return date.fromisoformat(value["$date"])
        if set(value) == {"$datetime"}:
            return datetime.fromisoformat(value["$datetime"])
        return {key: restore(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [restore(inner) for inner in value]
    return value


# --- writing ---------------------------------------------------------------------------


def event_row(at_ms: int, event: Event) -> Row:
    """One event as a row. Frames have rows of their own: see the format above."""
    row: Row = {"at_ms": at_ms, "event": type(event).__name__}
    if isinstance(event, SpeechReady):
        return row | {
            "request_id": event.request_id,
            "for_ms": length_ms(event.samples),
            "is_last": event.is_last,
            "was_cached": event.was_cached,
        }
    if isinstance(event, Heard):
        return row | {"turn": event.turn, "attempt": event.attempt, "hearing": _hearing_row(event.hearing)}
    if isinstance(event, TextTyped):
        return row | {"hearing": _hearing_row(event.hearing)}
    if isinstance(event, FrameReceived):
        raise TypeError("frames are written as runs, not one by one")
    fields: Row = plain(event)
    return row | fields


def command_row(at_ms: int, command: Command) -> Row:
    """One command in short form; a journal line in full."""
    if isinstance(command, Journal):
        return {"at_ms": at_ms, "journal": command.kind, "data": plain(command.data)}
    row: Row = {"at_ms": at_ms, "command": type(command).__name__}
    if isinstance(command, SendAudio):
        return row | {"for_ms": length_ms(command.samples)}
    if isinstance(command, Recognise):
        return row | {
            "turn": command.turn,
            "attempt": command.attempt,
            "for_ms": length_ms(command.samples),
            "language": command.language,
            "expects": command.expectation.kind,
            "is_partial": command.is_partial,
        }
    if isinstance(command, Prepare):
        return row | {"text": command.text}
    if isinstance(command, RingAgent):
        return row | {
            "attempt": command.attempt,
            "agent": command.agent,
            "queue": command.queue,
            "ring_ms": command.ring_ms,
            "recap": plain(command.recap),
        }
    fields: Row = plain(command)
    return row | fields


def _hearing_row(hearing: Hearing) -> Row:
    row: Row = plain(dataclasses.replace(hearing, vector=None))
    return {key: value for key, value in row.items() if key != "vector"}


def line(row: Row) -> str:
    """A row as one line of the file, with its end."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


# --- reading ---------------------------------------------------------------------------


def rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a file, header first; stops quietly at a last line that was cut off by a crash.

    Raises Unreadable when the header is missing or of a format we do not know.
    """
    is_first = True
    for text in lines:
        try:
            row = json.loads(text)
        except ValueError:
            break
        if not isinstance(row, dict):
            break
        if is_first:
            if row.get("format") != FORMAT:
                raise Unreadable("the first line is not the header of a recording")
            if row.get("version") != VERSION:
                raise Unreadable(
                    f"recording format {row.get('version')}; this program reads format {VERSION}"
                )
            is_first = False
        elif "at_ms" not in row:
            break
        yield row
    if is_first:
        raise Unreadable("the file is empty or does not begin with a header")


def event_of(row: Mapping[str, Any]) -> Event:
    """The event a row was made from; its sound, if it had any, is silence of the same length.

    Raises Unreadable for an unknown event or a field too many or too few.
    """
    name = row["event"]
    kind = _EVENTS.get(name)
    fields = {key: value for key, value in row.items() if key not in ("at_ms", "event")}
    if kind is None:
        raise Unreadable(f"an event called {name}, which this program does not know")
    try:
        if kind is SpeechReady:
            for_ms = fields.pop("for_ms")
            return SpeechReady(samples=np.zeros(for_ms * 8, dtype=np.int16), **fields)
        if kind is Heard:
            return Heard(fields["turn"], fields["attempt"], hearing_of(fields["hearing"]))
        if kind is TextTyped:
            return TextTyped(hearing_of(fields["hearing"]))
        if kind is AgentLegChanged:
            return AgentLegChanged(fields["attempt"], LegEvent(fields["what"]))
        event: Event = kind(**{key: restore(value) for key, value in fields.items()})
        return event
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"a row of {name} that cannot be understood: {error}") from error


def hearing_of(row: Mapping[str, Any]) -> Hearing:
    """A hearing from its row, without its vector."""
    fields = dict(row)
    for name in ("alternatives", "digits"):
        fields[name] = tuple(Alternative(**one) for one in fields.get(name, ()))
    fields["ranked"] = tuple(Ranked(**one) for one in fields.get("ranked", ()))
    return Hearing(**fields)
