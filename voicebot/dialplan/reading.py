"""Taking typed things out of a YAML tree, noting every mistake and going on.

A reader never stops at a mistake: it notes the problem, returns something harmless, and the
next line is read, so that a script writer gets all problems at once. It also remembers each
name that is used and where (`Reference`), so that one rule per kind of name can tell later
which of them do not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from voicebot.dialplan import expression
from voicebot.dialplan.model import Expression, Place
from voicebot.dialplan.report import ERROR, WARNING, Problem, suggest
from voicebot.dialplan.yamltree import List, Map, Node, Scalar

Owner = tuple[str, ...]
"""("flow", "refund"), ("prompt", "zh", "ask_order") ...: the entry that a line may override."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a name."""

    kind: str
    """prompt · slot · flow · operation · queue · intent · step · fact · type · choice · language"""
    name: str
    place: Place
    owner: Owner
    by: str
    """who uses it, for the message: `step "refund.3"` """


@dataclass(slots=True)
class Notes:
    """What was found while reading: problems, names used, and where things stand."""

    problems: list[Problem] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    spots: dict[Owner, Place] = field(default_factory=dict)
    """entry, or entry + key -> place"""

    def error(self, place: Place, message: str, remedy: str, rule: str) -> None:
        self.problems.append(Problem(place, ERROR, message, remedy, rule))

    def warning(self, place: Place, message: str, remedy: str, rule: str) -> None:
        self.problems.append(Problem(place, WARNING, message, remedy, rule))


