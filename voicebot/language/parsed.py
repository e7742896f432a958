"""What a value parser is told about the question, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.dialplan.model import RecordType
from voicebot.events import Value


@dataclass(frozen=True, slots=True)
class ValueContext:
    """The open question, and what the call knows that helps to understand the answer."""

    today: datetime
    language: str = "zh"
    min_digits: int = 0
    max_digits: int = 0
    """0 when there is no bound"""
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """for choice and yes_no: value -> wordings"""
    records: Sequence[Mapping[str, Value]] = ()
    record_type: RecordType | None = None
    wording: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    previous: Value = None
    """what the slot holds already, or what was just read back: 「不是三是八」 changes it"""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value, or why there is none."""

    value: Value = None
    confidence: float = 0.0
    """0..1 that this is what the words mean; the recogniser's own doubt is not part of it"""
    alternatives: tuple[Value, ...] = ()
    """other readings, likeliest first; for incomplete digits, what was said so far"""
    reason: str = ""
    """"" with a value; else "nothing" · "too_short" · "too_long" · "ambiguous" · "out_of_range"
    · "refused" """
    is_correction: bool = False
    """the caller took something back: 「不对」, 「不是三是八」"""
    is_partial: bool = False
    """the value plainly goes on: fewer digits than asked for"""
    is_approximate: bool = False
    """said roughly: 「一百来块」"""
    spans: tuple[tuple[int, int], ...] = ()
    """where in the text it stands"""


NOTHING = Parsed(reason="nothing")
