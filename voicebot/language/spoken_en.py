"""Values as an English speaker says them on the telephone, in words."""

from __future__ import annotations

from datetime import date, datetime, time
from fractions import Fraction

from voicebot.language.numbers import EN_ONES, EN_TENS

_ONES = {value: word for word, value in EN_ONES.items()}
_TENS = {value: word for word, value in EN_TENS.items()}
_MONTH_NAMES = "January February March April May June July August September October November December"
_MONTHS = _MONTH_NAMES.split()
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def digits(text: str, *, group: int = 0) -> str:
    """One by one: "one two three four"; a comma is a pause."""
    size = group or max(1, len(text))
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    return ", ".join(
        " ".join(_ONES[int(c)] if c.isascii() and c.isdigit() else c for c in part) for part in parts
    )


def phone(text: str) -> str:
    national = text.removeprefix("+86").removeprefix("+1")
    national = "".join(char for char in national if char.isdigit())
    if len(national) == 11:
        parts = [national[:3], national[3:7], national[7:]]
    elif len(national) == 10:
        parts = [national[:3], national[3:6], national[6:]]
    else:
        first = len(national) % 4 or 4
        parts = [national[:first], *(national[at : at + 4] for at in range(first, len(national), 4))]
    return ", ".join(digits(part) for part in parts)


def cardinal(value: int) -> str:
    """A whole number.

    >>> cardinal(1299)
    'one thousand two hundred and ninety-nine'
    """
    if value < 0:
        return "minus " + cardinal(-value)
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, ones = value // 10 * 10, value % 10
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    for unit, name in (
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1000, "thousand"),
        (100, "hundred"),
    ):
        if value >= unit:
            many, rest = divmod(value, unit)
            joint = " and " if 0 < rest < 100 else " "
            return f"{cardinal(many)} {name}" + (f"{joint}{cardinal(rest)}" if rest else "")
    raise AssertionError(value)


def ordinal(value: int) -> str:
    words = cardinal(value)
    head, dash, last = words.rpartition("-") if "-" in words else words.rpartition(" ")
    last = _IRREGULAR.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{head}{dash}{last}"


def number(value: Fraction) -> str:
    if value.denominator == 1:
        return cardinal(int(value))
    whole, _, rest = f"{float(abs(value)):.4f}".rstrip("0").partition(".")
    sign = "minus " if value < 0 else ""
    return f"{sign}{cardinal(int(whole))} point {' '.join(_ONES[int(char)] for char in rest)}"


def percent(value: Fraction) -> str:
    return number(value) + " percent"


def money(cents: int, *, unit: tuple[str, ...] = ("yuan",), cent: tuple[str, ...] = ()) -> str:
    """Cents in words.

    unit, cent: (singular, plural) or one form for both; without `cent` the rest is a decimal.

    >>> money(29950), money(29950, unit=("dollar", "dollars"), cent=("cent", "cents"))
    ('two hundred and ninety-nine point five yuan', 'two hundred and ninety-nine dollars and fifty cents')
    """
    if not cent:
        return f"{number(Fraction(cents, 100))} {unit[0] if cents == 100 else unit[-1]}"
    sign = "minus " if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    parts = [f"{cardinal(whole)} {unit[0] if whole == 1 else unit[-1]}"] if whole or not rest else []
    if rest:
        parts.append(f"{cardinal(rest)} {cent[0] if rest == 1 else cent[-1]}")
    return sign + " and ".join(parts)


def day(value: date, today: date | None, *, figures: bool = False) -> str:
    """yesterday, Wednesday, last Wednesday, November eighteenth."""
    if today is not None:
        near = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((value - today).days)
        if near:
            return near
        weeks = (value.toordinal() - 1) // 7 - (today.toordinal() - 1) // 7
        if weeks in (-1, 0, 1):
            return {0: "", -1: "last ", 1: "next "}[weeks] + _DAYS[value.weekday()]
    text = f"{_MONTHS[value.month - 1]} {value.day if figures else ordinal(value.day)}"
    if today is not None and value.year != today.year:
        text += f", {value.year if figures else year(value.year)}"
    return text


def year(value: int) -> str:
    if 2000 <= value < 2010:
        return cardinal(value)
    first, last = divmod(value, 100)
    return (
        f"{cardinal(first)} {cardinal(last) if last > 9 else 'oh ' + cardinal(last) if last else 'hundred'}"
    )


def clock(value: time) -> str:
    """three thirty PM, nine o'clock AM -> nine AM."""
    hour = value.hour % 12 or 12
    half = "AM" if value.hour < 12 else "PM"
    if value.minute == 0:
        return "noon" if value.hour == 12 else "midnight" if value.hour == 0 else f"{cardinal(hour)} {half}"
    minute = cardinal(value.minute) if value.minute > 9 else f"oh {cardinal(value.minute)}"
    return f"{cardinal(hour)} {minute} {half}"


def moment(value: datetime, today: date | None) -> str:
    return f"{day(value.date(), today)} at {clock(value.time())}"
