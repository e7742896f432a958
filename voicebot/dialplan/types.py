"""What type a dotted name of the script has: `order.amount` is money, `orders` a list of orders.

Types of facts come from the operations that fill them, types of slots from their declaration.
Holes of prompts are spoken by these types, and expressions are held against them at load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voicebot.dialplan.model import FIELD_TYPES, MOODS, FieldType, RecordType, Slot
from voicebot.dialplan.report import suggest

ANY = "any"
NONE = "none"
IDENTITIES = ("unknown", "number_known", "verified")


@dataclass(frozen=True, slots=True)
class Type:
    """What a value can be."""

    name: str
    """one of FIELD_TYPES, the name of a record type, "any" (not known) or "none" """
    is_list: bool = False
    is_optional: bool = False
    choices: tuple[str, ...] = ()
    wording: str = ""
    """for choice: name of the wordings in phrases.<lang>.yaml"""

    @property
    def is_record(self) -> bool:
        return self.name not in FIELD_TYPES and self.name not in (ANY, NONE)

    @property
    def form(self) -> str:
        """How a hole of this type is spoken, or each item of a list; "" leaves it to the value."""
        if self.is_record or self.name in (ANY, NONE):
            return ""
        if self.name == "choice":
            return f"choice:{self.wording}" if self.wording else "text"
        return self.name

    def __str__(self) -> str:
        return f"a list of {self.name}" if self.is_list else self.name


UNKNOWN = Type(ANY)
FLAG = Type("flag")
TEXT = Type("text")
NUMBER = Type("number")

_CALL: Mapping[str, Type] = {
    "id": TEXT,
    "ani": Type("phone"),
    "dnis": Type("phone"),
    "language": TEXT,
    "started_at": Type("datetime"),
    "today": Type("date"),
    "hour": NUMBER,
    "turns": NUMBER,
    "failures": NUMBER,
}
_MOOD = Type("choice", choices=MOODS, wording="recap.mood")
_IDENTITY = Type("choice", choices=IDENTITIES, wording="recap.identity")
_CALLER: Mapping[str, Type] = {"mood": _MOOD, "is_urgent": FLAG, "identity": _IDENTITY}
RECAP: Mapping[str, Type] = {
    "caller": TEXT,
    "identity": _IDENTITY,
    "wants": TEXT,
    "done": TEXT,
    "mood": _MOOD,
    "reason": TEXT,
}
EVERYWHERE: Mapping[str, Mapping[str, Type]] = {"call": _CALL, "caller": _CALLER}
"""Names that every script may read."""

RESERVED = frozenset({"call", "caller", "recap", "option", "value", "first", "second", "flow"})
"""Names that no slot or fact may have: the bot fills them itself."""

PROMPT_NAMES: Mapping[str, Mapping[str, Type]] = {
    "confirm_value": {"value": TEXT},
    "implied_value": {"value": TEXT},
    "which_one": {"first": TEXT, "second": TEXT},
    "multi_intent": {"first": TEXT, "second": TEXT},
    "back_to_question": {"flow": TEXT},
    "next_request": {"flow": TEXT},
    "recap": {},
}
"""Prompt -> names that exist only in it."""


class NameProblem(Exception):
    """A dotted name that means nothing.

    index: which part of the path is wrong, from 0.
    """

    def __init__(self, index: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.index = index
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Scope:
    """Every name that can be read at some place of the script."""

    names: Mapping[str, Type]
    """slots and facts"""
    records: Mapping[str, RecordType]
    extra: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    """further names with their fields, such as `recap.`"""

    def known(self) -> tuple[str, ...]:
        return (*self.names, *EVERYWHERE, *self.extra)

    def with_names(self, names: Mapping[str, Type]) -> Scope:
        return replace(self, names={**self.names, **names})

    def type_of(self, path: tuple[str, ...]) -> Type:
        """Type of a dotted name. Raises NameProblem."""
        head = path[0]
        fixed = EVERYWHERE.get(head) or self.extra.get(head)
        if fixed is not None:
            if len(path) == 1:
                raise NameProblem(
                    0, f"{head} is not a value", suggest("", [f"{head}.{name}" for name in fixed])
                )
            if path[1] not in fixed:
                raise NameProblem(1, f"{head} has no field {path[1]}", suggest(path[1], fixed))
            found, rest, at = fixed[path[1]], path[2:], 2
        else:
            if head not in self.names:
                raise NameProblem(
                    0,
                    f'nothing fills "{head}"',
                    suggest(head, self.known(), otherwise="names come from slots, `into:` and `set:`"),
                )
            found, rest, at = self.names[head], path[1:], 1
        for index, name in enumerate(rest, start=at):
            found = self.field(found, name, ".".join(path[:index]), index)
        return found

    def field(self, owner: Type, name: str, called: str, index: int = 0) -> Type:
        """Type of one field of a value. Raises NameProblem.

        called: what to call the value in the message.
        """
        if owner.name in (ANY, NONE):
            return UNKNOWN
        if owner.is_list:
            raise NameProblem(
                index, f"{called} is a list and has no field {name}", f"did you mean first({called}).{name}?"
            )
        record = self.records.get(owner.name)
        if record is None:
            raise NameProblem(index, f"{called} is {owner.name} and has no fields", f"write {called}")
        declared = record.fields.get(name)
        if declared is None:
            raise NameProblem(index, f"{called} has no field {name}", suggest(name, record.fields))
        found = self.known_type(of_field(declared, record.name))
        return replace(found, is_optional=found.is_optional or owner.is_optional)

    def known_type(self, found: Type) -> Type:
        """The type, or "any" for a record type that is not declared: one mistake is reported once."""
        return UNKNOWN if found.is_record and found.name not in self.records else found


def of_field(declared: FieldType, owner: str) -> Type:
    """Type of a declared field, argument or result.

    owner: record type or operation it belongs to; wordings of a choice are named after it.
    """
    wording = f"{owner}.{declared.name}" if declared.type == "choice" else ""
    return Type(declared.type, declared.is_list, declared.is_optional, declared.choices, wording)


_OF_SLOTS = {
    "digits": "digits",
    "phone": "phone",
    "account": "digits",
    "money": "money",
    "date": "date",
    "number": "number",
    "text": "text",
}


def of_slot(slot: Slot) -> Type:
    """Type of the value a slot holds."""
    if slot.type == "yes_no":
        return Type("choice", choices=("yes", "no"), wording="yes_no")
    if slot.type == "choice":
        return Type("choice", choices=slot.choices, wording=slot.name)
    if slot.type == "record":
        return Type(slot.record) if slot.record else UNKNOWN
    return Type(_OF_SLOTS.get(slot.type, ANY))


def joined(a: Type, b: Type) -> Type:
    """What a name can be that two steps fill."""
    if a.name == NONE:
        return replace(b, is_optional=True)
    if b.name == NONE:
        return replace(a, is_optional=True)
    if a.name != b.name or a.is_list != b.is_list:
        return UNKNOWN
    choices = tuple(dict.fromkeys((*a.choices, *b.choices)))
    wording = a.wording or b.wording
    if a.wording and b.wording and a.wording != b.wording:
        wording = ""
    return Type(a.name, a.is_list, a.is_optional or b.is_optional, choices, wording)
