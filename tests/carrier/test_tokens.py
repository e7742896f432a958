"""A token opens one stream of one call, once, for a short time."""

from __future__ import annotations

import pytest

from voicebot.carrier.tokens import Redeemed, StreamTokens


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_opens_its_call_once() -> None:
    tokens = StreamTokens()
    token = tokens.issue("CA1")
    assert tokens.redeem(token, "CA1") == Redeemed("CA1", "")
    assert tokens.redeem(token, "CA1") is None
    assert len(tokens) == 0


@pytest.mark.parametrize("token", ["", "guess", "签", "\ud800", "x" * 10_000])
def test_what_was_never_issued_opens_nothing(token: str) -> None:
    tokens = StreamTokens()
    tokens.issue("CA1")
    assert tokens.redeem(token, "CA1") is None


def test_another_calls_token_opens_nothing_and_stays_good() -> None:
    tokens = StreamTokens()
    token = tokens.issue("CA1")
    assert tokens.redeem(token, "CA2") is None
    assert tokens.redeem(token, "CA1") is not None


def test_a_token_expires() -> None:
    clock = Clock()
    tokens = StreamTokens(lives_s=60, clock=clock)
    early, late = tokens.issue("CA1"), tokens.issue("CA2")
    clock.now = 59.9
    assert tokens.redeem(early, "CA1") is not None
    clock.now = 60.0
    assert tokens.redeem(late, "CA2") is None
    assert len(tokens) == 0


def test_a_repeated_webhook_may_ask_twice_but_one_stream_opens() -> None:
    tokens = StreamTokens()
    first, second = tokens.issue("CA1"), tokens.issue("CA1")
    assert first != second
    assert tokens.redeem(second, "CA1") is not None
    assert tokens.redeem(first, "CA1") is None


def test_the_reason_for_opening_again_comes_back_and_is_spent_on_its_own() -> None:
    tokens = StreamTokens()
    first, again = tokens.issue("CA1"), tokens.issue("CA1", "stream_lost")
    assert tokens.redeem(first, "CA1") == Redeemed("CA1", "")
    assert tokens.redeem(again, "CA1") == Redeemed("CA1", "stream_lost")