@dataclass(slots=True)
class Reader:
    """Reads the parts of one entry."""

    notes: Notes
    owner: Owner
    by: str

    def error(self, node: Node | Place, message: str, remedy: str = "", rule: str = "wrong-value") -> None:
        self.notes.error(node if isinstance(node, Place) else node.place, message, remedy, rule)

    def within(self, *owner: str, by: str) -> Reader:
        """A reader for another entry of the same file."""
        return Reader(self.notes, owner, by)

    # --- mappings ------------------------------------------------------------------

    def mapping(self, node: Node | None, what: str) -> Map | None:
        if isinstance(node, Map):
            return node
        if node is not None and not (isinstance(node, Scalar) and node.is_empty):
            self.error(node, f"{what} must be a mapping, not {_kind(node)}", *_mapping_remedy(node))
        return None

    def entries(self, node: Node | None, what: str) -> Sequence[tuple[Scalar, Node]]:
        found = self.mapping(node, what)
        return found.entries if found is not None else ()

    def keys(self, node: Map, known: Iterable[str], what: str) -> None:
        """Refuse keys that mean nothing here; remember where the others stand."""
        names = tuple(known)
        for key, value in node.entries:
            if key.text not in names:
                self.error(
                    key,
                    f'{what} has no key "{key.text}"',
                    suggest(key.text, names, otherwise="known: " + ", ".join(names)),
                    "unknown-key",
                )
            self.notes.spots[(*self.owner, key.text)] = value.place

    # --- single values --------------------------------------------------------------

    def text(self, node: Node | None, what: str, default: str = "") -> str:
        """Any text; numbers are taken as they are written."""
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return default
        if not isinstance(node, Scalar):
            hint = _brace_remedy(node)
            self.error(node, f"{what} must be text, not {_kind(node)}", hint)
            return default
        return node.text

    def name(self, node: Node | None, what: str, kind: str = "") -> str:
        """A name; remembered as a reference when `kind` says of what."""
        text = self.text(node, what)
        if text and kind and node is not None:
            self.refer(kind, text, node.place)
        return text

    def refer(self, kind: str, name: str, place: Place, by: str = "") -> None:
        self.notes.references.append(Reference(kind, name, place, self.owner, by or self.by))

    def flag(self, node: Node | None, what: str, default: bool = False) -> bool:
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        self.error(
            node, f"{what} must be true or false", "write true or false; yes, no, on, off are plain text"
        )
        return default

    def number(self, node: Node | None, what: str, default: float, low: float, high: float) -> float:
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.error(node, f"{what} must be a number", f"write a number from {low:g} to {high:g}")
            return default
        if not low <= value <= high:
            self.error(node, f"{what} is {value:g}; it must be from {low:g} to {high:g}", "", "out-of-range")
            return default
        return value

    def integer(self, node: Node | None, what: str, default: int, low: int, high: int) -> int:
        value = self.number(node, what, default, low, high)
        if value != int(value) and node is not None:
            self.error(node, f"{what} must be a whole number", f"write a whole number from {low} to {high}")
            return default
        return int(value)

    def one_of(self, node: Node | None, what: str, known: Sequence[str], default: str) -> str:
        text = self.text(node, what, default)
        if text not in known and node is not None:
            self.error(
                node,
                f'{what} cannot be "{text}"',
                suggest(text, known, otherwise="known: " + ", ".join(known)),
                "unknown-value",
            )
            return default
        return text

    # --- lists ----------------------------------------------------------------------

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """One text or a list of them."""
        return tuple(scalar.text for scalar in self.scalars(node, what))

    def names(self, node: Node | None, what: str, kind: str = "") -> tuple[str, ...]:
        """One name or a list of them, each remembered as a reference."""
        found = self.scalars(node, what)
        for scalar in found:
            if kind:
                self.refer(kind, scalar.text, scalar.place)
        return tuple(scalar.text for scalar in found)

    def scalars(self, node: Node | None, what: str) -> list[Scalar]:
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return []
        items = node.items if isinstance(node, List) else (node,)
        found: list[Scalar] = []
        for item in items:
            if isinstance(item, Scalar) and not item.is_empty:
                found.append(item)
            else:
                self.error(item, f"{what}: this must be text, not {_kind(item)}", _brace_remedy(item))
        return found

    # --- expressions ----------------------------------------------------------------

    def expression(self, node: Node | None, what: str) -> Expression | None:
        """A condition or value, written with or without the leading "="."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.error(node, f"{what} must be an expression, not {_kind(node)}", "write it on one line")
            return None
        skip = len(node.text) - len(node.text.lstrip(" ="))
        try:
            return expression.parse(node.text[skip:], node.inside(skip))
        except expression.ExpressionError as error:
            self.error(error.place, error.message, error.remedy, "bad-expression")
            return None

    def value(self, node: Node, what: str) -> Expression | None:
        """ "=..." is an expression, anything else stands for itself."""
        if isinstance(node, Scalar) and node.text.startswith("="):
            return self.expression(node, what)
        literal = _literal(node)
        if literal is None:
            self.error(
                node, f"{what} must be a word, a number or a list, not {_kind(node)}", _brace_remedy(node)
            )
            return None
        return expression.parse(literal, node.place)


def _literal(node: Node) -> str | None:
    """A plain value, written as an expression."""
    if isinstance(node, Scalar):
        value = node.value
        if value is None or isinstance(value, bool):
            return str(value).lower()
        return repr(value)
    if isinstance(node, List):
        items = [_literal(item) for item in node.items]
        return None if None in items else "[" + ", ".join(filter(None, items)) + "]"
    return None


def _kind(node: Node) -> str:
    if isinstance(node, Map):
        return "a mapping"
    if isinstance(node, List):
        return "a list"
    return "nothing" if node.is_empty else f'"{node.text}"' if len(node.text) <= 30 else "text"


def _brace_remedy(node: Node) -> str:
    if isinstance(node, Map) and any(isinstance(v, Scalar) and v.is_empty for _, v in node.entries):
        return 'text that begins with { must stand in quotes: "{order.amount} ..."'
    if isinstance(node, Map):
        return 'text with ": " in it must stand in quotes'
    return ""


def _mapping_remedy(node: Node) -> tuple[str]:
    if isinstance(node, Scalar) and "：" in node.text:
        return ("write the colon of the Latin keyboard and a space: key: value",)
    return ("write one `name: ...` a line",)


def check_name(reader: Reader, key: Scalar, what: str, reserved: Iterable[str] = ()) -> None:
    """Refuse names that cannot be used elsewhere."""
    if key.text in reserved:
        reader.error(
            key, f'{what} cannot be called "{key.text}"', "the bot fills this name itself", "reserved-name"
        )
    elif not key.text or any(char.isspace() for char in key.text):
        reader.error(key, f"the name of {what} must be one word", "write_it_with_underscores", "bad-name")
