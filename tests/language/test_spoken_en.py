"""English figures aloud."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from voicebot.language import spoken_en


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (21, "twenty-one"),
        (100, "one hundred"),
        (105, "one hundred and five"),
        (1299, "one thousand two hundred and ninety-nine"),
        (2005, "two thousand and five"),
        (1_000_000, "one million"),
        (-3, "minus three"),
    ],
)
def test_whole_numbers(value: int, said: str) -> None:
    assert spoken_en.cardinal(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1, "first"), (2, "second"), (5, "fifth"), (12, "twelfth"), (20, "twentieth"), (21, "twenty-first")],
)
def test_ordinals(value: int, said: str) -> None:
    assert spoken_en.ordinal(value) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 16), "yesterday"),
        (date(2026, 11, 20), "Friday"),
        (date(2026, 11, 11), "last Wednesday"),
        (date(2026, 11, 25), "next Wednesday"),
        (date(2026, 10, 3), "October third"),
        (date(2025, 12, 25), "December twenty-fifth, twenty twenty-five"),
    ],
)
def test_days(day: date, said: str) -> None:
    assert spoken_en.day(day, date(2026, 11, 17)) == said


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        (time(9, 0), "nine AM"),
        (time(12, 0), "noon"),
        (time(15, 30), "three thirty PM"),
        (time(9, 5), "nine oh five AM"),
    ],
)
def test_times(clock: time, said: str) -> None:
    assert spoken_en.clock(clock) == said


def test_digits_phones_and_moments() -> None:
    assert spoken_en.digits("1205") == "one two zero five"
    assert spoken_en.phone("+16175550123") == "six one seven, five five five, zero one two three"
    assert spoken_en.moment(datetime(2026, 11, 16, 9, 0), date(2026, 11, 17)) == "yesterday at nine AM"
