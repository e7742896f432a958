"""What counts when a call is compared with how it went before.

Not times, not scores, not which words the recogniser chose: those may change without anybody being
served worse. What counts is the path through the script, what was understood, what was said, what was
done in the business systems, and how it ended. Each is a list of its own, compared in order, so that one
step too many does not make everything after it look different.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from voicebot.eventlog import Row, plain
from voicebot.events import Command, Event, Journal, Request

FORMAT, VERSION = "voicebot-expected", 1

KINDS = {
    "steps": "path through the script",
    "slots": "what was understood",
    "says": "what the bot said",
    "does": "what was done in the business systems",
    "transfer": "handing over to an agent",
    "outcome": "how it ended",
}
_JOURNALS = {
    "step": ("steps", ("flow", "step")),
    "slot": ("slots", ("slot", "value")),
    "bot_says": ("says", ("prompt", "text")),
    "transfer": ("transfer", ()),
    "outcome": ("outcome", ("outcome", "flow", "ended")),
}
_UNSTEADY = ("at_ms", "for_ms", "waited_ms", "took_ms", "total_ms", "id", "handoff", "transfer_id")
"""fields that differ from run to run by their nature"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call, reduced to what counts: kind -> items in order."""

    items: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """As lines of expected.jsonl, header first."""
        header: Row = {"format": FORMAT, "version": VERSION}
        return [header, *({"kind": kind, **item} for kind in KINDS for item in self.items.get(kind, ()))]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that went otherwise."""

    kind: str
    place: int
    """number of the item in its list, from 1"""
    expected: Row | None
    """None: it should not have happened"""
    happened: Row | None
    """None: it did not happen"""

    def __str__(self) -> str:
        lines = [f"{self.kind} {self.place} ({KINDS[self.kind]})"]
        lines.append(f"    expected  {_shown(self.expected)}")
        lines.append(f"    happened  {_shown(self.happened)}")
        return "\n".join(lines)


def outcome_of(log: Iterable[tuple[int, Event | Command]]) -> Outcome:
    """The outcome of a call, from everything that happened in it."""
    items: dict[str, list[Row]] = {}
    for _, item in log:
        if isinstance(item, Request) and item.idempotency_key is not None:
            done = {"operation": item.operation, "arguments": plain(item.arguments)}
            items.setdefault("does", []).append(done)
        elif isinstance(item, Journal) and item.kind in _JOURNALS:
            kind, kept = _kept(item.kind, plain(item.data))
            items.setdefault(kind, []).append(kept)
    return Outcome({kind: tuple(rows) for kind, rows in items.items()})


def outcome_of_rows(rows: Iterable[Row]) -> Outcome:
    """The outcome of the call as it really went, from the rows of its recording."""
    items: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("command") == Request.__name__ and row.get("idempotency_key") is not None:
            done = {"operation": row["operation"], "arguments": row["arguments"]}
            items.setdefault("does", []).append(done)
        elif row.get("journal") in _JOURNALS:
            kind, kept = _kept(row["journal"], row["data"])
            items.setdefault(kind, []).append(kept)
    return Outcome({kind: tuple(found) for kind, found in items.items()})


def outcome_from(rows: Sequence[Row]) -> Outcome:
    """The outcome written in expected.jsonl. Raises ValueError for another format."""
    if not rows or rows[0].get("format") != FORMAT or rows[0].get("version") != VERSION:
        raise ValueError(f"the first line must be the header of {FORMAT}, version {VERSION}")
    items: dict[str, list[Row]] = {}
    for number, row in enumerate(rows[1:], start=2):
        kind = row.get("kind")
        if kind not in KINDS:
            raise ValueError(f"line {number}: an item of kind {kind!r}; known: {', '.join(KINDS)}")
        items.setdefault(kind, []).append({name: value for name, value in row.items() if name != "kind"})
    return Outcome({kind: tuple(found) for kind, found in items.items()})


def differences(expected: Outcome, happened: Outcome) -> tuple[Difference, ...]:
    """All that is different, kind by kind, each list aligned first."""
    found: list[Difference] = []
    for kind in KINDS:
        before, now = expected.items.get(kind, ()), happened.items.get(kind, ())
        matcher = difflib.SequenceMatcher(None, [_key(i) for i in before], [_key(i) for i in now], False)
        for tag, start, end, now_start, now_end in matcher.get_opcodes():
            if tag == "equal":
                continue
            for offset in range(max(end - start, now_end - now_start)):
                found.append(
                    Difference(
                        kind,
                        start + offset + 1,
                        before[start + offset] if start + offset < end else None,
                        now[now_start + offset] if now_start + offset < now_end else None,
                    )
                )
    return tuple(found)


def _kept(journal: str, data: Row) -> tuple[str, Row]:
    """Kind of item, and what of a journal line counts."""
    kind, names = _JOURNALS[journal]
    if names:
        return kind, {name: data[name] for name in names if name in data}
    return kind, {name: value for name, value in data.items() if name not in _UNSTEADY}


def _key(item: Row) -> str:
    return json.dumps(item, ensure_ascii=False, sort_keys=True)


def _shown(item: Row | None) -> str:
    if item is None:
        return "nothing"
    return " · ".join(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in item.values()
    )


def as_json(difference: Difference) -> dict[str, Any]:
    """For programs."""
    return {
        "kind": difference.kind,
        "place": difference.place,
        "expected": difference.expected,
        "happened": difference.happened,
    }
