"""From the rows of a recording to what a reader wants to know. Pure: rows in, facts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]

PARTS = ("waiting", "recognising", "deciding", "first_audio")
PART_NAMES = {
    "waiting": "waiting for the end",
    "recognising": "recognising",
    "deciding": "deciding",
    "first_audio": "first audio",
}
_MONEY = ("amount", "total", "price")
_PROBLEM_KINDS = ("problem", "no_input", "no_match")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript."""

    at_ms: int
    who: str
    """caller · bot · agent · note"""
    text: str
    about: str = ""
    """small print: prompt name, what was keyed, why"""


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the bot, and where its time went."""

    number: int
    at_ms: int
    """last sound of the caller"""
    by: str
    parts_ms: Mapping[str, int]
    """PARTS -> length"""
    total_ms: int
    said: str = ""
    """what the caller said or keyed"""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done in the business systems."""

    at_ms: int
    operation: str
    arguments: Mapping[str, str]
    result: Mapping[str, str]
    refusal: str = ""
    """code, when it was not done"""


@dataclass(frozen=True, slots=True)
class Handoff:
    """A call given to a human."""

    queue: str
    reason: str
    spoken: str
    """the recap as the agent hears it"""
    facts: Mapping[str, str]
    """who, identity, what they want, mood ..."""
    phases: tuple[tuple[int, str], ...]
    """(at_ms, what happened)"""
    is_connected: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All about one call."""

    line: str = ""
    started: str = ""
    length_ms: int = 0
    outcome: str = "unknown"
    lines: tuple[Line, ...] = ()
    turns: tuple[Turn, ...] = ()
    deeds: tuple[Deed, ...] = ()
    handoff: Handoff | None = None
    path: tuple[tuple[int, str], ...] = ()
    """(at_ms, step or slot)"""
    problems: tuple[Line, ...] = ()
    engines: Mapping[str, str] = field(default_factory=dict)


def facts_of(rows: Sequence[Row], *, extra: Iterable[Line] = ()) -> Facts:
    """Read a call's rows, header included. extra: lines known from elsewhere, such as the agents' side."""
    header = rows[0] if rows and "format" in rows[0] else {}
    journal = [
        (int(row["at_ms"]), str(row["journal"]), row.get("data", {})) for row in rows if "journal" in row
    ]
    started = next((row for row in rows if row.get("event") == "CallStarted"), {})
    lines = [*_transcript(journal, _heard_from(rows)), *extra]
    return Facts(
        line=str(header.get("line", "")),
        started=_moment(started.get("started_at")),
        length_ms=max((int(row["at_ms"]) for row in rows if "at_ms" in row), default=0),
        outcome=_outcome(journal),
        lines=_once(sorted(lines, key=lambda line: line.at_ms)),
        turns=tuple(_turns(journal)),
        deeds=tuple(_deeds(rows)),
        handoff=_handoff(rows, journal),
        path=tuple(_path(journal)),
        problems=_once(
            Line(at_ms, "note", kind.replace("_", " "), _told(data))
            for at_ms, kind, data in journal
            if kind in _PROBLEM_KINDS
        ),
        engines=dict(header.get("engines", {})),
    )


Journal = list[tuple[int, str, Mapping[str, Any]]]


def _heard_from(rows: Sequence[Row]) -> dict[int, int]:
    """When the caller began to hear each prompt, by its number: after those before it, when it was made."""
    queued: dict[int, int] = {}
    lengths: dict[int, int] = {}
    made: dict[int, int] = {}
    cleared: list[int] = []
    for row in rows:
        at_ms = int(row.get("at_ms", 0))
        if row.get("journal") == "bot_says" and "prompt_id" in row["data"]:
            queued[int(row["data"]["prompt_id"])] = at_ms
        elif row.get("event") == "SpeechReady":
            number = int(row["request_id"])
            lengths[number] = lengths.get(number, 0) + int(row["for_ms"])
            made.setdefault(number, at_ms)
        elif row.get("command") == "ClearPlayout":
            cleared.append(at_ms)
    heard: dict[int, int] = {}
    free_ms = 0
    for number, at_ms in queued.items():
        free_ms = next((stop for stop in cleared if at_ms <= stop + 1000 and stop < free_ms), free_ms)
        heard[number] = max(at_ms, made.get(number, at_ms), free_ms)
        free_ms = heard[number] + lengths.get(number, 0)
    return heard


def _once(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Without lines that say the same at the same instant."""
    return tuple(dict.fromkeys(lines))


def _transcript(journal: Journal, heard_ms: Mapping[int, int]) -> Iterable[Line]:
    last_sound_ms = {
        data.get("turn"): int(data["last_sound_ms"])
        for _, kind, data in journal
        if kind == "turn" and "last_sound_ms" in data
    }
    for at_ms, kind, data in journal:
        match kind:
            case "bot_says":
                shown_ms = heard_ms.get(int(data.get("prompt_id", -1)), at_ms)
                yield Line(shown_ms, "bot", str(data.get("text", "")), str(data.get("prompt", "")))
            case "caller_says" if data.get("taken") != "no" or data.get("text"):
                keys = data.get("keys")
                about = "keys" if keys else _manner(data)
                began_ms = last_sound_ms.get(data.get("turn"), at_ms) - int(data.get("speech_ms", 0))
                yield Line(
                    max(0, min(at_ms, began_ms)),
                    "caller",
                    f"⌨ {keys}" if keys else str(data.get("text", "")),
                    about,
                )
            case "barge_in":
                share = round(100 * float(data.get("heard_share", 0)))
                yield Line(at_ms, "note", "interrupts the bot", f"{share} % of the prompt heard")
            case "no_input":
                yield Line(at_ms, "note", "silence")
            case "transfer":
                yield Line(at_ms, "note", f"transfer: {data.get('phase', '')}", str(data.get("why", "")))


