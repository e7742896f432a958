"""Orders carried out at the carrier: what happens when words are lost, late or repeated."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from voicebot.carrier.control import NoControl, TwilioControl
from voicebot.carrier.handoff import MemoryHandoffs
from voicebot.carrier.rest import BUSY, GONE, REFUSED, FoundCall
from voicebot.carrier.tokens import StreamTokens
from voicebot.carrier.transfers import Transfers
from voicebot.carrier.urls import Urls
from voicebot.errors import CarrierError
from voicebot.events import BridgeCaller, CancelAgent, HangUp, Recap, RingAgent, TakeBackCaller
from voicebot.ports import UNSURE, CarrierCommand, Handoff

RECAP = Recap("王先生", "verified", "退款", (), "calm", "zh", "asked", spoken="王先生要退款。")


def ring(attempt: int = 1, recap: Recap = RECAP) -> RingAgent:
    return RingAgent(attempt, "li", "+85290000001", "general", 20_000, recap)


class Account:
    """A REST interface that notes what it is told and fails as told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.fails: dict[str, str] = {}
        self.found: list[FoundCall] = []
        self.rung = 0

    def _fail(self, what: str) -> None:
        if code := self.fails.get(what):
            raise CarrierError("no", code=code)

    async def create_call(self, to_number: str, *, url: str, status_callback: str, ring_s: int) -> str:
        self.rung += 1
        self.told.append(("ring", url))
        self._fail("ring")
        return f"CA-agent-{self.rung}"

    async def redirect(self, sid: str, twiml: str) -> None:
        self.told.append(("redirect", sid))
        self._fail("redirect")

    async def end(self, sid: str) -> None:
        self.told.append(("end", sid))
        self._fail("end")

    async def find_calls(self, to_number: str, since: datetime) -> list[FoundCall]:
        self.told.append(("find", to_number))
        return self.found


class Desk:
    def __init__(self) -> None:
        self.account, self.transfers, self.tokens = Account(), Transfers(), StreamTokens()
        self.handoffs = MemoryHandoffs()
        self.control = TwilioControl(
            self.account, Urls("https://v.example"), self.transfers, self.tokens, self.handoffs
        )

    async def do(self, *commands: CarrierCommand) -> str:
        """Carry out in order; answers the code of the first refusal."""
        for command in commands:
            try:
                await self.control.carry_out("CA1", command)
            except CarrierError as error:
                return error.code
        return ""

    def told(self, what: str) -> list[str]:
        return [to for kind, to in self.account.told if kind == what]


def run(story: Callable[[Desk], Awaitable[None]]) -> Desk:
    async def test() -> Desk:
        desk = Desk()
        await asyncio.wait_for(story(desk), 5)
        return desk

    return asyncio.run(test())


def test_the_page_is_there_before_the_phone_rings() -> None:
    async def story(desk: Desk) -> None:
        desk.account.fails["ring"] = REFUSED
        assert await desk.do(ring()) == REFUSED
        (handoff,) = desk.handoffs._handoffs.values()
        assert (handoff.call_id, handoff.recap, handoff.queue) == ("CA1", RECAP, "general")

    run(story)


def test_the_next_agent_has_the_same_page_and_another_recap_a_new_one() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(ring(1), ring(2), ring(3, Recap("", "unknown", "投诉", (), "angry", "zh", "asked")))

    desk = run(story)
    assert len(desk.handoffs._handoffs) == 2
    first, second, third = (url.split("/")[-3:-1] for url in desk.told("ring"))
    assert first[0] == second[0] != third[0]
    assert [first[1], second[1], third[1]] == ["1", "2", "3"]


def test_without_a_store_the_agent_is_rung_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryHandoffs):
        async def save(self, handoff: Handoff) -> None:
            raise OSError("王先生")

    async def story(desk: Desk) -> None:
        desk.control = TwilioControl(
            desk.account, Urls("https://v.example"), desk.transfers, desk.tokens, Broken()
        )
        assert await desk.do(ring()) == ""

    with caplog.at_level(logging.ERROR):
        run(story)
    assert "E-HANDOFF-STORE" in caplog.text
    assert "王先生" not in caplog.text


