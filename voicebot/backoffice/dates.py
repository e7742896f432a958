"""Dates in data files: written for any day, true on the day they are loaded.

today  today+2d  today-1d 14:05  now-3h  last wednesday 10:00  2026-11-11 20:00
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RELATIVE = re.compile(r"(today|now)(?:\s*([+-])\s*(\d{1,4})\s*([dhm]))?(?:\s+(\d{1,2}):(\d{2}))?")
_WEEKDAY = re.compile(rf"last\s+({'|'.join(WEEKDAYS)})(?:\s+(\d{{1,2}}):(\d{{2}}))?")
_ABSOLUTE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?")


def resolve(text: str, now: datetime) -> datetime | None:
    """The moment this text means; None when it means none. A day without a time is midnight.

    "last wednesday" is the Wednesday of the week before this one, as people say it.

    >>> resolve("today-1d 14:05", datetime(2026, 11, 21, 9))
    datetime.datetime(2026, 11, 20, 14, 5)
    """
    text = text.strip().lower()
    try:
        if found := _RELATIVE.fullmatch(text):
            return _relative(found, now)
        if found := _WEEKDAY.fullmatch(text):
            monday = now.date() - timedelta(days=now.weekday() + 7)
            return _at(monday + timedelta(days=WEEKDAYS.index(found[1])), found[2], found[3])
        if found := _ABSOLUTE.fullmatch(text):
            return _at(date(int(found[1]), int(found[2]), int(found[3])), found[4], found[5], found[6])
    except (ValueError, OverflowError):
        return None
    return None


def _relative(found: re.Match[str], now: datetime) -> datetime:
    start = (
        now.replace(second=0, microsecond=0) if found[1] == "now" else datetime.combine(now.date(), time())
    )
    if found[3]:
        unit = {"d": "days", "h": "hours", "m": "minutes"}[found[4]]
        shift = timedelta(**{unit: int(found[3])})
        start = start + shift if found[2] == "+" else start - shift
    return _at(start.date(), found[5], found[6]) if found[5] else start


def _at(day: date, hour: str | None, minute: str | None, second: str | None = None) -> datetime:
    return datetime.combine(day, time(int(hour or 0), int(minute or 0), int(second or 0)))
