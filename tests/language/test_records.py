"""Which of the caller's own orders is meant. Today is Tuesday 17 November 2026."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from voicebot.dialplan.model import Place, RecordType
from voicebot.language.normalise import normalise
from voicebot.language.records import pick, sayings
from voicebot.language.values import ValueContext, parse

TODAY = datetime(2026, 11, 17, 10, 0)
ORDER = RecordType(
    "order",
    Place("operations.yaml", 1, 1),
    {},
    tail="tail",
    date="placed_at",
    words=("title", "item", "color", "size", "merchant"),
    amount="amount",
)


def order(
    name: str,
    tail: str,
    title: str,
    item: str,
    color: str | None,
    size: str | None,
    merchant: str,
    cents: int,
    placed: str,
) -> dict[str, Any]:
    return {
        "id": name,
        "tail": tail,
        "title": title,
        "item": item,
        "color": color,
        "size": size,
        "merchant": merchant,
        "amount": cents,
        "placed_at": datetime.fromisoformat(placed),
    }


SHIRT = order(
    "shirt", "1234", "黑色L码衬衫", "衬衫", "黑色", "L", "优衣库官方旗舰店", 29900, "2026-11-16T09:00"
)
JEANS = order(
    "jeans", "5678", "蓝色M码牛仔裤", "牛仔裤", "蓝色", "M", "李宁旗舰店", 12950, "2026-11-11T20:00"
)
PHONES = order("phones", "8801", "无线蓝牙耳机", "耳机", None, None, "小米之家", 19900, "2026-11-03T08:00")
ORDERS = [SHIRT, JEANS, PHONES]
"""newest first, as the back office lists them"""


def picked(heard: str, orders: list[dict[str, Any]] = ORDERS, previous: Any = None) -> str:
    language = "en" if heard.isascii() else "zh"
    ctx = ValueContext(TODAY, language, records=orders, record_type=ORDER, previous=previous)
    found = pick(normalise(heard), orders, ORDER, ctx)
    assert (found.confidence > 0) == bool(found.matches)
    return " ".join(str(orders[at]["id"]) for at in sorted(found.matches))


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        # tail
        ("尾号1234", "shirt"),
        ("一二三四那个", "shirt"),
        ("幺二三四", "shirt"),
        ("我要退尾号是五六七八的那笔", "jeans"),
        ("八八零一", "phones"),
        ("尾号零一", "phones"),
        ("ending in five six seven eight", "jeans"),
        ("不对，是尾号5678那个", "jeans"),
        # misheard by one digit: the nearest
        ("五六七九", "jeans"),
        ("尾号一二四四", "shirt"),
        ("尾号八八一", "phones"),
        # day
        ("昨天买的", "shirt"),
        ("上礼拜三那单", "jeans"),
        ("双十一那天买的", "jeans"),
        ("我上礼拜三买的东西没收到", "jeans"),
        ("月初买的那个", "phones"),
        ("the one from yesterday", "shirt"),
        ("what I bought last Wednesday", "jeans"),
        # words
        ("黑色L码衬衫", "shirt"),
        ("蓝色那件", "jeans"),
        ("耳机", "phones"),
        ("蓝牙耳机没收到", "phones"),
        ("优衣库那个", "shirt"),
        ("小米的那个", "phones"),
        ("礼宁的裤子", "jeans"),
        ("趁山", "shirt"),
        ("南色的那个", "jeans"),
        ("牛子裤", "jeans"),
        ("黑的那件", "shirt"),
        ("我那个无线的耳机坏了", "phones"),
        # amount
        ("两百九十九那笔", "shirt"),
        ("一百九十九", "phones"),
        ("129.5", "jeans"),
        ("一百二十九块五的那个", "jeans"),
        ("三百块左右的", "shirt"),
        # place
        ("第一个", "shirt"),
        ("第二笔", "jeans"),
        ("最后一个", "phones"),
        ("最近那笔", "shirt"),
        ("最早的那个", "phones"),
        ("中间那个", "jeans"),
        ("the second one", "jeans"),
        ("the last one", "phones"),
        ("最贵的那个", "shirt"),
        ("便宜的那个", "jeans"),
        # what it is to become does not count
        ("昨天买的黑色L码衬衫想换成白色的M码", "shirt"),
        ("蓝色裤子改成黑色的", "jeans"),
        # not this, but that
        ("不是1234是5678", "jeans"),
        ("不是衬衫，是耳机", "phones"),
        ("不是昨天那个，是双十一买的", "jeans"),
        # several features agree, or one was wrong
        ("昨天买的衬衫", "shirt"),
        ("昨天在优衣库买的两百九十九的衬衫", "shirt"),
        ("尾号5678昨天买的", "jeans"),
        # several fit
        ("一百多块的", "jeans phones"),
        ("两个都退", "shirt jeans phones"),
        ("不是耳机", "shirt jeans"),
    ],
)
def test_the_order_meant_is_picked(heard: str, expected: str) -> None:
    assert picked(heard) == expected


@pytest.mark.parametrize(
    "heard",
    [
        "我要退款",
        "你好",
        "等一下",
        "我的手机号是一三八",
        "旗舰店那个",
        "白色那件",
        "尾号四四四四",
        "这个",
        "那个",
        "转人工",
        "前天的",
        "我买的东西没收到",
        "小麦的那个",
        "什么时候到",
        "一共多少钱",
        "嗯对",
        "你们是官方的吗",
        "我的订单",
        "怎么退货",
        "四十二码的鞋子",
        "红色L码的",
        "第五个",
        "五百块的那个",
        "我等了三天了",
        "去年买的",
        "我想换个地址",
        "客服电话多少",
        "I want a refund",
        "hello",
        "the red one",
        "where is my order",
        "一二",
        "快点",
        "裙子",
        "",
        "不对",
        "另一个",
        "再说一遍",
        "第一次买",
        "手机没声音了",
    ],
)
def test_a_sentence_without_a_fitting_feature_picks_nothing(heard: str) -> None:
    assert picked(heard) == ""


@pytest.mark.parametrize(
    "heard", ["不是这个，是另一个", "另外那个", "不是", "不对", "the other one", "not this one", "换一个"]
)
def test_the_other_one_of_two(heard: str) -> None:
    assert picked(heard, [SHIRT, JEANS], previous=SHIRT) == "jeans"
    assert picked(heard, [SHIRT, JEANS], previous=1) == "shirt"


def test_not_this_one_of_three_leaves_two() -> None:
    assert picked("不是这个", previous=SHIRT) == "jeans phones"


def test_upper_and_lower_mean_something_only_of_two() -> None:
    assert picked("上面那个", [SHIRT, JEANS]) == "shirt"
    assert picked("下面那个", [SHIRT, JEANS]) == "jeans"
    assert picked("上面那个") == ""


def test_two_orders_of_the_same_day_are_both_offered() -> None:
    second = {**PHONES, "placed_at": datetime(2026, 11, 16, 22, 0)}
    assert picked("昨天买的", [SHIRT, JEANS, second]) == "shirt phones"
    assert picked("昨天买的耳机", [SHIRT, JEANS, second]) == "phones"


def test_size_tells_two_shirts_apart() -> None:
    medium = order(
        "medium", "7777", "黑色M码衬衫", "衬衫", "黑色", "M", "优衣库官方旗舰店", 29900, "2026-11-10T09:00"
    )
    assert picked("黑色M码的衬衫", [SHIRT, medium]) == "medium"
    assert picked("大号那件", [SHIRT, medium]) == "shirt"
    assert picked("黑色衬衫", [SHIRT, medium]) == "shirt medium"


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("黑衬衫", "shirt"),
        ("那件白的", "white"),
        ("不是黑的是白的", "white"),
        ("不要白的要黑的", "shirt"),
        ("我说的是优衣库那件白的", "white"),
        ("尾号21那个", "white"),
        ("裤子", "jeans"),
        ("衬衫", "shirt white"),
    ],
)
def test_colour_tells_two_shirts_apart(heard: str, expected: str) -> None:
    white = order(
        "white", "4321", "白色L码衬衫", "衬衫", "白色", "L", "优衣库官方旗舰店", 29900, "2026-11-10T09:00"
    )
    assert picked(heard, [SHIRT, white, JEANS]) == expected


def test_a_misheard_tail_is_less_sure_than_a_right_one() -> None:
    ctx = ValueContext(TODAY, records=ORDERS, record_type=ORDER)
    right, near = pick("尾号五六七八", ORDERS, ORDER, ctx), pick("尾号五六七九", ORDERS, ORDER, ctx)
    assert right.confidence > 0.9 > 0.7 > near.confidence
    assert near.features == ("near_tail",)


def test_dates_may_be_iso_text() -> None:
    records = [{**SHIRT, "placed_at": "2026-11-16T09:00:00"}, {**JEANS, "placed_at": "2026-11-11T20:00:00"}]
    assert picked("昨天买的", records) == "shirt"


def test_records_without_the_fields_are_no_error() -> None:
    assert picked("昨天买的黑色衬衫1234", [{"id": "a"}, {"id": "b", "tail": None, "title": None}]) == ""


def test_as_a_slot_value_it_is_the_record_itself() -> None:
    ctx = ValueContext(TODAY, records=ORDERS, record_type=ORDER)
    assert parse("record", "尾号1234", ctx).value == SHIRT
    several = parse("record", "一百多块的", ctx)
    assert (several.value, several.reason, len(several.alternatives)) == (None, "ambiguous", 2)
    assert parse("record", "你好", ctx).reason == "nothing"


def test_a_record_is_called_by_tail_words_and_day() -> None:
    said = sayings(SHIRT, ORDER, TODAY, "zh")
    assert said[0] == "尾号一二三四"
    assert {"一二三四", "幺二三四", "1234", "黑色L码衬衫", "昨天买的"} <= set(said)
    assert "ending in one two three four" in sayings(SHIRT, ORDER, TODAY, "en")


@pytest.mark.parametrize("record", ORDERS)
def test_every_saying_picks_its_own_record(record: dict[str, Any]) -> None:
    for saying in sayings(record, ORDER, TODAY, "zh"):
        assert picked(saying) == record["id"], saying
