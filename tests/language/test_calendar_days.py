"""Day arithmetic."""

from __future__ import annotations

from datetime import date

import pytest

from voicebot.language.calendar_days import day_or_none, monday, month_end, shift_month, whole, year_of


@pytest.mark.parametrize(
    ("by", "expected"),
    [(0, (2026, 1)), (-1, (2025, 12)), (-13, (2024, 12)), (11, (2026, 12)), (12, (2027, 1))],
)
def test_months_away(by: int, expected: tuple[int, int]) -> None:
    assert shift_month(date(2026, 1, 31), by) == expected


def test_month_ends_and_days_that_do_not_exist() -> None:
    assert month_end(2026, 12) == date(2026, 12, 31)
    assert month_end(2024, 2) == date(2024, 2, 29)
    assert day_or_none(2026, 2, 30) is None
    assert monday(date(2026, 11, 17)) == date(2026, 11, 16)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("去年", 2025), ("今年", 2026), ("二零二四年", 2024), ("24年", 2024), ("2023", 2023), ("好多年", None)],
)
def test_years(text: str, expected: int | None) -> None:
    assert year_of(text, date(2026, 11, 17)) == expected


def test_whole_numbers_in_any_writing() -> None:
    assert [whole(text) for text in ("15", "十五", "廿一", "二十")] == [15, 15, 21, 20]
