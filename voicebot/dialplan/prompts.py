"""A wording as people write it, cut into text and holes: 「您{order.placed_at}买的{order.title}」."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.dialplan.model import FIELD_TYPES, Hole
from voicebot.dialplan.report import suggest
from voicebot.dialplan.types import ANY, NONE, Type

_HOLE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\|(.*))?\Z", re.ASCII)

FORMS: Mapping[str, frozenset[str]] = {
    "date": frozenset({"date", "datetime"}),
    "time": frozenset({"time", "datetime"}),
    "datetime": frozenset({"datetime"}),
    "money": frozenset({"money", "number"}),
    "percent": frozenset({"percent", "number"}),
    "number": frozenset({"number", "digits"}),
    "digits": frozenset({"digits", "phone", "text", "number"}),
    "phone": frozenset({"phone", "digits", "text"}),
    "flag": frozenset({"flag"}),
    "choice": frozenset({"choice"}),
    "text": frozenset(FIELD_TYPES),
}
"""Form asked for in a hole -> types it can speak."""


class TemplateProblem(Exception):
    """A wording that cannot be cut into text and holes.

    offset: character of the wording at which it goes wrong, from 0.
    """

    def __init__(self, offset: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Template:
    """One wording, cut. `offsets` says where each hole begins, in the same order."""

    parts: tuple[str | Hole, ...]
    offsets: tuple[int, ...]


def parse(text: str) -> Template:
    """Cut one wording. Raises TemplateProblem.

    >>> parse("{{尾号}} {order.tail|digits}").parts
    ('{尾号} ', Hole(path=('order', 'tail'), form='digits'))
    """
    parts: list[str | Hole] = []
    offsets: list[int] = []
    words = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char in "{}" and text[at : at + 2] == char * 2:
            words += char
            at += 2
        elif char == "{":
            end = text.find("}", at)
            if end < 0:
                raise TemplateProblem(
                    at, "a { is never closed", "close the hole with }, or write {{ for a brace"
                )
            if words:
                parts.append(words)
            words = ""
            parts.append(_hole(text[at + 1 : end], at))
            offsets.append(at)
            at = end + 1
        elif char == "}":
            raise TemplateProblem(at, "a } closes nothing", "open the hole with {, or write }} for a brace")
        elif char in "｛｝":
            raise TemplateProblem(at, "full-width braces make no hole", "write { and } of the Latin keyboard")
        else:
            words += char
            at += 1
    if words:
        parts.append(words)
    return Template(tuple(parts), tuple(offsets))


def _hole(inside: str, at: int) -> Hole:
    found = _HOLE.match(inside.strip())
    if found is None:
        raise TemplateProblem(
            at,
            f"{{{inside}}} is not a hole",
            "write a name: {order.amount}, or with a form: {order.tail|digits}",
        )
    form = found[2]
    if form is not None and form not in FORMS:
        raise TemplateProblem(
            at, f'there is no spoken form "{form}"', suggest(form, FORMS, otherwise=_known_forms())
        )
    return Hole(tuple(found[1].split(".")), form or "")


def _known_forms() -> str:
    return "forms: " + ", ".join(sorted(FORMS))


def resolved(hole: Hole, declared: Type) -> Hole:
    """The hole with the form it is spoken in. Raises ValueError, saying what to do, when it has none."""
    if declared.is_record:
        called = ".".join(hole.path)
        what = "is a list of records" if declared.is_list else "is a whole record"
        raise ValueError(f"{{{called}}} {what} and cannot be spoken; name a field of one record")
    if not hole.form:
        return Hole(hole.path, declared.form)
    if declared.name not in (ANY, NONE) and declared.name not in FORMS[hole.form]:
        raise ValueError(
            f"{{{'.'.join(hole.path)}}} is {declared.name} and cannot be spoken as {hole.form}; "
            "leave out the form, or correct the name"
        )
    return Hole(hole.path, declared.form if hole.form == "choice" else hole.form)
