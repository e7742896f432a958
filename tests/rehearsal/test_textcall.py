"""A call in text is a real call: patience, transfers, slow systems and all."""

from __future__ import annotations

import pytest

from tests.rehearsal.conftest import NewCall
from voicebot.rehearsal.textcall import Entry, TextCall


def said(call: TextCall) -> str:
    call.settle()
    return "".join(entry.text for entry in call.news() if entry.who == "bot")


def of(entries: list[Entry], who: str) -> list[str]:
    return [f"{entry.what} {entry.text}".strip() for entry in entries if entry.who == who]


def test_the_bot_speaks_first_and_then_waits(new_call: NewCall) -> None:
    call = new_call()
    assert "王先生" in said(call)
    assert said(call) == ""
    assert not call.is_over


def test_words_and_keys_are_answered(new_call: NewCall) -> None:
    call = new_call()
    call.says("不是，我要退款")
    assert "尾号1234" in said(call)
    call.presses("1")
    assert "余额" in said(call)
    assert call.state.open is not None
    assert call.state.open.name == "refund_method"


def test_silence_lasts_until_the_patience_ends(new_call: NewCall) -> None:
    call = new_call()
    said(call)
    call.is_silent()
    call.settle()
    news = call.news()
    assert of(news, "caller") == ["silent"]
    assert of(news, "bot")


def test_what_is_said_over_the_bot_stops_it(new_call: NewCall) -> None:
    call = new_call()
    call.interrupts("不是，我要退款")
    call.settle()
    news = call.news()
    assert news[-1].at_ms < 9000
    assert "尾号1234" in news[-1].text


def test_done_things_are_told_with_what_was_given_and_answered(new_call: NewCall) -> None:
    call = new_call()
    for text in ("不是，我要退款", "对", "原路", "对"):
        call.says(text)
    call.settle()
    (done,) = [entry for entry in call.news() if entry.what == "done"]
    assert done.text == "book_refund"
    assert done.data["arguments"]["method"] == "original"
    assert not done.data["is_repetition"]


@pytest.mark.parametrize(
    ("agents", "is_over", "told"),
    [("accept", True, "connected"), ("busy", False, "busy"), ("decline", False, "declined")],
)
def test_agents_do_as_told(new_call: NewCall, agents: str, is_over: bool, told: str) -> None:
    call = new_call(agents=agents)
    call.says("转人工")
    call.settle()
    news = call.news()
    assert told in of(news, "agent")
    assert any(line.startswith("hears 王先生") for line in of(news, "agent"))
    assert call.queues_rung[0] == "general"
    assert call.is_over is is_over


@pytest.mark.parametrize(
    ("code", "heard", "told"),
    [
        ("slow", "原路退回", "done book_refund"),
        ("timeout", "系统", "refused book_refund"),
        ("already_refunded", "不会重复退", "refused book_refund"),
    ],
)
def test_business_systems_fail_as_told(new_call: NewCall, code: str, heard: str, told: str) -> None:
    call = new_call(systems={"book_refund": code})
    for text in ("不是，我要退款", "对", "原路"):
        call.says(text)
    said(call)
    call.says("对")
    call.settle()
    news = call.news()
    assert told in of(news, "system")
    assert heard in "".join(entry.text for entry in news if entry.who == "bot")


def test_hanging_up_ends_the_call_once(new_call: NewCall) -> None:
    call = new_call()
    call.hangs_up()
    call.hangs_up()
    assert call.is_over
    assert of(call.news(), "caller") == ["hangs_up"]


def test_the_same_call_again_says_the_same(new_call: NewCall) -> None:
    texts = []
    for _ in range(2):
        call = new_call(seed=7)
        call.says("转人工")
        texts.append(said(call))
    assert texts[0] == texts[1]
