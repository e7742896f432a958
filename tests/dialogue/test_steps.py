"""Following the script."""

from __future__ import annotations

from collections.abc import Callable

from tests.dialogue.line import Line, Refusal
from voicebot.dialogue import Dialogue, api

Call = Callable[..., Line]


def test_a_refusal_the_script_knows_takes_its_branch(rings: Call) -> None:
    def refuses(**_: object) -> None:
        raise Refusal("not_refundable")

    line = (
        rings(book_refund=refuses)
        .caller_says("我要退款")
        .caller_says("对")
        .caller_says("原路")
        .caller_says("对")
    )
    line.hears("没有通过").caller_says("好").is_transferred_to("general")


def test_an_answer_nobody_waits_for_changes_nothing(payments: Dialogue, rings: Call) -> None:
    line = rings().caller_says("我要退款")
    state, actions = payments.advance(line.state, api.Answered(999, {"id": "x"}))
    assert actions == ()
    assert state.open == line.state.open


def test_a_slow_system_is_covered_by_one_filler(payments: Dialogue) -> None:
    state, actions = payments.advance(payments.start(), _begin())
    fetch = next(action for action in actions if isinstance(action, api.Fetch))
    state, first = payments.advance(state, api.Late(fetch.request_id))
    assert any(isinstance(action, api.SayAction) for action in first)
    _, second = payments.advance(state, api.Late(fetch.request_id))
    assert second == ()


def test_an_account_that_is_not_found_twice_goes_to_a_human(rings: Call) -> None:
    line = rings(find_customer=None).caller_says("我要退款")
    line.presses("11111111").hears("没有查到").asks("account")
    line.presses("22222222").is_transferred_to("general")


def test_an_unknown_error_is_owned_up_to_and_the_second_fetches_a_human(rings: Call) -> None:
    line = rings().caller_says("我要退款")
    line.said = []
    line._take(api.Broken("E-TEST"))
    line.asks("order")
    assert line.said
    line._take(api.Broken("E-TEST"))
    line.is_transferred_to("general")


def test_a_call_that_never_ends_is_fetched_by_a_human(rings: Call) -> None:
    line = rings()
    for _ in range(100):
        if line.hand_over is not None:
            break
        line.caller_says("退款要手续费吗")
    line.is_transferred_to("general")


def _begin() -> api.Begin:
    from tests.dialogue.line import NOON

    return api.Begin("CA1", "+8613800001234", "+85258081000", NOON, 1)
