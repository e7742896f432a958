"""Prompts and values, shown and spoken."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from voicebot.dialplan.model import FIELD_TYPES, Hole, Variant
from voicebot.language.speak import LONGEST_TEXT, clean, display, literal, render, resolve, spoken

TODAY = datetime(2026, 11, 17, 10, 0)
WORDING = {"method": {"original": ("原路退回", "原路"), "balance": ("退到余额",)}}


@pytest.mark.parametrize(
    ("value", "form", "shown", "said"),
    [
        ("1234", "digits", "1234", "幺二三四"),
        ("+8613812345678", "phone", "138 1234 5678", "幺三八，幺二三四，五六七八"),
        (129950, "money", "1299.50元", "一千二百九十九元五角"),
        (20000, "money", "200元", "两百元"),
        (2, "number", "2", "二"),
        (3.5, "percent", "3.5%", "百分之三点五"),
        (date(2026, 11, 16), "date", "昨天", "昨天"),
        (date(2026, 11, 11), "date", "上周三", "上周三"),
        (date(2026, 11, 20), "date", "周五", "周五"),
        (date(2026, 10, 1), "date", "10月1号", "十月一号"),
        ("2026-10-01", "date", "10月1号", "十月一号"),
        (datetime(2026, 11, 16, 15, 30), "datetime", "昨天15:30", "昨天下午三点半"),
        (time(9, 5), "time", "09:05", "上午九点零五分"),
        ("balance", "choice:method", "退到余额", "退到余额"),
        (True, "flag", "是", "是"),
        ("黑色L码衬衫2件", "text", "黑色L码衬衫2件", "黑色L码衬衫两件"),
        (["衬衫", "裤子", "袜子"], "text", "衬衫、裤子和袜子", "衬衫、裤子和袜子"),
    ],
)
def test_values_are_spoken_by_type(value: Any, form: str, shown: str, said: str) -> None:
    assert display(value, form, language="zh", wording=WORDING, today=TODAY) == shown
    assert spoken(value, form, language="zh", wording=WORDING, today=TODAY) == said


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [
        ("1234", "digits", "one two three four"),
        (29950, "money", "two hundred and ninety-nine point five yuan"),
        (date(2026, 11, 16), "date", "yesterday"),
        (date(2026, 10, 1), "date", "October first"),
        (time(15, 30), "time", "three thirty PM"),
        (3.5, "percent", "three point five percent"),
        (False, "flag", "no"),
        ("黑色衬衫2件", "text", "黑色衬衫两件"),
    ],
)
def test_values_are_spoken_in_english(value: Any, form: str, said: str) -> None:
    assert spoken(value, form, language="en", today=TODAY) == said


def test_dollars_are_a_matter_of_wording() -> None:
    wording = {"money": {"unit": ("dollar", "dollars"), "cent": ("cent", "cents")}}
    assert (
        spoken(12050, "money", language="en", wording=wording)
        == "one hundred and twenty dollars and fifty cents"
    )
    assert spoken(100, "money", language="en", wording=wording) == "one dollar"


SAMPLES: dict[str, Any] = {
    "text": "衬衫",
    "flag": True,
    "number": 2,
    "money": 100,
    "percent": 5,
    "digits": "12",
    "phone": "+8613812345678",
    "date": date(2026, 1, 1),
    "time": time(1, 2),
    "datetime": TODAY,
    "choice": "paid",
}


@pytest.mark.parametrize("form", FIELD_TYPES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_field_type_can_be_spoken(form: str, language: str) -> None:
    said = spoken(SAMPLES[form], form, language=language, today=TODAY)
    assert said
    assert not any(char.isdigit() for char in said)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("abc", "money"),
        (1.5, "money"),
        (True, "number"),
        ("x", "date"),
        (3, "date"),
        (1.5, "digits"),
        ("1", "nonsense"),
    ],
)
def test_a_value_that_does_not_fit_its_form_is_refused(value: Any, form: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        spoken(value, form, language="zh")


def test_a_choice_without_wording_is_named() -> None:
    with pytest.raises(KeyError, match="cash"):
        spoken("cash", "choice:method", language="zh", wording=WORDING)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("满300减50，请按1", "满三百减五十，请按一"),
        ("请拨打95188。", "请拨打九五幺八八。"),
        ("年化3.5%", "年化百分之三点五"),
        ("9:00到18:00", "九点到十八点"),
        ("1-3个工作日", "一到三个工作日"),
        ("尾号1234", "尾号幺二三四"),
        ("4008123123", "四零零，八幺二，三幺二三"),
        ("您好，请说。", "您好，请说。"),
        ("“好的”——马上办……", "“好的”——马上办……"),
        ("哎呀，真不好意思啊", "哎呀，真不好意思啊"),
    ],
)
def test_figures_in_a_prompt_become_words_and_nothing_else_changes(text: str, said: str) -> None:
    assert literal(text, "zh") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Press 1, or call 95188.", "Press one, or call nine five one eight eight."),
        ("Within 24 hours, 3.5% off", "Within twenty-four hours, three point five percent off"),
        ("1-3 working days", "one to three working days"),
        ("From 9:00 to 18:30", "From nine AM to six thirty PM"),
        ("Over $1,000", "Over one thousand dollars"),
        ("the 2nd one", "the second one"),
        ("Good-bye.", "Good-bye."),
    ],
)
def test_figures_in_an_english_prompt_become_words(text: str, said: str) -> None:
    assert literal(text, "en") == said


def test_a_prompt_is_filled_shown_and_spoken() -> None:
    variant = Variant(
        ("是订单尾号", Hole(("order", "tail"), "digits"), "的这", Hole(("count",), "number"), "笔吗？")
    )
    shown, said = render(variant, {"order": {"tail": "1234"}, "count": 2}, language="zh", today=TODAY)
    assert shown == "是订单尾号1234的这2笔吗？"
    assert said == "是订单尾号幺二三四的这两笔吗？"


@pytest.mark.parametrize(
    "values", [{}, {"order": None}, {"order": {}}, {"order": {"tail": None}}, {"order": "x"}]
)
def test_a_missing_value_names_the_hole(values: dict[str, Any]) -> None:
    variant = Variant(("尾号", Hole(("order", "tail"), "digits")))
    with pytest.raises(KeyError, match=r"order\.tail"):
        render(variant, values, language="zh")


def test_a_value_of_the_wrong_kind_names_the_hole() -> None:
    with pytest.raises(ValueError, match=r"order\.amount"):
        render(Variant((Hole(("order", "amount"), "money"),)), {"order": {"amount": "much"}}, language="zh")


def test_lists_are_reached_by_position() -> None:
    assert resolve(("orders", "1", "tail"), {"orders": [{"tail": "1"}, {"tail": "2"}]}) == "2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("衬衫<script>alert(1)</script>", "衬衫 alert(1)"),
        ("a\x00b\x1b[31mc\n\nd", "a b [31mc d"),
        ("好{order.tail}用", "好 用"),
        ("https://x.example/a 看看", "看看"),
        ("黑色L码衬衫（男）", "黑色L码衬衫（男）"),
        ("😀很好", "很好"),
    ],
)
def test_text_from_outside_is_cleaned(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_text_from_outside_is_kept_short() -> None:
    assert len(clean("很好用，" * 100)) <= LONGEST_TEXT
