"""A recorded call as the replay needs it: what came from outside, with its times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from voicebot import eventlog
from voicebot.audio import RATE_HZ
from voicebot.errors import ConfigError
from voicebot.events import CallStarted, KeyPressed, LegEvent, Samples, StreamEnded
from voicebot.masking import DOT
from voicebot.wav import decode_wav

EVENTS_FILE, CALLER_FILE = "events.jsonl", "caller.wav"


@dataclass(frozen=True, slots=True)
class BusinessAnswer:
    """What a business system said to one request."""

    operation: str
    arguments: Mapping[str, Any]
    """in plain form: as they stand in the file"""
    result: Any = None
    code: str = ""
    """refusal, or "" when `result` is the answer"""


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one prompt was made."""

    for_ms: int
    """how long it is"""
    after_ms: int
    """how long its first sound took to make"""


@dataclass(frozen=True, slots=True)
class Recording:
    """One call."""

    folder: Path
    line: str
    checksum: str
    """of the dialplan it was made with"""
    started: CallStarted
    caller: Samples
    """int16, 8000 Hz, from the beginning of the call"""
    ended: StreamEnded | None
    """the connection's end, when it came from outside"""
    ended_ms: int
    keys: tuple[tuple[int, str], ...] = ()
    """(at_ms, key), secret ones left out"""
    masked_keys: int = 0
    answers: tuple[BusinessAnswer, ...] = ()
    agents: Mapping[int, tuple[tuple[int, LegEvent], ...]] = field(default_factory=dict)
    """attempt -> (ms after the order to ring, what happened)"""
    spoken: Mapping[str, Spoken] = field(default_factory=dict)
    """by the text of the prompt"""
    heard_after_ms: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """(turn, attempt) -> how long the recogniser took"""
    lost: int = 0
    """rows the recorder could not write"""
    rows: tuple[eventlog.Row, ...] = ()


def read_recording(folder: Path) -> Recording:
    """Read one folder. Raises ConfigError that names the file and what is wrong with it."""
    path = folder / EVENTS_FILE
    try:
        with path.open(encoding="utf-8") as lines:
            header, *rows = eventlog.rows(lines)
        started = _first(rows, CallStarted)
        caller = _sound(folder / CALLER_FILE)
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: cannot be read: {error.strerror}",
            code="E-REPLAY-FILE",
            remedy=f"A recording is a folder with {EVENTS_FILE} and {CALLER_FILE}.",
        ) from error
    except (eventlog.Unreadable, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}", code="E-REPLAY-FILE") from error
    if started is None:
        raise ConfigError(f"{path}: the call never started; there is nothing to replay", code="E-REPLAY-FILE")
    keys = [(row["at_ms"], row["key"]) for row in rows if row.get("event") == KeyPressed.__name__]
    ended = next((row for row in rows if row.get("event") == StreamEnded.__name__), None)
    return Recording(
        folder=folder,
        line=str(header.get("line", "")),
        checksum=str(header.get("checksum", "")),
        started=started,
        caller=caller,
        ended=StreamEnded(ended["reason"]) if ended is not None else None,
        ended_ms=int(ended["at_ms"]) if ended is not None else max(int(row["at_ms"]) for row in rows),
        keys=tuple((at_ms, key) for at_ms, key in keys if key != DOT),
        masked_keys=sum(key == DOT for _, key in keys),
        answers=tuple(_answers(rows)),
        agents=_agents(rows),
        spoken=_spoken(rows),
        heard_after_ms=_heard_after(rows),
        lost=sum(int(row.get("lost", 0)) for row in rows),
        rows=tuple(rows),
    )


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """The given folders that are recordings, and those inside the others. Raises ConfigError for none."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(file.parent for file in path.glob(f"**/{EVENTS_FILE}"))
        if not inside:
            raise ConfigError(
                f"{path}: there is no recording here",
                code="E-REPLAY-FILE",
                remedy=f"A recording is a folder with {EVENTS_FILE} and {CALLER_FILE}.",
            )
        found += [folder for folder in inside if folder not in found]
    return found


def _first(rows: Iterable[eventlog.Row], kind: type[CallStarted]) -> CallStarted | None:
    for row in rows:
        if row.get("event") == kind.__name__:
            fields = {name: value for name, value in row.items() if name not in ("at_ms", "event")}
            try:
                return kind(**{name: eventlog.restore(value) for name, value in fields.items()})
            except TypeError as error:
                raise eventlog.Unreadable(f"a {kind.__name__} that cannot be understood: {error}") from error
    return None


def _sound(path: Path) -> Samples:
    sound, rate_hz = decode_wav(path.read_bytes())
    if rate_hz != RATE_HZ:
        raise ValueError(f"{path.name} has {rate_hz} samples a second instead of {RATE_HZ}")
    return np.ascontiguousarray(sound[:, 0])


def _answers(rows: Iterable[eventlog.Row]) -> Iterator[BusinessAnswer]:
    asked: dict[int, eventlog.Row] = {}
    for row in rows:
        if row.get("command") == "Request":
            asked[row["request_id"]] = row
        elif row.get("event") in ("RequestAnswered", "RequestFailed"):
            request = asked.pop(row["request_id"], None)
            if request is not None:
                yield BusinessAnswer(
                    request["operation"], request["arguments"], row.get("result"), row.get("code", "")
                )


def _agents(rows: Iterable[eventlog.Row]) -> dict[int, tuple[tuple[int, LegEvent], ...]]:
    rung_ms: dict[int, int] = {}
    happened: dict[int, list[tuple[int, LegEvent]]] = {}
    for row in rows:
        if row.get("command") == "RingAgent":
            rung_ms[row["attempt"]] = row["at_ms"]
        elif row.get("event") == "AgentLegChanged" and row["attempt"] in rung_ms:
            after_ms = row["at_ms"] - rung_ms[row["attempt"]]
            happened.setdefault(row["attempt"], []).append((after_ms, LegEvent(row["what"])))
    return {attempt: tuple(events) for attempt, events in happened.items()}


def _heard_after(rows: Iterable[eventlog.Row]) -> dict[tuple[int, int], int]:
    asked_ms: dict[tuple[int, int], int] = {}
    after_ms: dict[tuple[int, int], int] = {}
    for row in rows:
        if row.get("command") == "Recognise":
            asked_ms[row["turn"], row["attempt"]] = row["at_ms"]
        elif row.get("event") == "Heard" and (row["turn"], row["attempt"]) in asked_ms:
            key = row["turn"], row["attempt"]
            after_ms[key] = row["at_ms"] - asked_ms[key]
    return after_ms


def _spoken(rows: Iterable[eventlog.Row]) -> dict[str, Spoken]:
    asked: dict[int, eventlog.Row] = {}
    made: dict[int, Spoken] = {}
    spoken: dict[str, Spoken] = {}
    for row in rows:
        if row.get("command") == "Synthesise":
            asked[row["request_id"]] = row
        elif row.get("event") == "SpeechReady" and row["request_id"] in asked:
            number = row["request_id"]
            before = made.get(number, Spoken(0, row["at_ms"] - asked[number]["at_ms"]))
            made[number] = Spoken(before.for_ms + row["for_ms"], before.after_ms)
            if row["is_last"]:
                spoken[asked[number]["text"]] = made[number]
    return spoken


def read_rows(path: Path) -> list[dict[str, Any]]:
    """A file of one JSON object a line. Raises ConfigError that names the line."""
    rows: list[dict[str, Any]] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: not JSON: {error}", code="E-REPLAY-FILE") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{path}:{number}: not an object", code="E-REPLAY-FILE")
        rows.append(row)
    return rows
