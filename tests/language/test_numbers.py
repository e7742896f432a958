"""Numbers in words and figures."""

from __future__ import annotations

from fractions import Fraction

import pytest

from voicebot.language.numbers import find
from voicebot.language.spoken_zh import cardinal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一千两百九十九", 1299),
        ("三万二", 32000),
        ("两百五", 250),
        ("一千零五十", 1050),
        ("两万零五十", 20050),
        ("一亿两千万", 120_000_000),
        ("十", 10),
        ("二十", 20),
        ("1.5万", 15000),
        ("3千5", 3500),
        ("一点五万", 15000),
        ("负三点五", Fraction(-7, 2)),
        ("一百零一万一千", 1_011_000),
        ("一千万一千一百一十一", 10_001_111),
    ],
)
def test_mandarin_numbers(text: str, value: Fraction | int) -> None:
    assert [number.value for number in find(text)] == [value]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("两三百", 200, 300),
        ("一百多", 100, 200),
        ("十几", 11, 19),
        ("七八千", 7000, 8000),
        ("大概三百", 250, 350),
    ],
)
def test_rough_numbers_have_a_range(text: str, low: int, high: int) -> None:
    (number,) = find(text)
    assert number.low == low
    assert number.high == high
    assert number.is_approximate


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twelve hundred", [1200]),
        ("one thousand two hundred and ninety nine point five", [Fraction(2599, 2)]),
        ("a hundred and twenty", [120]),
        ("3k", [3000]),
        ("nineteen ninety nine", [19, 99]),
        ("one two three", [1, 2, 3]),
        ("two hundred five", [205]),
        ("hello", []),
        ("someone told me", []),
        ("tension", []),
    ],
)
def test_english_numbers(text: str, values: list[Fraction | int]) -> None:
    assert [number.value for number in find(text, "en")] == values


def test_a_number_said_digit_by_digit_is_marked() -> None:
    assert find("二零二六")[0].is_string
    assert not find("两千零二十六")[0].is_string


@pytest.mark.parametrize(
    "value", [*range(1200), 2000, 2222, 10_000, 10_010, 20_200, 100_000, 123_456, 20_000_000, 102_030_405]
)
def test_what_is_spoken_is_understood(value: int) -> None:
    assert [number.value for number in find(cardinal(value))] == [value]
