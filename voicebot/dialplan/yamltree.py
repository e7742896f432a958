"""YAML text to a tree that remembers where everything stands.

Theory of operation. PyYAML's events are taken one by one instead of its objects, because a
script writer needs line and column of every word, because `yes`, `no`, `on` and `off` are
ordinary answers of callers and must stay text, and because a file must never cost more than
its size: depth and total size (aliases counted as often as they are used) are bounded before
anything is built. Only plain text, lists and mappings exist; tags are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from voicebot.dialplan.model import Place
from voicebot.dialplan.report import ERROR, Problem

MAX_DEPTH = 40
MAX_NODES = 100_000
MAX_CHARACTERS = 1_000_000

_INTEGER = re.compile(r"(-?(0|[1-9][0-9]{0,17})|\+[1-9][0-9]{0,2})\Z")
"""more figures after a + are a phone number"""
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}\Z")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})

YamlEvent = Any
"""PyYAML's stubs know less about events than PyYAML does."""
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or text."""

    place: Place
    text: str
    is_plain: bool = True
    """written without quotes"""
    size: int = 1

    @property
    def value(self) -> str | int | float | bool | None:
        """What it stands for: only true, false, null and numbers without quotes are not text."""
        if not self.is_plain:
            return self.text
        if self.text in _NULLS:
            return None
        if self.text in _TRUE or self.text in _FALSE:
            return self.text in _TRUE
        if _INTEGER.match(self.text):
            return int(self.text)
        if _DECIMAL.match(self.text):
            return float(self.text)
        return self.text

    @property
    def is_empty(self) -> bool:
        return self.is_plain and self.text in _NULLS

    def inside(self, offset: int) -> Place:
        """Place of a character of `text`; right for text that stands on one line."""
        quote = 0 if self.is_plain else 1
        return Place(self.place.file, self.place.line, self.place.column + quote + offset)


@dataclass(frozen=True, slots=True)
class List:
    place: Place
    items: tuple[Node, ...]
    is_flow: bool = False
    """written with [ ]"""
    size: int = 1


@dataclass(frozen=True, slots=True)
class Map:
    place: Place
    entries: tuple[tuple[Scalar, Node], ...]
    size: int = 1

    def get(self, key: str) -> Node | None:
        return next((node for name, node in self.entries if name.text == key), None)


Node = Scalar | List | Map


class _TooMuch(Exception):
    def __init__(self, place: Place, what: str) -> None:
        self.place = place
        self.what = what


def read(text: str, file: str, *, has_types: bool = False) -> tuple[Node | None, list[Problem]]:
    """Read one file. The tree is None when the file is empty, or so broken that nothing can be said.

    text: the whole file. file: its name for messages.
    has_types: types such as `choice[a|b]`, `order[]` and `date?` stand in it without quotes.
    Never raises.
    """
    if len(text) > MAX_CHARACTERS:
        return None, [_problem(Place(file, 1, 1), "the file is too large", _SPLIT, "too-large")]
    reader = _TreeReader(file)
    try:
        return reader.read(_hide_brackets(text) if has_types else text), reader.problems
    except _TooMuch as error:
        return None, [*reader.problems, _problem(error.place, error.what, _SPLIT, "too-large")]
    except yaml.MarkedYAMLError as error:
        return None, [*reader.problems, _syntax(error, text, file)]
    except (yaml.YAMLError, UnicodeError) as error:
        return None, [*reader.problems, _unreadable(error, text, file)]


class _TreeReader:
    """Builds the tree of one file from its events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node] = {}
        self.size = 0

    def read(self, text: str) -> Node | None:
        events: Iterator[YamlEvent] = yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER)
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._add(event, "a second document begins here", "remove the line ---", "yaml-syntax")
                break
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 0)
        return root

    def _node(self, event: YamlEvent, events: Iterator[YamlEvent], depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _TooMuch(self._place(event), f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            node = self.anchors.get(str(event.anchor))
            if node is None:
                self._add(
                    event,
                    f'"*{event.anchor}" refers to nothing before it',
                    "text that begins with * must stand in quotes",
                    "yaml-syntax",
                )
                return Scalar(self._place(event), "")
            self._count(event, node.size)
            return node
        if event.tag is not None and event.tag != "!":
            self._add(event, f"the tag {event.tag} is not allowed", "write plain text", "yaml-tag")
        place = self._place(event)
        self._count(event, 1)
        before = self.size
        node = self._content(event, events, place, depth, before)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _content(
        self, event: YamlEvent, events: Iterator[YamlEvent], place: Place, depth: int, before: int
    ) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(place, event.value.translate(_SHOW), is_plain=event.style in (None, ""))
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return List(place, tuple(items), bool(event.flow_style), self.size - before + 1)
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Place] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self._add(
                    inner,
                    "a key must be a word, not a list or mapping",
                    "text that begins with { or [ must stand in quotes",
                    "yaml-key",
                )
            elif key.is_plain and key.text == "<<":
                self._add(inner, "merge keys (<<) are not supported", "write the entries out", "yaml-key")
            elif key.text in seen:
                self._add(
                    inner,
                    f'"{key.text}" stands here twice',
                    f"first at line {seen[key.text].line}; keep one of them",
                    "duplicate-key",
                )
            else:
                seen[key.text] = key.place
                entries.append((key, value))
        return Map(place, tuple(entries), self.size - before + 1)

    def _count(self, event: YamlEvent, more: int) -> None:
        self.size += more
        if self.size > MAX_NODES:
            raise _TooMuch(self._place(event), f"more than {MAX_NODES} entries, aliases counted")

    def _place(self, event: YamlEvent) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _add(self, event: YamlEvent, message: str, remedy: str, rule: str) -> None:
        self.problems.append(_problem(self._place(event), message, remedy, rule))


_TYPE = re.compile(r"(?<=\w)(?:\[[\w|.-]*\]\??|\?)")
_HIDE = str.maketrans("[]|?", "\ue000\ue001\ue002\ue003")
_SHOW = str.maketrans("\ue000\ue001\ue002\ue003", "[]|?")


def _hide_brackets(text: str) -> str:
    """Inside { } YAML reads the bracket of `choice[a|b]` as a list. Stand-ins of one character each
    keep every column; scalars get the brackets back."""
    return _TYPE.sub(lambda found: found[0].translate(_HIDE), text)


_SPLIT = "split it into smaller pieces; a dialplan needs nothing this large"

_REMEDIES = (
    ("\\t", "replace the tab by spaces"),
    ("tab", "replace the tab by spaces"),
    ("mapping values are not allowed", 'text with ": " in it must stand in quotes'),
    ("cannot start any token", "text that begins with @ ` % or a tab must stand in quotes"),
    ("expected ',' or ']'", "close the list with ], and put text with commas or brackets in quotes"),
    ("expected ',' or '}'", "close the mapping with }, and put text with { in it in quotes"),
    ("unexpected end of stream", "a quote that was opened here is never closed"),
    ("could not find expected ':'", "write a colon and a space after the key"),
    ("expected <block end>", "look at the indentation of this line and at the quotes before it"),
    (
        "did not find expected",
        "look at the indentation of this line, and put text that begins with { in quotes",
    ),
)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    what = error.problem or "not valid YAML"
    lines = text.splitlines()
    if line < len(lines) and lines[line][: column + 1].strip(" ").startswith("\t"):
        what = "a tab is used for indentation"
    remedy = next((advice for sign, advice in _REMEDIES if sign in what), "")
    if "end of stream" in what and error.context_mark is not None:
        line, column = error.context_mark.line, error.context_mark.column
    return _problem(
        Place(file, line + 1, column + 1), f"cannot be read as YAML: {what}", remedy, "yaml-syntax"
    )


def _unreadable(error: Exception, text: str, file: str) -> Problem:
    position = getattr(error, "position", None)
    if not isinstance(position, int) or position > len(text):
        odd = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
        position = odd.start() if odd else 0
    before = text[:position]
    place = Place(file, before.count("\n") + 1, position - before.rfind("\n"))
    return _problem(
        place,
        "a character here is not allowed in YAML",
        "delete the invisible character and save the file as UTF-8",
        "yaml-syntax",
    )


def _problem(place: Place, message: str, remedy: str, rule: str) -> Problem:
    return Problem(place, ERROR, message, remedy, rule)
