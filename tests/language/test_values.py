"""One parser per slot type."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.dialplan.model import SLOT_TYPES
from voicebot.language.values import ValueContext, parse

TODAY = datetime(2026, 11, 17, 10, 0)
METHOD = {"original": ("原路退回", "原路"), "balance": ("余额", "退到余额")}


def ctx(**more: Any) -> ValueContext:
    return ValueContext(TODAY, **more)


@pytest.mark.parametrize("kind", SLOT_TYPES)
def test_every_slot_type_has_a_parser_that_survives_anything(kind: str) -> None:
    for text in (
        "",
        "嗯",
        "你好",
        "!!!",
        "a",
        "一",
        "不",
        "9" * 200,
        "对" * 200,
        "不是" * 60,
        "😀",
        "<b>",
        "啊" * 500,
    ):
        result = parse(kind, text, ctx(options=METHOD))
        assert (result.value is None) == bool(result.reason)


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(KeyError):
        parse("colour", "红", ctx())


@pytest.mark.parametrize(
    ("kind", "heard", "expected"),
    [
        ("yes_no", "对的没错", "yes"),
        ("yes_no", "不是", "no"),
        ("choice", "援路退回吧", "original"),
        ("choice", "第二个", "balance"),
        ("choice", "后面那个", "balance"),
        ("choice", "the first one", "original"),
        ("digits", "一二三四", "1234"),
        ("phone", "幺三八一二三四五六七八", "+8613812345678"),
        ("phone", "幺三八一二三四五六七八九", None),
        ("phone", "幺三八 一二三四 五六七八", "+8613812345678"),
        ("phone", "加八六 13812345678", "+8613812345678"),
        ("phone", "8613812345678", "+8613812345678"),
        ("phone", "零一零六四零三五五四七", "+861064035547"),
        ("phone", "九五一八八", None),
        ("account", "一三八零零一三八零零零", "13800138000"),
        ("account", "C N 6 2 7", "CN627"),
        ("money", "两百块", 20000),
        ("number", "三件", 3),
        ("number", "两个半", 2.5),
        ("number", "三点五", 3.5),
        ("date", "昨天", date(2026, 11, 16)),
        ("text", "中关村大街一号", "中关村大街一号"),
    ],
)
def test_a_value_of_each_type(kind: str, heard: str, expected: object) -> None:
    assert parse(kind, heard, ctx(options=METHOD if kind == "choice" else {})).value == expected


def test_an_english_number_of_ten_digits_is_american() -> None:
    heard = "six one seven, five five five, oh one two three"
    assert parse("phone", heard, ctx(language="en")).value == "+16175550123"


@pytest.mark.parametrize(
    ("heard", "reason"),
    [("不要退余额", "refused"), ("原路还是余额", "ambiguous"), ("今天天气不错", "nothing")],
)
def test_a_choice_that_was_not_made_says_why(heard: str, reason: str) -> None:
    result = parse("choice", heard, ctx(options=METHOD))
    assert (result.value, result.reason) == (None, reason)


def test_a_refused_choice_leaves_the_others() -> None:
    assert parse("choice", "不要退余额", ctx(options=METHOD)).alternatives == ("original",)


def test_a_change_of_mind_is_marked() -> None:
    result = parse("choice", "原路，不对，余额", ctx(options=METHOD))
    assert (result.value, result.is_correction) == ("balance", True)


def test_a_short_phone_number_is_partial() -> None:
    result = parse("phone", "幺三八一二三四五", ctx())
    assert result.value is None
    assert result.is_partial


def test_a_phone_number_is_corrected() -> None:
    context = ctx(previous="+8613812345678")
    assert parse("phone", "最后一位是九", context).value == "+8613812345679"


WORDS = (
    "一 二 三 十 百 两 零 幺 个 块 毛 元 点 半 几 多 来 号 月 年 天 周 礼拜 上 前 去年 昨天 双 不 是 不是 "
    "对 没 别 还是 吗 吧 的 那个 尾号 第 最 后 原路 余额 1 2 9 0 . - , ， 12 2026 one two double half "
    "hundred last monday ago not no yes the of may march $ % ¥ 廿 卅 百分之 负"
)
PIECES = st.sampled_from(WORDS.split())


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.sampled_from(SLOT_TYPES), st.lists(PIECES, max_size=9), st.booleans())
def test_no_mixture_of_words_breaks_a_parser(kind: str, pieces: list[str], spaced: bool) -> None:
    text = (" " if spaced else "").join(pieces)
    result = parse(kind, text, ctx(options=METHOD, min_digits=2, max_digits=6, previous="1234"))
    assert (result.value is None) == bool(result.reason)
    assert 0 <= result.confidence <= 1
    assert all(0 <= start <= end <= len(text) for start, end in result.spans)
