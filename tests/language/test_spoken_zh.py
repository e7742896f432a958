"""Mandarin figures aloud: 两 and 二, 零, 幺."""

from __future__ import annotations

from datetime import date, time
from fractions import Fraction

import pytest

from voicebot.language import spoken_zh


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (22, "二十二"),
        (101, "一百零一"),
        (110, "一百一十"),
        (200, "两百"),
        (222, "两百二十二"),
        (1002, "一千零二"),
        (1299, "一千二百九十九"),
        (2000, "两千"),
        (10_000, "一万"),
        (20_050, "两万零五十"),
        (22_000, "两万两千"),
        (100_000, "十万"),
        (120_000, "十二万"),
        (1_000_001, "一百万零一"),
        (200_000_000, "两亿"),
        (-5, "负五"),
    ],
)
def test_whole_numbers(value: int, said: str) -> None:
    assert spoken_zh.cardinal(value) == said


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (0, "零元"),
        (50, "五角"),
        (5, "五分"),
        (200, "两元"),
        (220, "两元两角"),
        (205, "两元零五分"),
        (1250, "十二元五角"),
        (9999, "九十九元九角九分"),
        (129950, "一千二百九十九元五角"),
        (3000000, "三万元"),
        (-500, "负五元"),
    ],
)
def test_money(cents: int, said: str) -> None:
    assert spoken_zh.money(cents) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+8613812345678", "幺三八，幺二三四，五六七八"),
        ("95188", "九五幺八八"),
        ("4008123123", "四零零，八幺二，三幺二三"),
        ("64035547", "六四零三，五五四七"),
    ],
)
def test_phone_numbers_are_grouped(number: str, said: str) -> None:
    assert spoken_zh.phone(number) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 17), "今天"),
        (date(2026, 11, 15), "前天"),
        (date(2026, 11, 19), "后天"),
        (date(2026, 11, 21), "周六"),
        (date(2026, 11, 9), "上周一"),
        (date(2026, 11, 25), "下周三"),
        (date(2026, 11, 8), "十一月八号"),
        (date(2025, 12, 25), "去年十二月二十五号"),
        (date(2024, 2, 29), "二零二四年二月二十九号"),
    ],
)
def test_days_are_said_from_today(day: date, said: str) -> None:
    assert spoken_zh.day(day, date(2026, 11, 17)) == said


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        (time(0, 0), "凌晨零点"),
        (time(2, 0), "凌晨两点"),
        (time(9, 5), "上午九点零五分"),
        (time(12, 0), "中午十二点"),
        (time(14, 30), "下午两点半"),
        (time(20, 15), "晚上八点十五分"),
    ],
)
def test_times(clock: time, said: str) -> None:
    assert spoken_zh.clock(clock) == said


def test_decimals_and_percent() -> None:
    assert spoken_zh.number(Fraction("3.14")) == "三点一四"
    assert spoken_zh.percent(Fraction(15, 2)) == "百分之七点五"


def test_two_before_a_measure_word() -> None:
    assert spoken_zh.cardinal(2, counted=spoken_zh.is_counted("件衣服")) == "两"
    assert spoken_zh.cardinal(2, counted=spoken_zh.is_counted("号柜")) == "二"
    assert spoken_zh.cardinal(12, counted=True) == "十二"
