"""How English callers name days. Rules are tried in order; the first to claim a place keeps it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from voicebot.language import numbers
from voicebot.language.calendar_days import Reading, Rule, day_or_none, monday, month_end, one, shift_month

_MONTH_NAMES = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_WEEKDAYS_EN = (
    r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|"
    r"sun(?:day)?"
)
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS = _ORDINAL_WORDS.split()
_ORDINAL_EN = (
    {word: at for at, word in enumerate(_ORDINALS, 1)}
    | {
        f"{tens} {word}": base + at
        for tens, base in (("twenty", 20), ("thirty", 30))
        for at, word in enumerate(_ORDINALS[:9], 1)
    }
    | {"thirtieth": 30}
)
_DAY_EN = r"\d{1,2}(?:st|nd|rd|th)?|" + "|".join(sorted(_ORDINAL_EN, key=len, reverse=True))
_COUNT_EN = (
    r"a couple of|a few|several|half a|a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"fourteen|fifteen|twenty|thirty|\d+"
)


def _day_en(text: str) -> int | None:
    return _ORDINAL_EN.get(text) or (int(digits[0]) if (digits := re.match(r"\d+", text)) else None)


def _month_en(text: str) -> int:
    return "janfebmaraprmayjunjulaugsepoctnovdec".index(text[:3]) // 3 + 1


def _month_day_en(found: re.Match[str], today: date, sense: str) -> Reading:
    groups = found.groupdict()
    day = _day_en(groups["day"])
    if day is None:
        return None
    month = _month_en(groups["month"])
    if groups.get("year"):
        exact = day_or_none(int(groups["year"]), month, day)
        return one(exact) if exact else None
    exact = day_or_none(today.year, month, day)
    if exact is None:
        return None
    if sense == "past" and exact > today + timedelta(days=1):
        exact = day_or_none(today.year - 1, month, day)
    elif sense == "future" and exact < today:
        exact = day_or_none(today.year + 1, month, day)
    return one(exact) if exact else None


def _month_only_en(found: re.Match[str], today: date, sense: str) -> Reading:
    month = _month_en(found["month"])
    year = today.year - (1 if sense == "past" and month > today.month else 0)
    first, last = date(year, month, 1), month_end(year, month)
    part = found["part"] or ""
    if part.startswith(("early", "the beginning", "the start")):
        return first, date(year, month, 10)
    if part.startswith(("late", "the end")):
        return last - timedelta(days=10), last
    return first, last


def _day_of_month_en(found: re.Match[str], today: date, sense: str) -> Reading:
    day = _day_en(found["day"])
    if day is None:
        return None
    which = found["which"]
    if which:
        exact = day_or_none(*shift_month(today, {"last": -1, "this": 0, "next": 1}[which]), day)
        return one(exact) if exact else None
    for by in (0, -1, -2) if sense == "past" else (0, 1, 2):
        exact = day_or_none(*shift_month(today, by), day)
        if exact and (exact <= today if sense == "past" else exact >= today):
            return one(exact)
    return None


def _relative_en(found: re.Match[str], today: date, sense: str) -> Reading:
    days = {
        "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "just now": 0,
        "yesterday": -1, "last night": -1,
        "tomorrow": 1, "the day before yesterday": -2, "day before yesterday": -2,
        "the day after tomorrow": 2,
        "day after tomorrow": 2,
    }  # fmt: skip
    return one(today + timedelta(days=days[found[0]]))


def _weekday_en(found: re.Match[str], today: date, sense: str) -> Reading:
    index = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(found["weekday"][:3])
    which = found["which"] or ""
    day = monday(today) + timedelta(days=index)
    if which == "last":
        return one(day - timedelta(weeks=1) if day >= today else day)
    if which == "next":
        return one(day + timedelta(weeks=1))
    if found["last_week"]:
        return one(day - timedelta(weeks=1))
    if which != "this" and sense == "past" and day > today:
        day -= timedelta(weeks=1)
    if which != "this" and sense == "future" and day < today:
        day += timedelta(weeks=1)
    return one(day)


def _ago_en(found: re.Match[str], today: date, sense: str) -> Reading:
    words = found["count"]
    loose = words in ("a couple of", "a few", "several") or bool(found["about"])
    table = {"a": 1, "an": 1, "a couple of": 2, "a few": 4, "several": 5, "half a": 0}
    count = table.get(words)
    if count is None:
        count = int(words) if words.isdigit() else numbers.EN_ONES.get(words) or numbers.EN_TENS.get(words, 0)
    unit = {"day": 1, "week": 7, "month": 30, "year": 365}[found["unit"]]
    sign = -1 if found["way"] == "ago" else 1
    middle = today + timedelta(days=sign * (count * unit if words != "half a" else unit // 2))
    if unit == 30 and words != "half a":
        year, month = shift_month(today, sign * count)
        middle = min(date(year, month, 1) + timedelta(days=today.day - 1), month_end(year, month))
    margin = {1: 0, 7: 2, 30: 6, 365: 40}[unit] if not loose else {1: 3, 7: 5, 30: 20, 365: 60}[unit]
    first, last = middle - timedelta(days=margin), middle + timedelta(days=margin)
    if sign < 0:
        last = min(last, today)
    return (first, last, False) if loose else (first, last)


def _span_en(found: re.Match[str], today: date, sense: str) -> Reading:
    which, unit = found["which"], found["unit"]
    by = {"last": -1, "past": -1, "this": 0, "next": 1}[which]
    if unit == "week":
        first = monday(today) + timedelta(weeks=by)
        return first, min(
            first + timedelta(days=6), today
        ) if by == 0 and sense == "past" else first + timedelta(days=6)
    if unit == "weekend":
        first = monday(today) + timedelta(days=5, weeks=by)
        return first, first + timedelta(days=1)
    if unit == "month":
        year, month = shift_month(today, by)
        return date(year, month, 1), month_end(year, month)
    return date(today.year + by, 1, 1), date(today.year + by, 12, 31)


def _loose_en(found: re.Match[str], today: date, sense: str) -> Reading:
    return today - timedelta(days=8), today, False


_B, _E = r"(?<![a-z'])", r"(?![a-z])"
RULES: tuple[Rule, ...] = (
    (
        re.compile(
            rf"{_B}(?P<month>{_MONTH_NAMES})\s(?:the\s)?(?P<day>{_DAY_EN})(?!\d)(?:\s(?P<year>20\d\d))?{_E}"
        ),
        _month_day_en,
    ),
    (
        re.compile(
            rf"{_B}(?:the\s)?(?P<day>{_DAY_EN})\s(?:of\s)?(?P<month>{_MONTH_NAMES})(?:\s(?P<year>20\d\d))?{_E}"
        ),
        _month_day_en,
    ),
    (
        re.compile(rf"{_B}(?:the\s)?(?P<day>{_DAY_EN})\s(?:of\s)?(?P<which>last|this|next)\smonth{_E}"),
        _day_of_month_en,
    ),
    (
        re.compile(
            rf"{_B}(?P<part>early|late|the beginning of|the start of|the end of|"
            r"mid)?\s?(?:in\s)?(?P<month>january|february|(?<=in )march|(?<=last )march|"
            r"(?<=since )march|april|june|july|august|september|october|"
            rf"november|december|(?<=in )may){_E}"
        ),
        _month_only_en,
    ),
    (
        re.compile(
            rf"{_B}(?:(?:the )?day before yesterday|(?:the )?day after tomorrow|this morning|"
            rf"this afternoon|today|tonight|just now|yesterday|last night|tomorrow){_E}"
        ),
        _relative_en,
    ),
    (
        re.compile(
            rf"{_B}(?:(?P<which>last|this|next|on)\s)?(?P<weekday>monday|tuesday|wednesday|thursday|"
            rf"friday|saturday|sunday|(?<=last )(?:{_WEEKDAYS_EN}))(?P<last_week>\slast week|"
            rf"\sof last week)?{_E}"
        ),
        _weekday_en,
    ),
    (
        re.compile(
            rf"{_B}(?P<about>about |around |roughly |like )?(?P<count>{_COUNT_EN})\s(?P<unit>day|week|"
            rf"month|year)s?\s(?P<way>ago|before|later|from now){_E}"
        ),
        _ago_en,
    ),
    (
        re.compile(rf"{_B}(?:the )?(?P<which>last|past|this|next)\s(?P<unit>weekend|week|month|year){_E}"),
        _span_en,
    ),
    (
        re.compile(
            rf"{_B}(?:the other day|recently|a few days back|these days|lately|just ordered|just bought){_E}"
        ),
        _loose_en,
    ),
    (re.compile(rf"{_B}on the (?P<day>{_DAY_EN})(?P<which>){_E}"), _day_of_month_en),
)
