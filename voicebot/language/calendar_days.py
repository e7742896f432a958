"""Arithmetic on days and months that all readings of a date share, and the shape of a rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from voicebot.language import numbers

Reading = tuple[date, date] | tuple[date, date, bool] | None
"""first and last day; False as a third part marks a loose word; None is no date after all"""

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date, str], Reading]]
"""a pattern and how to read it: (match, today, sense) -> Reading"""

NUMBER = r"[零〇一二两三四五六七八九十廿\d]+"
YEAR = (
    r"(?:(?P<year>今年|去年|前年|大前年|明年|[零〇一二三四五六七八九\d]{4}年?|"
    r"[零〇一二三四五六七八九\d]{2}年)\s?的?)?"
)


def whole(text: str) -> int | None:
    """A whole number in figures or characters."""
    if text.isascii() and text.isdigit():
        return int(text)
    parsed = numbers.parse_zh(text.replace("廿", "二十"))
    return int(parsed[0]) if parsed else None


def one(day: date) -> Reading:
    return day, day


def day_or_none(year: int, month: int, day: int) -> date | None:
    """None for the 30th of February."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_end(year: int, month: int) -> date:
    return (date(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)


def shift_month(today: date, by: int) -> tuple[int, int]:
    """(year, month) so many months away."""
    index = today.year * 12 + today.month - 1 + by
    return index // 12, index % 12 + 1


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def year_of(text: str, today: date) -> int | None:
    """去年, 二零二六年, 26年."""
    words = {"今": 0, "去": -1, "前": -2, "大前": -3, "明": 1, "上": -1}
    if text.rstrip("年").rstrip() in words:
        return today.year + words[text.rstrip("年").rstrip()]
    count = whole(text.removesuffix("年"))
    if count is None:
        return None
    return count + 2000 if count < 100 else count
