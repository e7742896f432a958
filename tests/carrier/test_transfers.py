"""Which leg belongs to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.carrier.test_control import ring
from voicebot.carrier.transfers import Transfers


def run(test: Callable[[Transfers], None]) -> None:
    async def inside() -> None:
        test(Transfers())

    asyncio.run(inside())


def test_attempts_are_found_by_address_by_call_and_by_leg() -> None:
    def test(transfers: Transfers) -> None:
        attempt, is_new = transfers.open("CA1", ring(1))
        assert is_new
        assert transfers.find(attempt.transfer_id, 1) is attempt
        assert transfers.of_call("CA1", 1) is attempt
        assert transfers.of_call("CA2", 1) is None
        assert not transfers.is_known_leg("CA-agent")
        attempt.name("CA-agent")
        assert transfers.is_known_leg("CA-agent")

    run(test)


def test_two_calls_never_share_an_address_and_ids_cannot_be_guessed() -> None:
    def test(transfers: Transfers) -> None:
        ids = {transfers.open(f"CA{n}", ring(1))[0].transfer_id for n in range(100)}
        assert len(ids) == 100
        assert {len(each) for each in ids} == {16}

    run(test)


def test_a_leg_is_named_once() -> None:
    def test(transfers: Transfers) -> None:
        attempt, _ = transfers.open("CA1", ring(1))
        attempt.name("")
        assert not attempt.named.is_set()
        attempt.name("CA-a")
        attempt.name("CA-b")
        assert attempt.agent_sid == "CA-a"

    run(test)
