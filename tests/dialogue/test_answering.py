"""Believing an answer: words, sounds, audio and keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dialogue.line import Line
from voicebot.events import Ranked

Call = Callable[..., Line]


def at_the_order(rings: Call) -> Line:
    return rings().caller_says("我要退款").caller_says("不是").asks("order")


def test_audio_decides_between_tails_that_look_alike(rings: Call) -> None:
    line = at_the_order(rings)
    ranked = (Ranked("o5678", "五六七八", -0.1), Ranked("o1234", "一二三四", -2.0))
    line.caller_says("五六七吧", best_expected="o5678", ranked=ranked, confidence=0.95)
    line.hears("白色跑鞋").asks("refund_method")


def test_a_doubtful_value_is_read_back_whatever_the_script_prefers(rings: Call) -> None:
    line = at_the_order(rings)
    line.caller_says("嗯那个五什么八", best_expected="o5678", confidence=0.62)
    line.hears("5678")


def test_audio_without_confidence_is_not_believed(rings: Call) -> None:
    at_the_order(rings).caller_says("阿巴阿巴", best_expected="o5678", confidence=0.3).asks("order")


def test_the_words_win_over_audio_in_a_denial(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").asks("refund_method")
    line.caller_says("不要原路，退到余额", best_expected="original", confidence=0.9).hears("退到余额")


@pytest.mark.parametrize("reading", ["鱼闻", "退到余鹅"])
def test_another_reading_of_the_recogniser_may_hold_the_answer(rings: Call, reading: str) -> None:
    line = rings().caller_says("我要退款").caller_says("对")
    line.caller_says(reading).hears("退到余额")


def test_wrong_keys_are_answered_and_asked_again(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").asks("refund_method")
    line.presses("9").hears("按键").asks("refund_method")


def test_keys_that_fit_two_orders_give_a_choice(rings: Call) -> None:
    from tests.dialogue.shop import LAMP, SHOES

    twin = {**SHOES, "id": "o95678", "title": "红色跑鞋"}
    line = rings(list_orders=[LAMP, SHOES, twin]).caller_says("我要退款").caller_says("不是")
    line.presses("5678").hears("白色跑鞋", "红色跑鞋", "哪一笔").presses("2").asks("refund_method")


def test_what_sounds_much_more_like_one_choice_is_put_to_the_caller(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").asks("refund_method")
    ranked = (Ranked("original", "原路", -4.0), Ranked("balance", "余额", -8.9))
    line.caller_says("先路吧", ranked=ranked, confidence=0.05).hears("原路退回", "吗").asks("refund_method")
    line.caller_says("对").hears("退299元", "原路退回")


def test_what_sounds_like_neither_choice_is_not_guessed_at(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对")
    near = (Ranked("original", "原路", -6.0), Ranked("balance", "余额", -6.9))
    line.caller_says("先路吧", ranked=near, confidence=0.05).does_not_hear("是原路退回")