def test_an_agent_is_let_go_by_ending_the_leg() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(ring(), CancelAgent(1), CancelAgent(9))

    assert run(story).told("end") == ["CA-agent-1"]


# --- a lost answer --------------------------------------------------------------------------


def test_word_of_the_ringing_names_the_leg() -> None:
    async def story(desk: Desk) -> None:
        desk.account.fails["ring"] = UNSURE
        ringing = asyncio.create_task(desk.do(ring()))
        await asyncio.sleep(0.01)
        attempt = desk.transfers.of_call("CA1", 1)
        assert attempt is not None
        attempt.name("CA-late")  # the status callback did come
        assert await ringing == ""
        await desk.do(CancelAgent(1))

    desk = run(story)
    assert desk.told("find") == []
    assert desk.told("end") == ["CA-late"]


@pytest.mark.parametrize(
    ("found", "adopted"),
    [
        ([], False),
        ([FoundCall("CA-x", "ringing")], True),
        ([FoundCall("CA-x", "completed"), FoundCall("CA-y", "busy")], False),  # over: not this one
        ([FoundCall("CA-agent-1", "in-progress")], False),  # another transfer's leg to the same agent
    ],
)
def test_otherwise_the_carrier_is_asked(
    found: list[FoundCall], adopted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.carrier.control.NAMED_S", 0.01)

    async def story(desk: Desk) -> None:
        await desk.do(ring(1))
        desk.account.fails["ring"] = UNSURE
        desk.account.found = found
        assert await desk.do(ring(2)) == ("" if adopted else UNSURE)
        attempt = desk.transfers.of_call("CA1", 2)
        assert attempt is not None
        assert attempt.is_closed is not adopted

    run(story)


# --- moving and taking back -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "is_taken_back"),
    [("", True), (UNSURE, True), (BUSY, False), (GONE, False)],  # who never left need not be fetched
)
def test_only_who_may_have_left_is_taken_back(fault: str, is_taken_back: bool) -> None:
    async def story(desk: Desk) -> None:
        desk.account.fails["redirect"] = fault
        assert await desk.do(ring(), BridgeCaller(1)) == fault
        desk.account.fails.clear()
        assert await desk.do(TakeBackCaller(1), TakeBackCaller(1)) == ""

    desk = run(story)
    assert desk.told("redirect") == ["CA1"] * (2 if is_taken_back else 1)
    assert len(desk.tokens) == (1 if is_taken_back else 0)


def test_taking_back_a_caller_who_has_gone_is_no_error() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(ring(), BridgeCaller(1))
        desk.account.fails["redirect"] = GONE
        assert await desk.do(TakeBackCaller(1)) == ""

    run(story)


def test_nobody_is_moved_to_an_agent_who_was_never_rung() -> None:
    async def story(desk: Desk) -> None:
        assert await desk.do(BridgeCaller(1)) == "E-CARRIER-ATTEMPT"
        assert await desk.do(TakeBackCaller(1)) == ""

    assert run(story).told("redirect") == []


def test_hang_up_ends_the_callers_leg() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(HangUp("goodbye"))

    assert run(story).told("end") == ["CA1"]


def test_an_unwanted_leg_that_cannot_be_ended_is_only_told(caplog: pytest.LogCaptureFixture) -> None:
    async def story(desk: Desk) -> None:
        desk.account.fails["end"] = UNSURE
        await desk.control.end_leg("CA-agent")

    run(story)
    assert UNSURE in caplog.text


def test_without_an_account_nobody_is_rung_and_hanging_up_is_left_to_the_stream() -> None:
    async def story(desk: Desk) -> None:
        control = NoControl()
        await control.carry_out("CA1", HangUp("goodbye"))
        await control.carry_out("CA1", CancelAgent(1))
        for command in (ring(), BridgeCaller(1)):
            with pytest.raises(CarrierError, match="no account"):
                await control.carry_out("CA1", command)

    run(story)
