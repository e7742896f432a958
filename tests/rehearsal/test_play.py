"""Examples are promises: a kept one says nothing, a broken one says where and what happened instead."""

from __future__ import annotations

import pytest

from tests.rehearsal.conftest import NewCall
from voicebot.dialplan.examples import Example, read_examples
from voicebot.dialplan.reading import Notes
from voicebot.dialplan.yamltree import read
from voicebot.rehearsal.play import play, play_all

REFUND = "- caller: 不是，我要退款\n    - caller: 对\n    - caller: 原路\n    - caller: 对\n    "


def example(dialogue: str, head: str = "") -> Example:
    tree, wrong = read(f"- name: x\n  {head}dialogue:\n    {dialogue}\n", "examples/x.yaml")
    assert not wrong
    (one,) = read_examples(tree, "examples/x.yaml", Notes())
    return one


KEPT = [
    "- bot: 王先生",
    "- bot: 王先生\n    - bot: 物流",  # two parts of one sentence, in order
    "- not_said: 退款",
    "- caller: 不是，我要退款\n    - asks: order",
    "- keys: '2'\n    - caller: 我要退款\n    - keys: '1'\n    - asks: refund_method",
    "- interrupts: 转人工\n    - transferred: general",
    "- silence: 3\n    - ends: nobody_there",
    f"{REFUND}- does: book_refund",
    f"{REFUND}- does: {{operation: book_refund, with: {{method: original, order_id: =order.id}}, times: 1}}",
    "- not_done: book_refund",
]

BROKEN = [
    ("- bot: 物流\n    - bot: 王先生", 'does not say "王先生"', 4),  # the other way round
    ("- bot: 张先生", "王先生您好", 3),  # tells what is said instead
    ("- not_said: 物流", 'says "物流"', 3),
    ("- caller: 不是，我要退款\n    - bot: 王先生", "does not say", 4),  # said before, not now
    ("- asks: order", 'is "greet.9", not "order"', 3),
    ("- transferred: general", "nobody at all", 3),
    ("- ends: goodbye", "the call goes on", 3),
    ("- silence: 3\n    - ends: goodbye", '"nobody_there", not "goodbye"', 4),
    ("- silence: 3\n    - caller: 喂", "the call is over", 4),
    ("- does: book_refund", "not carried out (done: nothing)", 3),
    (f"{REFUND}- not_done: book_refund", "has been carried out", 7),
    (f"{REFUND}- does: {{operation: book_refund, with: {{method: balance}}}}", "'method': 'original'", 7),
    (f"{REFUND}- does: {{operation: book_refund, times: 2}}", "1 times, not 2", 7),
]


@pytest.mark.parametrize("dialogue", KEPT)
def test_a_kept_promise(new_call: NewCall, dialogue: str) -> None:
    assert play(example(dialogue), new_call()) is None


@pytest.mark.parametrize(("dialogue", "told", "line"), BROKEN)
def test_a_broken_promise(new_call: NewCall, dialogue: str, told: str, line: int) -> None:
    problem = play(example(dialogue), new_call())
    assert problem is not None
    assert told in problem.message
    assert (problem.place.file, problem.place.line) == ("examples/x.yaml", line)
    assert problem.rule == "example"
    assert "voicebot chat payments" in problem.remedy


def test_every_example_has_a_call_of_its_own(new_call: NewCall) -> None:
    good, bad = example("- bot: 王先生"), example("- bot: 张先生")
    assert len(play_all([good, bad, good, bad], lambda _: new_call())) == 2


def test_what_goes_wrong_around_the_call_is_part_of_an_example() -> None:
    one = example("- bot: x", "agents: busy\n  systems: {book_refund: timeout}\n  ")
    assert (one.agents, dict(one.systems)) == ("busy", {"book_refund": "timeout"})
