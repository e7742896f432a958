"""Feasts and shopping days: 双十一, 国庆, 中秋, Christmas. jionlp knows the lunar ones."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from voicebot.language import vocabulary
from voicebot.language.calendar_days import YEAR, Reading, year_of

_FIXED: dict[str, tuple[int, int, int]] = {
    "元旦": (1, 1, 1), "情人节": (2, 14, 1), "妇女节": (3, 8, 1), "三八节": (3, 8, 1), "女神节": (3, 8, 1),
    "植树节": (3, 12, 1), "愚人节": (4, 1, 1), "清明": (4, 4, 3), "五一": (5, 1, 5),
    "劳动节": (5, 1, 5), "青年节": (5, 4, 1),
    "520": (5, 20, 1), "五二零": (5, 20, 1), "五二〇": (5, 20, 1), "六一": (6, 1, 1),
    "儿童节": (6, 1, 1), "618": (6, 18, 1),
    "六一八": (6, 18, 1), "幺八": (6, 18, 1), "教师节": (9, 10, 1), "国庆": (10, 1, 7),
    "十一黄金周": (10, 1, 7), "十一假期": (10, 1, 7),
    "十一长假": (10, 1, 7), "十一那": (10, 1, 7), "十一期间": (10, 1, 7), "双十一": (11, 11, 1),
    "双11": (11, 11, 1), "光棍节": (11, 11, 1),
    "双十二": (12, 12, 1), "双12": (12, 12, 1), "平安夜": (12, 24, 1), "圣诞": (12, 25, 1),
    "圣诞节": (12, 25, 1), "万圣节": (10, 31, 1),
    "new year's day": (1, 1, 1), "new year": (1, 1, 1), "valentine's day": (2, 14, 1),
    "valentine's": (2, 14, 1),
    "singles' day": (11, 11, 1), "singles day": (11, 11, 1), "single's day": (11, 11, 1),
    "double eleven": (11, 11, 1),
    "christmas day": (12, 25, 1), "christmas eve": (12, 24, 1), "christmas": (12, 25, 1),
    "halloween": (10, 31, 1),
    "national day": (10, 1, 7), "independence day": (7, 4, 1), "boxing day": (12, 26, 1),
}  # fmt: skip
"""name -> month, day, length in days; 清明 moves by a day, so it is three wide"""

_LUNAR: dict[str, tuple[str, int, int]] = {
    "春节": ("春节", -1, 6), "过年": ("春节", -1, 6), "除夕": ("除夕", 0, 0),
    "大年三十": ("除夕", 0, 0), "年三十": ("除夕", 0, 0),
    "元宵": ("元宵节", 0, 0), "端午": ("端午节", 0, 2), "七夕": ("七夕", 0, 0),
    "中秋": ("中秋节", 0, 2), "重阳": ("重阳节", 0, 0),
    "腊八": ("腊八节", 0, 0), "chinese new year": ("春节", -1, 6), "spring festival": ("春节", -1, 6),
    "mid-autumn festival": ("中秋节", 0, 2), "mid autumn": ("中秋节", 0, 2),
    "dragon boat festival": ("端午节", 0, 2),
}  # fmt: skip


_FLOATING: dict[str, tuple[int, int, int, int]] = {
    "母亲节": (5, 6, 2, 0), "mother's day": (5, 6, 2, 0), "父亲节": (6, 6, 3, 0),
    "father's day": (6, 6, 3, 0),
    "感恩节": (11, 3, 4, 0), "thanksgiving": (11, 3, 4, 0), "黑五": (11, 3, 4, 1),
    "黑色星期五": (11, 3, 4, 1),
    "black friday": (11, 3, 4, 1), "cyber monday": (11, 3, 4, 4),
}  # fmt: skip
"""name -> month, weekday (Monday is 0), which one of the month, days after it"""


def _floating_day(name: str, year: int) -> date:
    month, weekday, nth, after = _FLOATING[name]
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1) + after)


@lru_cache(maxsize=256)
def _lunar_day(name: str, year: int) -> date | None:
    """The solar day of a lunar feast; None outside the library's tables."""
    try:
        parsed = vocabulary.jionlp().parse_time(
            f"{year}年{name}", time_base={"year": year, "month": 1, "day": 1}
        )
        return datetime.fromisoformat(parsed["time"][0]).date()
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def read(found: re.Match[str], today: date, sense: str) -> Reading:
    """The last such feast, or the next one when looking forward, or that of the year named."""
    name = found["feast"]
    year_text = found["year"]
    year = year_of(year_text, today) if year_text else None

    def span(of_year: int) -> tuple[date, date] | None:
        if name in _FIXED:
            month, day, length = _FIXED[name]
            first = date(of_year, month, day)
            return first, first + timedelta(days=length - 1)
        if name in _FLOATING:
            day_of_feast = _floating_day(name, of_year)
            return day_of_feast, day_of_feast
        lunar, before, after = _LUNAR[name]
        middle = _lunar_day(lunar, of_year)
        return (middle + timedelta(days=before), middle + timedelta(days=after)) if middle else None

    if year is not None:
        return span(year)
    order = (today.year, today.year - 1) if sense == "past" else (today.year, today.year + 1)
    for candidate in order:
        result = span(candidate)
        if result and (result[0] <= today if sense == "past" else result[1] >= today):
            return result
    return None


_ALL_NAMES = sorted((*_FIXED, *_LUNAR, *_FLOATING), key=len, reverse=True)
_NAMES = "|".join(re.escape(name) for name in _ALL_NAMES)
PATTERN = re.compile(
    rf"(?<![a-z'])(?<![\d零一二三四五六七八九十]){YEAR}(?P<feast>{_NAMES})(?![a-z\d一二三四五六七八九十码双])"
    r"(?:节)?(?:那天|当天|那会儿?|期间|的时候|前后)?"
)
