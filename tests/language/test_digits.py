"""Strings of digits: order tails, phone numbers, codes."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.language.digits import groups, parse
from voicebot.language.normalise import normalise
from voicebot.language.parsed import Parsed, ValueContext


def hear(text: str, at_least: int = 4, at_most: int = 4, previous: str | None = None) -> Parsed:
    ctx = ValueContext(datetime(2026, 11, 17), min_digits=at_least, max_digits=at_most, previous=previous)
    return parse(normalise(text), ctx)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("一二三四", "1234"),
        ("幺二三四", "1234"),
        ("1234", "1234"),
        ("1 2 3 4", "1234"),
        ("1-2-3-4", "1234"),
        ("尾号是1234", "1234"),
        ("五六七八那个", "5678"),
        ("我有一个订单尾号是五六七八", "5678"),
        ("三个八一", "8881"),
        ("四个零", "0000"),
        ("双八双六", "8866"),
        ("零零七八", "0078"),
        ("二零二六", "2026"),
        ("一千二百三十四", "1234"),
        ("十二三十四", "1234"),
        ("一二，三四", "1234"),
        ("一二，嗯，三四", "1234"),
        ("一二然后三四", "1234"),
        ("1234 1234", "1234"),
        ("刘尔七八", "6278"),
        ("一耳三四", "1234"),
        ("应该是八八零一吧", "8801"),
        ("哦等一下啊，八八零一", "8801"),
        ("洞幺拐九", "0179"),
        ("衣二三四", "1234"),
        ("一二三事", "1234"),
        ("for two one two", "4212"),
        ("five six seven ate", "5678"),
        ("double three four one", "3341"),
        ("oh one two three", "0123"),
        ("triple seven one", "7771"),
        ("twenty one thirty four", "2134"),
        ("twelve thirty four", "1234"),
        ("it's one two three four", "1234"),
        ("three eights and a one", "8881"),
        ("nineteen ninety nine", "1999"),
        # said again or taken back
        ("一二三四，不对，一二三五", "1235"),
        ("一二三不对一二四五", "1245"),
        ("1234，不是3，是8", "1284"),
        ("no, 5678", "5678"),
        ("不对，尾号5678那个", "5678"),
        ("one two three four no wait one two three five", "1235"),
        ("不是一二三四是五六七八", "5678"),
    ],
)
def test_four_digits_are_heard(heard: str, expected: str) -> None:
    assert hear(heard).value == expected


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        ("等一下", "nothing"),
        ("第一个", "nothing"),
        ("我要退款", "nothing"),
        ("昨天买的两件衣服", "nothing"),
        ("一共两笔", "nothing"),
        ("三天了", "nothing"),
        ("再说一遍", "nothing"),
        ("我有一个问题", "nothing"),
        ("两百块", "nothing"),
        ("上礼拜三买的", "nothing"),
        ("你好", "nothing"),
        ("我就是不要了", "nothing"),
        ("十一月三号", "nothing"),
        ("一起退", "nothing"),
        ("万一丢了", "nothing"),
        ("hello", "nothing"),
        ("wait a second", "nothing"),
        ("the second one", "nothing"),
        ("is anyone there", "nothing"),
        ("I don't know", "nothing"),
        ("everyone often phones", "nothing"),
        ("一二三", "too_short"),
        ("八八", "too_short"),
        ("尾号是三", "too_short"),
        ("one two three", "too_short"),
        ("一二三四五", "too_long"),
        ("13812345678", "too_long"),
        ("1234还是5678", "ambiguous"),
    ],
)
def test_what_is_no_answer_says_why(heard: str, reason: str) -> None:
    result = hear(heard)
    assert (result.value, result.reason) == (None, reason)


@pytest.mark.parametrize(
    ("heard", "previous", "expected"),
    [
        ("不是三是八", "1234", "1284"),
        ("不是1，是7", "8801", "8807"),
        ("是八不是三", "1234", "1284"),
        ("最后一位是八", "1234", "1238"),
        ("第三位是九", "1234", "1294"),
        ("倒数第二位是零", "1234", "1204"),
        ("第一个是五", "1234", "5234"),
        ("不是三十四是四十四", "1234", "1244"),
        ("it's not three it's eight", "1234", "1284"),
        ("the last digit is seven", "1234", "1237"),
        ("不是一二三四是五六七八", "1234", "5678"),
        ("不对，是5678", "1234", "5678"),
    ],
)
def test_one_digit_of_what_was_read_back_is_corrected(heard: str, previous: str, expected: str) -> None:
    result = hear(heard, previous=previous)
    assert (result.value, result.is_correction) == (expected, True)


def test_a_correction_that_fits_twice_is_ambiguous() -> None:
    result = hear("不是三是八", previous="3314")
    assert result.value is None
    assert result.alternatives == ("8314", "3814")


def test_an_unfinished_number_is_kept_as_partial() -> None:
    result = hear("一三八一二三四", at_least=11, at_most=11)
    assert result.is_partial
    assert result.alternatives == ("1381234",)


def test_a_long_number_comes_in_groups() -> None:
    assert hear("幺三八，幺二三四，五六七八", 11, 11).value == "13812345678"
    assert hear("一三八嗯然后幺二三四然后五六七八", 11, 11).value == "13812345678"


def test_groups_keep_their_place() -> None:
    text = "一二三四还是五六"
    assert [(group.digits, text[group.start : group.end]) for group in groups(text)] == [
        ("1234", "一二三四"),
        ("56", "五六"),
    ]


def test_without_bounds_any_digits_will_do() -> None:
    assert hear("三", 0, 0).value == "3"
    assert hear("等一下", 0, 0).value is None
