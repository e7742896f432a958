"""Amounts of money, in cents."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.language.money import find, parse
from voicebot.language.normalise import normalise
from voicebot.language.parsed import Parsed, ValueContext


def hear(text: str, language: str = "zh") -> Parsed:
    return parse(normalise(text), ValueContext(datetime(2026, 11, 17), language))


@pytest.mark.parametrize(
    ("heard", "cents"),
    [
        ("一千两百九十九块五", 129950),
        ("299.5元", 29950),
        ("两块五毛", 250),
        ("1,299.50", 129950),
        ("三万二", 3200000),
        ("五毛", 50),
        ("五块二毛五", 525),
        ("两百五", 25000),
        ("三块零五分", 305),
        ("一百二十块钱", 12000),
        ("十二块五", 1250),
        ("¥299", 29900),
        ("九十九块九毛九", 9999),
        ("九块九", 990),
        ("九块九毛", 990),
        ("一万两千块", 1200000),
        ("二十五元三角", 2530),
        ("一千块整", 100000),
        ("两毛五", 25),
        ("一百块五笔", 10000),
        ("五块钱一个", 500),
        ("1.5万", 1500000),
        ("三千三百八十元五角八分", 338058),
        ("一块半", 150),
        ("两千零五十", 205000),
        ("退我两百九十九", 29900),
        ("一百块，不对，两百块", 20000),
        ("不是一百是两百块", 20000),
        ("好像是八十八块八", 8880),
        ("二十块零五毛", 2050),
        ("88元", 8800),
        ("五十", 5000),
    ],
)
def test_yuan_and_cents(heard: str, cents: int) -> None:
    assert hear(heard).value == cents


@pytest.mark.parametrize(
    ("heard", "cents"),
    [
        ("twelve hundred ninety nine dollars and fifty cents", 129950),
        ("$1,299.50", 129950),
        ("a hundred and twenty bucks", 12000),
        ("fifty cents", 50),
        ("three grand", 300000),
        ("ninety nine point nine", 9990),
        ("twelve fifty", 1250),
        ("one twenty dollars", 12000),
        ("two hundred ninety nine yuan", 29900),
        ("no, fifty dollars", 5000),
    ],
)
def test_english_amounts(heard: str, cents: int) -> None:
    assert hear(heard, "en").value == cents


@pytest.mark.parametrize(
    ("heard", "low", "high"),
    [
        ("一百来块", 10000, 20000),
        ("一百多", 10000, 20000),
        ("两三百块", 20000, 30000),
        ("大概三百左右", 25000, 35000),
        ("几百块", 10000, 90000),
        ("块把钱", 100, 200),
        ("二十几块", 2100, 2900),
    ],
)
def test_rough_amounts_are_marked_and_have_a_range(heard: str, low: int, high: int) -> None:
    assert hear(heard).is_approximate
    (amount,) = find(normalise(heard))
    assert (amount.low, amount.high) == (low, high)


@pytest.mark.parametrize(
    "heard",
    [
        "十一月三号",
        "等一下",
        "我要退款",
        "尾号1234",
        "三个",
        "第二个",
        "一共几笔",
        "三天前",
        "上礼拜三",
        "打八折",
        "百分之三",
        "一起",
        "三点半",
        "不是一百块",
        "五十分钟",
        "八十斤",
        "订单号是1234",
        "一会儿",
        "你好",
        "两件衣服",
    ],
)
def test_what_is_no_amount(heard: str) -> None:
    assert hear(heard).value is None


@pytest.mark.parametrize(
    "heard", ["hello", "three days ago", "the second one", "number 1234", "two shirts items"]
)
def test_what_is_no_amount_in_english(heard: str) -> None:
    result = hear(heard, "en")
    assert result.value is None or not find(normalise(heard), "en")[0].has_unit


def test_two_amounts_are_ambiguous() -> None:
    result = hear("一百块和两百块")
    assert (result.value, result.reason) == (None, "ambiguous")
    assert result.alternatives == (10000, 20000)


def test_a_bare_pair_has_two_readings() -> None:
    result = hear("two ninety nine", "en")
    assert result.value == 299
    assert result.alternatives == (29900,)


@pytest.mark.parametrize(
    ("heard", "price", "covers"),
    [
        ("两百九十九", 29990, True),
        ("两百九十九", 29900, True),
        ("三百左右", 29900, True),
        ("一百多", 15900, True),
        ("两百九十九", 30000, False),
        ("两百九十九块五", 29900, False),
        ("三百左右", 45000, False),
        ("一百多", 25900, False),
    ],
)
def test_a_price_may_be_called_by_its_whole_yuan(heard: str, price: int, covers: bool) -> None:
    assert find(heard)[0].covers(price) is covers
