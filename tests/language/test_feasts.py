"""Feasts, seen from 17 November 2026 or from another day."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from voicebot.language.dates import find


@pytest.mark.parametrize(
    ("text", "today", "first"),
    [
        ("双十一", "2026-11-17", "2026-11-11"),
        ("双十一", "2026-11-01", "2025-11-11"),
        ("中秋节", "2026-11-17", "2026-09-25"),
        ("去年中秋", "2026-11-17", "2025-10-06"),
        ("端午", "2026-03-01", "2025-05-31"),
        ("过年的时候", "2026-03-01", "2026-02-16"),
        ("七夕", "2026-11-17", "2026-08-19"),
        ("christmas", "2026-01-05", "2025-12-25"),
        ("black friday", "2026-12-05", "2026-11-27"),
    ],
)
def test_the_last_feast_of_that_name(text: str, today: str, first: str) -> None:
    (days,) = find(text, today=datetime.fromisoformat(today))
    assert days.first == date.fromisoformat(first)


@pytest.mark.parametrize("text", ["一双十一码的鞋", "christmassy", "五一二", "八五一", "13618号", "二十一号"])
def test_what_only_contains_a_feast(text: str) -> None:
    named = [days.first for days in find(text, today=datetime(2026, 11, 17))]
    assert not {date(2026, 11, 11), date(2026, 5, 1), date(2026, 6, 18), date(2025, 12, 25)} & set(named)
