"""Read a data file of the shop: what it may hold, and where it is wrong, all at once.

One table of shapes says which keys stand where and what they hold; everything else follows from
it. Values come out as the tables want them: cents, dates of today's calendar, E.164 numbers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from voicebot.backoffice.dates import resolve
from voicebot.errors import ConfigError
from voicebot.phones import to_e164

ORDER_STATES = "paid|packed|shipped|delivered|refunding|refunded|cancelled"
SHIPMENT_STATES = "waiting|in_transit|out_for_delivery|delivered|stuck|lost|returned"
REFUND_STATES = "processing|sent|arrived|failed"

Shape = Mapping[str, tuple[str, bool]]
"""key -> (kind, required). A kind is `text:LONGEST`, `digits:SHORTEST-LONGEST`, `choice:A|B`, `money`,
`flag`, `count`, `moment`, `day`, `phones`, the name of a shape, or `list:` and the name of a shape"""

SHAPES: dict[str, Shape] = {
    "file": {"customers": ("list:customer", True)},
    "customer": {
        "id": ("text:60", True),
        "title": ("text:80", True),
        "account": ("digits:4-20", True),
        "phones": ("phones", True),
        "language": ("choice:zh|en", False),
        "accepts_messages": ("flag", False),
        "orders": ("list:order", False),
    },
    "order": {
        "id": ("text:60", True),
        "number": ("digits:4-32", True),
        "merchant": ("text:80", True),
        "amount": ("money", True),
        "placed_at": ("moment", True),
        "status": (f"choice:{ORDER_STATES}", True),
        "ships_on": ("day", False),
        "arrives_on": ("day", False),
        "items": ("list:item", True),
        "paid_by": ("choice:card|balance", False),
        "shipment": ("shipment", False),
        "refund": ("refund", False),
    },
    "item": {
        "title": ("text:120", True),
        "item": ("text:60", True),
        "color": ("text:30", False),
        "size": ("text:20", False),
        "quantity": ("count", False),
        "returnable": ("flag", False),
    },
    "shipment": {
        "carrier": ("text:60", True),
        "status": (f"choice:{SHIPMENT_STATES}", True),
        "reason": ("text:120", False),
        "expected_on": ("day", False),
        "events": ("list:event", False),
    },
    "event": {"at": ("moment", True), "place": ("text:80", True), "text": ("text:120", True)},
    "refund": {
        "method": ("choice:original|balance", True),
        "status": (f"choice:{REFUND_STATES}", True),
        "requested_at": ("moment", True),
        "expected_on": ("day", False),
    },
}

UNIQUE = {"customer": ("id", "account"), "order": ("id", "number")}
"""shape -> keys whose value stands only once in a file, and belongs to one row in the store"""

DEAREST = 20_000_000_00
"""cents; what an integer column holds everywhere"""
MOST_PIECES = 1_000_000
NULL = "tag:yaml.org,2002:null"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
MOMENT = "Such as today-1d 14:05, last wednesday 10:00 or 2026-11-11 20:00."


@dataclass(slots=True)
class Content:
    """What a file says, and where it says what must be unique."""

    file: str
    customers: list[dict[str, Any]]
    places: dict[tuple[str, str], yaml.Node] = field(repr=False)
    """("customer account", value), ("phone", number) ... -> where it stands"""


@dataclass(slots=True)
class Problems:
    """What is wrong with a file, in the order it was found."""

    file: str
    told: list[str] = field(default_factory=list)

    def add(self, node: yaml.Node, message: str, remedy: str = "") -> None:
        place = f"{self.file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        self.told.append(f"{place}: error: {message}" + (f"\n    {remedy}" if remedy else ""))

    def stop_if_any(self) -> None:
        """Raises ConfigError that tells them all."""
        if self.told:
            count = len(self.told)
            text = "\n".join(self.told)
            mistakes = "mistake" if count == 1 else "mistakes"
            raise ConfigError(f"{text}\n{count} {mistakes}; nothing was loaded.", code="E-DATA")


@dataclass(slots=True)
class _Reading:
    now: datetime
    problems: Problems
    seen: dict[tuple[str, str], yaml.Node] = field(default_factory=dict)

    def wrong(self, node: yaml.Node, message: str, remedy: str = "") -> None:
        self.problems.add(node, message, remedy)


def read(text: str, *, file: str, now: datetime) -> Content:
    """Parse and check a file. now: the day that "today" means. Raises ConfigError."""
    root = _compose(text, file)
    reading = _Reading(now, Problems(file))
    content = _mapping(reading, root, "file")
    reading.problems.stop_if_any()
    return Content(file, content["customers"], reading.seen)


def _compose(text: str, file: str) -> yaml.Node:
    remedy = ""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else f"{file}:1:1"
        what = getattr(error, "problem", None) or "a character that no YAML file may hold"
        problem = f"{place}: error: this is not YAML: {what}"
    except RecursionError:
        problem = f"{file}:1:1: error: this is nested too deeply"
    else:
        if root is not None:
            return root
        problem, remedy = f"{file}:1:1: error: the file is empty", "It needs `customers:`."
    raise ConfigError(problem, code="E-DATA", remedy=remedy)


def _mapping(reading: _Reading, node: yaml.Node, name: str) -> dict[str, Any]:
    shape = SHAPES[name]
    if not isinstance(node, yaml.MappingNode):
        reading.wrong(node, f"{name} must be a mapping", f"Keys: {', '.join(shape)}.")
        return {}
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        if key in result:
            reading.wrong(key_node, f"{key!r} stands here twice", "Keep one of them.")
        elif key not in shape:
            near = difflib.get_close_matches(key, shape, 1)
            remedy = f'Did you mean "{near[0]}"?' if near else f"Known keys: {', '.join(shape)}."
            reading.wrong(key_node, f"{name} has no key {key!r}", remedy)
        else:
            kind, is_required = shape[key]
            result[key] = _value(reading, value_node, kind, key, is_required)
            if key in UNIQUE.get(name, ()):
                _only_once(reading, value_node, f"{name} {key}", result[key])
    for key, (_, is_required) in shape.items():
        if is_required and key not in result:
            reading.wrong(node, f"{name} needs {key!r}", "Add it.")
    return {key: value for key, value in result.items() if value is not None}


def _only_once(reading: _Reading, node: yaml.Node, what: str, value: str | None) -> None:
    if value is None:
        return
    mark = reading.seen.setdefault((what, value), node).start_mark
    if mark != node.start_mark:
        reading.wrong(
            node,
            f"the same {what} stands at line {mark.line + 1}, column {mark.column + 1}",
            "Each must be different.",
        )


def _value(reading: _Reading, node: yaml.Node, kind: str, key: str, is_required: bool) -> Any:
    if node.tag == NULL:
        if is_required:
            reading.wrong(node, f"{key!r} is empty", "Write its value.")
        return None
    if kind in SHAPES:
        return _mapping(reading, node, kind)
    if kind.startswith("list:"):
        if not isinstance(node, yaml.SequenceNode):
            reading.wrong(node, f"{key!r} must be a list", 'Start each entry with "- ".')
            return []
        return [_mapping(reading, entry, kind[5:]) for entry in node.value]
    if kind == "phones":
        return _phones(reading, node)
    if not isinstance(node, yaml.ScalarNode):
        reading.wrong(node, f"{key!r} must be one value")
        return None
    parse, remedy = _parser(kind, reading.now)
    value = parse(node.value)
    if value is None:
        # What was written may be somebody's number: the place is enough.
        reading.wrong(node, f"the value of {key!r} does not fit", remedy)
    return value


def _phones(reading: _Reading, node: yaml.Node) -> list[str]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        reading.wrong(node, "'phones' must be a list of numbers", 'Write ["+8613800000000"].')
        return []
    numbers = []
    for entry in node.value:
        number = to_e164(entry.value) if isinstance(entry, yaml.ScalarNode) else None
        if number is None:
            remedy = 'Write it in full and in quotes: "+86138...".'
            reading.wrong(entry, "this is no telephone number", remedy)
            continue
        _only_once(reading, entry, "phone", number)
        numbers.append(number)
    return numbers


def _parser(kind: str, now: datetime) -> tuple[Callable[[str], Any], str]:
    """How to read a value, None meaning that it is none; and what to write instead."""
    name, _, bounds = kind.partition(":")
    if name == "choice":
        choices = bounds.split("|")
        return (lambda text: text if text in choices else None), f"One of: {', '.join(choices)}."
    if name == "text":
        longest = int(bounds)
        return (lambda text: _line(text, longest)), f"One line of 1 to {longest} characters."
    if name == "digits":
        shortest, _, most = bounds.partition("-")
        pattern = re.compile(f"[0-9]{{{shortest},{most}}}")
        remedy = f"{shortest} to {most} digits, in quotes."
        return (lambda text: text if pattern.fullmatch(text) else None), remedy
    return {
        "money": (_cents, f"Yuan with at most two decimals, such as 299 or 299.50; up to {DEAREST // 100}."),
        "flag": (lambda text: {"true": True, "false": False}.get(text.lower()), "true or false."),
        "count": (_count, f"A whole number from 1 to {MOST_PIECES}."),
        "moment": (lambda text: resolve(text, now), MOMENT),
        "day": (lambda text: found.date() if (found := resolve(text, now)) else None, MOMENT),
    }[name]


def _line(text: str, longest: int) -> str | None:
    text = text.strip()
    return text if 1 <= len(text) <= longest and not CONTROL.search(text) else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,7}", text) and 1 <= int(text) <= MOST_PIECES else None


def _cents(text: str) -> int | None:
    found = re.fullmatch(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?", text)
    if found is None:
        return None
    cents = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    return cents if cents <= DEAREST else None
