"""Days and spans of days as callers name them, seen from today and, for purchases, looking back.

「周三」 of an order is the last Wednesday that has been, 「双十一」 the last one, 「十二月二十号」 in
November last year's. Where nothing decides (「前几天」) the answer is a span wide enough to hold
what is meant. jionlp knows the lunar feasts; all else is here, because callers' words for days
are fewer and looser than what general parsers expect. The rules are in dates_zh.py, dates_en.py
and feasts.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from voicebot.language import dates_en, dates_zh, negation
from voicebot.language.parsed import NOTHING, Parsed, ValueContext


@dataclass(frozen=True, slots=True)
class Days:
    """One mention: first and last day, and where it stands."""

    first: date
    last: date
    start: int
    end: int
    is_certain: bool = True
    """False for loose words: 前几天, 最近"""


def find(text: str, *, today: datetime, language: str = "zh", sense: str = "past") -> list[Days]:
    """All days named in a normalised text, in order.

    sense: "past" for what the caller bought or was sent, "future" for what is to come.
    """
    day = today.date()
    out: list[Days] = []
    for pattern, read in (*dates_zh.RULES, *dates_en.RULES):
        for found in pattern.finditer(text):
            start, end = found.span()
            if start == end or any(start < other.end and other.start < end for other in out):
                continue
            reading = read(found, day, sense)
            if reading is None:
                continue
            certain = reading[2] if len(reading) == 3 else True
            out.append(Days(reading[0], reading[1], start, end, certain))
    return sorted(out, key=lambda days: days.start)


_BETWEEN = re.compile(r"^\s?(?:到|至|或者?|还是|和|跟|to|or|and|until|through)\s?$")


def parse(text: str, ctx: ValueContext, *, sense: str = "past") -> Parsed:
    """Read the answer to "when?": a date, or (first, last) where a span was named."""
    found = find(text, today=ctx.today, language=ctx.language, sense=sense)
    refused = [
        days
        for days in found
        if negation.is_refused(text, days.start, days.end, previous_end=_end_before(found, days))
    ]
    kept = [days for days in found if days not in refused]
    if refused and not kept:
        return Parsed(None, 0.0, (), "refused", True)
    found = kept
    if not found:
        reading = dates_zh.bare_day(text, ctx.today.date(), sense)
        if reading is None:
            return NOTHING
        return Parsed(reading[0], 0.5, spans=((0, len(text)),))
    chosen, corrected = found[0], bool(refused)
    others: list[object] = []
    for days in found[1:]:
        between = text[chosen.end : days.start]
        if _BETWEEN.match(between) and "还是" not in between and days.first >= chosen.first:
            chosen = Days(
                chosen.first, max(chosen.last, days.last), chosen.start, days.end, chosen.is_certain
            )
        elif negation.is_corrected(between, text[days.end :]):
            chosen, corrected = days, True
        elif chosen.first <= days.first and days.last <= chosen.last:
            chosen = days
        elif not (days.first <= chosen.first and chosen.last <= days.last):
            others.append(_value(days))
    if others and not corrected:
        return Parsed(None, 0.0, (_value(chosen), *others), "ambiguous", spans=((chosen.start, chosen.end),))
    exact = chosen.first == chosen.last
    confidence = 0.95 if exact else 0.85 if chosen.is_certain else 0.6
    return Parsed(
        _value(chosen),
        confidence,
        (),
        "",
        corrected,
        False,
        not chosen.is_certain,
        ((chosen.start, chosen.end),),
    )


def _value(days: Days) -> date | tuple[date, date]:
    return days.first if days.first == days.last else (days.first, days.last)


def _end_before(found: list[Days], days: Days) -> int:
    return max((other.end for other in found if other.end <= days.start), default=0)