def _manner(data: Mapping[str, Any]) -> str:
    parts = []
    if data.get("taken") == "no":
        parts.append("not taken")
    if data.get("interrupted"):
        parts.append("over the prompt")
    if "confidence" in data:
        parts.append(f"confidence {float(data['confidence']):.2f}")
    return " · ".join(parts)


def _turns(journal: Journal) -> Iterable[Turn]:
    said = {
        data.get("turn"): str(data.get("text") or data.get("keys") or "")
        for _, kind, data in journal
        if kind == "caller_says"
    }
    for at_ms, kind, data in journal:
        if kind != "turn":
            continue
        yield Turn(
            int(data.get("turn", 0)),
            int(data.get("last_sound_ms", at_ms)),
            str(data.get("by", "")),
            {part: max(0, int(data.get(f"{part}_ms", 0))) for part in PARTS},
            int(data.get("total_ms", 0)),
            said.get(data.get("turn"), ""),
        )


def _deeds(rows: Sequence[Row]) -> Iterable[Deed]:
    answers = {
        row["request_id"]: row for row in rows if row.get("event") in ("RequestAnswered", "RequestFailed")
    }
    for row in rows:
        if row.get("command") != "Request" or row.get("idempotency_key") is None:
            continue
        answer = answers.get(row["request_id"], {})
        yield Deed(
            int(row["at_ms"]),
            str(row["operation"]),
            _shown(row.get("arguments", {})),
            _shown(answer.get("result") or {}),
            str(answer.get("code", "")) or ("" if answer else "no answer"),
        )


def _handoff(rows: Sequence[Row], journal: Journal) -> Handoff | None:
    ring = next((row for row in rows if row.get("command") == "RingAgent"), None)
    if ring is None:
        return None
    recap = ring.get("recap", {})
    phases = [
        (
            at_ms,
            f"{data.get('phase', '')} ({data.get('why', '')})" if data.get("why") else str(data.get("phase")),
        )
        for at_ms, kind, data in journal
        if kind == "transfer"
    ]
    shown = {
        "caller": recap.get("caller", ""),
        "identity": str(recap.get("identity", "")).replace("_", " "),
        "wants": recap.get("wants", ""),
        "done": "; ".join(recap.get("done", ())),
        "mood": recap.get("mood", ""),
        **_shown(recap.get("facts", {})),
    }
    return Handoff(
        queue=str(ring.get("queue", "")),
        reason=str(recap.get("reason", "")),
        spoken=str(recap.get("spoken", "")),
        facts={name: str(value) for name, value in shown.items() if value},
        phases=tuple(phases),
        is_connected=any(
            kind == "transfer" and data.get("phase") == "connected" for _, kind, data in journal
        ),
    )


def _path(journal: Journal) -> Iterable[tuple[int, str]]:
    for at_ms, kind, data in journal:
        if kind == "step":
            yield at_ms, f"{data.get('flow')}.{data.get('step')}"
        elif kind == "slot":
            yield at_ms, f"{data.get('slot')} = {_value(str(data.get('slot')), data.get('value'))}"
        elif kind == "intent":
            yield at_ms, f"intent {data.get('intent')}"


def _outcome(journal: Journal) -> str:
    ends = [data for _, kind, data in journal if kind == "outcome"]
    spoken = next((str(data["outcome"]) for data in reversed(ends) if data.get("outcome")), "")
    ended = next((str(data["ended"]) for data in reversed(ends) if data.get("ended")), "")
    return (spoken or ended or "unknown").replace("_", " ")


def _shown(values: Any) -> dict[str, str]:
    if not isinstance(values, Mapping):
        return {"result": str(values)} if values else {}
    return {str(name): _value(str(name), value) for name, value in values.items() if value not in (None, "")}


def _value(name: str, value: Any) -> str:
    """A value for people. Money is kept in cents and known by its name."""
    if isinstance(value, Mapping):
        if set(value) in ({"$date"}, {"$datetime"}):
            return _moment(value)
        return ", ".join(f"{key} {_value(str(key), inner)}" for key, inner in value.items() if inner)
    if isinstance(value, list):
        return (
            f"{len(value)} records" if value and isinstance(value[0], Mapping) else ", ".join(map(str, value))
        )
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith(_MONEY):
        return f"¥{value / 100:,.2f}"
    return str(value)


def _moment(value: Any) -> str:
    if isinstance(value, Mapping):
        value = next(iter(value.values()), "")
    return str(value or "").replace("T", " ")[:16]


def _told(data: Mapping[str, Any]) -> str:
    return " · ".join(f"{name} {value}" for name, value in data.items())
