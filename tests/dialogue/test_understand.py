"""What a sentence may mean, by words and sounds alone (the meaning model is tested with the models)."""

from __future__ import annotations

import pytest

from voicebot.dialogue import Dialogue, understand
from voicebot.dialogue.understand import LIKELY, is_only, likeness_to, nth
from voicebot.events import Hearing


def best(dialogue: Dialogue, text: str, language: str = "zh") -> str:
    read = understand.read(dialogue.dialplan, language, Hearing(text=text), None)
    top = read.best
    return top.name if top is not None and top.score >= LIKELY and top.score > read.out_of_scope else "-"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("我要退款", "refund"),
        ("我要申请退款", "refund"),
        ("窝要推款", "refund"),  # misheard, same sounds
        ("帮我查一下物流", "track"),
        ("快递到哪了呀", "track"),
        ("转人工", "agent"),
        ("赶紧给我转人工啊", "agent"),
        ("找个活人来", "agent"),
        ("麻烦再说一遍", "repeat"),
        ("退款要手续费吗", "refund_fee"),
        ("订单号在哪里看", "find_order_number"),
        ("别给我转人工", "-"),  # refused
        ("今天天气怎么样", "-"),
        ("给我讲个笑话吧", "-"),
        ("啊", "-"),
        ("", "-"),
        ("一二三四", "-"),
        ("我家猫饿了", "-"),
    ],
)
def test_the_intent_of_a_sentence(payments: Dialogue, text: str, wanted: str) -> None:
    assert best(payments, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I want a refund", "refund"),
        ("where is my refund", "where_refund"),
        ("put me through to a real person please", "agent"),
        ("tell me a joke", "-"),
        ("purple elephants", "-"),
    ],
)
def test_the_intent_of_an_english_sentence(payments: Dialogue, text: str, wanted: str) -> None:
    assert best(payments, text, "en") == wanted


def test_two_requests_in_one_sentence_are_read_apart(payments: Dialogue) -> None:
    read = understand.read(payments.dialplan, "zh", Hearing(text="我要退款，顺便查物流"), None)
    assert [guesses[0].name for _, guesses in read.clauses] == ["refund", "track"]


@pytest.mark.parametrize(
    ("text", "is_it"),
    [("嗯", True), ("嗯嗯 好的", True), ("好的我要退款", False), ("不", False), ("", False)],
)
def test_nothing_but_backchannel(text: str, is_it: bool) -> None:
    assert is_only(text, ("嗯", "好的", "好")) is is_it


@pytest.mark.parametrize(
    ("text", "count", "index"),
    [
        ("第一个", 2, 0),
        ("后面那个", 2, 1),
        ("the second one", 3, 1),
        ("第三个", 2, None),
        ("都不是", 2, None),
    ],
)
def test_ordinals(text: str, count: int, index: int | None) -> None:
    assert nth(text, count) == index


def test_likeness_goes_by_letters_or_sound() -> None:
    assert likeness_to("援路退回", ("原路退回",)) > 0.9
    assert likeness_to("今天天气", ("原路退回",)) < 0.4
