"""What a sentence is taken for, when it could be several things."""

from __future__ import annotations

import pytest

from tests.dialogue.conftest import Call
from tests.dialogue.line import Refusal
from voicebot.dialogue import answering


def test_a_question_about_a_choice_is_answered_and_not_taken_for_the_choice(rings: Call) -> None:
    line = rings().caller_says("不是，我要退款").caller_says("对")
    line.caller_says("原路退回要多长时间").hears("工作日").asks("refund_method")
    line.caller_says("那就余额").hears("退到余额")


def test_a_choice_said_in_other_words_is_no_question(rings: Call) -> None:
    line = rings().caller_says("不是，我要退款").caller_says("对")
    line.caller_says("对，原路吧").hears("原路退回").does_not_hear("那张卡")


def test_another_order_by_its_tail_is_no_question_about_tails(rings: Call) -> None:
    rings().caller_says("不是，我要退款").caller_says("不对，是尾号五六七八那个").hears("跑鞋")


def test_nothing_more_is_nothing_more(rings: Call) -> None:
    rings().caller_says("不是").caller_says("没有了").ends()


def test_a_part_of_a_long_sentence_may_say_what_is_wanted(rings: Call) -> None:
    rings().caller_says("不是，不要给我转人工，我就查个快递").asks("parcel")


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("发一个吧", "要我把步骤用短信发给您吗？", True),
        ("催吧", "要我帮您催一下吗？", True),
        ("那就转吧", "我帮您转给人工同事，好吗？", True),
        ("别发了吧", "要我把步骤用短信发给您吗？", False),
        ("不催了吧", "要我帮您催一下吗？", False),
        ("算了吧", "要我帮您催一下吗？", False),
        ("退吧", "要我帮您催一下吗？", False),  # another verb
        ("发", "要我把步骤用短信发给您吗？", False),  # half a word is no yes
        ("发一个吧", "短信已经发出。", False),  # nothing was asked
    ],
)
def test_the_verb_of_the_question_given_back_is_a_yes(text: str, said: str, expected: bool) -> None:
    assert answering.echoes(text, [said]) is expected


def test_an_echo_is_taken_at_a_question(rings: Call) -> None:
    def is_down(**_: object) -> None:
        raise Refusal("unavailable")

    line = rings(list_orders=is_down).caller_says("不是，我要退款").hears("人工")
    line.caller_says("转一下吧").is_transferred_to("general")


def test_an_echo_books_nothing(rings: Call) -> None:
    line = rings().caller_says("不是，我要退款").caller_says("对").caller_says("原路")
    line.caller_says("退一下吧").has_not_done("book_refund")
