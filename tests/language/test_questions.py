"""A question wants an answer; a request in the form of a question wants something done."""

from __future__ import annotations

import pytest

from voicebot.language.questions import asks


@pytest.mark.parametrize(
    "text",
    [
        "原路退回要多久才到账啊",
        "退到余额是什么意思",
        "余额在哪里看",
        "退款要手续费吗",
        "几天能到呢",
        "是不是要手续费？",
        "how long does a refund take",
        "what's my balance",
        "do you charge for that",
    ],
)
def test_questions(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "对，原路吧",
        "退到余额可以吗",  # says which way
        "那就余额，好吗",
        "是尾号五六七八那个",
        "能不能帮我退到余额吗",
        "我要退款",
        "几",  # half a word
        "could you put it on my balance",
        "to my card please",
        "",
    ],
)
def test_statements_and_requests(text: str) -> None:
    assert not asks(text)
