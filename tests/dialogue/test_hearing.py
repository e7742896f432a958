"""What is done with what was said, beyond plain answers."""

from __future__ import annotations

from collections.abc import Callable

from tests.dialogue.line import Line

Call = Callable[..., Line]


def test_two_requests_are_acknowledged_and_done_one_after_the_other(rings: Call) -> None:
    line = rings().caller_says("不是，我要退款，顺便查物流").hears("退款", "物流")
    line.caller_says("尾号5678").caller_says("原路").caller_says("对").has_done(
        "book_refund", order_id="o5678"
    )
    line.asks("parcel")


def test_empathy_is_shown_once(rings: Call) -> None:
    line = rings().caller_says("什么破快递，到底到哪了，气死我了")
    assert "抱歉" in line.said[0] or "理解" in line.said[0]
    before = len(line.everything)
    line.caller_says("气死我了，台灯")
    assert not any(
        text.startswith(("真的很抱歉，给您添麻烦了", "您的心情")) for text in line.everything[before:]
    )


def test_a_hello_is_met_with_an_invitation(rings: Call) -> None:
    rings(find_customer=None).caller_says("喂，你好").hears("说").asks("open")


def test_the_same_wish_again_puts_the_question_again(rings: Call) -> None:
    line = rings().caller_says("我要退款").asks("order")
    line.caller_says("我要退款").asks("order").hears("1234")


def test_cancelling_leaves_everything_as_it_was(rings: Call) -> None:
    line = rings().caller_says("我要退款").caller_says("对").caller_says("算了不弄了")
    line.has_not_done("book_refund").asks("more")


def test_a_caller_who_is_never_understood_reaches_a_human(rings: Call) -> None:
    line = rings(find_customer=None)
    for _ in range(8):
        if line.hand_over is None and line.finished is None:
            line.caller_says("阿巴阿巴阿巴")
    line.is_transferred_to("general")


def test_speech_while_the_agent_is_rung_is_answered_kindly(rings: Call) -> None:
    line = rings().caller_says("转人工").caller_says("怎么还没好")
    assert line.said
    assert line.hand_over is not None


def test_a_farewell_ends_the_call(rings: Call) -> None:
    rings().caller_says("没事了再见").ends()
