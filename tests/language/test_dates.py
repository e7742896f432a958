"""Days, seen from Tuesday 17 November 2026 and looking back."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from voicebot.language.dates import find, parse
from voicebot.language.normalise import normalise
from voicebot.language.parsed import Parsed, ValueContext

TODAY = datetime(2026, 11, 17, 10, 0)


def hear(text: str, language: str = "zh", sense: str = "past") -> Parsed:
    return parse(normalise(text), ValueContext(TODAY, language), sense=sense)


def d(text: str) -> date | tuple[date, date]:
    first, _, last = text.partition("..")
    return (date.fromisoformat(first), date.fromisoformat(last)) if last else date.fromisoformat(first)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("今天", "2026-11-17"),
        ("昨天", "2026-11-16"),
        ("昨天下午", "2026-11-16"),
        ("昨晚", "2026-11-16"),
        ("前天", "2026-11-15"),
        ("大前天", "2026-11-14"),
        ("三天前", "2026-11-14"),
        ("三天以前", "2026-11-14"),
        ("上礼拜三", "2026-11-11"),
        ("上周三", "2026-11-11"),
        ("上个星期三", "2026-11-11"),
        ("上上周五", "2026-11-06"),
        ("周三", "2026-11-11"),
        ("周一", "2026-11-16"),
        ("礼拜天", "2026-11-15"),
        ("这周一", "2026-11-16"),
        ("双十一那天", "2026-11-11"),
        ("双11", "2026-11-11"),
        ("去年双十一", "2025-11-11"),
        ("双十二", "2025-12-12"),
        ("618", "2026-06-18"),
        ("六一八", "2026-06-18"),
        ("元旦", "2026-01-01"),
        ("圣诞节", "2025-12-25"),
        ("上个月15号", "2026-10-15"),
        ("上月十五号", "2026-10-15"),
        ("十五号", "2026-11-15"),
        ("二十号", "2026-10-20"),
        ("十一月三号", "2026-11-03"),
        ("11月3日", "2026-11-03"),
        ("12月20日", "2025-12-20"),
        ("今年五月六号", "2026-05-06"),
        ("二零二六年十一月一号", "2026-11-01"),
        ("2026-11-01", "2026-11-01"),
        ("刚买的", "2026-11-17"),
        ("我上礼拜三买的东西没收到", "2026-11-11"),
        ("昨天，不对，前天", "2026-11-15"),
        ("不是周三，是周四", "2026-11-12"),
    ],
)
def test_one_day(heard: str, expected: str) -> None:
    assert hear(heard).value == d(expected)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("月初", "2026-11-01..2026-11-07"),
        ("这个月初", "2026-11-01..2026-11-07"),
        ("上个月底", "2026-10-24..2026-10-31"),
        ("月底", "2026-10-24..2026-10-31"),
        ("上个月", "2026-10-01..2026-10-31"),
        ("九月份", "2026-09-01..2026-09-30"),
        ("十二月", "2025-12-01..2025-12-31"),
        ("国庆", "2026-10-01..2026-10-07"),
        ("国庆节的时候", "2026-10-01..2026-10-07"),
        ("去年国庆", "2025-10-01..2025-10-07"),
        ("五一", "2026-05-01..2026-05-05"),
        ("春节", "2026-02-16..2026-02-23"),
        ("中秋", "2026-09-25..2026-09-27"),
        ("去年中秋", "2025-10-06..2025-10-08"),
        ("端午", "2026-06-19..2026-06-21"),
        ("上周", "2026-11-09..2026-11-15"),
        ("上个礼拜", "2026-11-09..2026-11-15"),
        ("上周末", "2026-11-14..2026-11-15"),
        ("两周前", "2026-11-01..2026-11-05"),
        ("11月3号到5号", "2026-11-03..2026-11-05"),
        ("年初", "2026-01-01..2026-02-28"),
    ],
)
def test_a_span_of_days(heard: str, expected: str) -> None:
    assert hear(heard).value == d(expected)


@pytest.mark.parametrize(
    ("heard", "day"),
    [
        ("前几天", "2026-11-13"),
        ("前两天", "2026-11-14"),
        ("最近几天", "2026-11-15"),
        ("十来天前", "2026-11-06"),
        ("一个多星期前", "2026-11-08"),
        ("半个月前", "2026-11-02"),
        ("前阵子", "2026-10-25"),
        ("好几天前", "2026-11-12"),
        ("a couple of weeks ago", "2026-11-03"),
        ("the other day", "2026-11-14"),
        ("recently", "2026-11-12"),
    ],
)
def test_loose_words_give_a_span_that_holds_what_is_meant(heard: str, day: str) -> None:
    result = hear(heard, "en" if heard.isascii() else "zh")
    first, last = result.value
    assert first <= date.fromisoformat(day) <= last


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("last Wednesday", "2026-11-11"),
        ("yesterday", "2026-11-16"),
        ("the day before yesterday", "2026-11-15"),
        ("November 3rd", "2026-11-03"),
        ("November third", "2026-11-03"),
        ("3 November", "2026-11-03"),
        ("the third of October", "2026-10-03"),
        ("the 15th of last month", "2026-10-15"),
        ("three days ago", "2026-11-14"),
        ("two weeks ago", "2026-11-01..2026-11-05"),
        ("last week", "2026-11-09..2026-11-15"),
        ("last month", "2026-10-01..2026-10-31"),
        ("on Monday", "2026-11-16"),
        ("Singles' Day", "2026-11-11"),
        ("Christmas", "2025-12-25"),
        ("in October", "2026-10-01..2026-10-31"),
        ("no, the twenty first of October", "2026-10-21"),
    ],
)
def test_english_days(heard: str, expected: str) -> None:
    assert hear(heard, "en").value == d(expected)


@pytest.mark.parametrize(
    "heard",
    [
        "等一下",
        "三天了还没到",
        "都五天了",
        "第一个",
        "一号楼",
        "两天了",
        "退款",
        "三个月的会员",
        "尾号1234",
        "我要两件",
        "什么时候到",
        "一周年",
        "五星好评",
        "周先生",
        "年费多少",
        "三十块",
        "多久能到",
        "月球",
        "要三天吗",
        "一天到晚",
        "二十个工作日",
        "三号线坏了",
        pytest.param(
            "怀胎十月",
            marks=pytest.mark.xfail(strict=True, reason="a month inside a saying is taken for one"),
        ),
    ],
)
def test_what_is_no_day(heard: str) -> None:
    assert hear(heard).value is None


@pytest.mark.parametrize(
    "heard", ["hello", "two shirts", "May I ask", "I march on", "second one", "in three parts", "sun cream"]
)
def test_what_is_no_day_in_english(heard: str) -> None:
    assert hear(heard, "en").value is None


def test_looking_forward_the_next_such_day_is_meant() -> None:
    assert hear("周三", sense="future").value == date(2026, 11, 18)
    assert hear("二十号", sense="future").value == date(2026, 11, 20)
    assert hear("双十二", sense="future").value == date(2026, 12, 12)
    assert hear("明天").value == date(2026, 11, 18)
    assert hear("三天后").value == date(2026, 11, 20)


def test_two_days_are_ambiguous() -> None:
    result = hear("周一还是周三")
    assert (result.value, result.reason) == (None, "ambiguous")


def test_a_day_that_does_not_exist_is_no_day() -> None:
    assert hear("二月三十号").value is None
    assert hear("十三月一号").value is None


def test_a_leap_day_is_the_last_one() -> None:
    assert hear("二月二十九号").value == date(2024, 2, 29)


def test_the_place_of_the_words_is_known() -> None:
    text = "我上礼拜三买的"
    (days,) = find(text, today=TODAY)
    assert text[days.start : days.end] == "上礼拜三"
