"""Words about an agent who is rung: late, repeated, for nobody, and the room."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.carrier.stand_in import PUBLIC, TOKEN
from tests.carrier.test_control import Account, ring
from tests.carrier.test_socket import Desk
from voicebot.carrier.control import TwilioControl
from voicebot.carrier.handoff import MemoryHandoffs
from voicebot.carrier.routes import House
from voicebot.carrier.signature import SignatureCheck
from voicebot.carrier.tokens import StreamTokens
from voicebot.carrier.transfer_routes import transfer_routes
from voicebot.carrier.transfers import Attempt, Transfers
from voicebot.carrier.urls import Urls
from voicebot.events import (
    AgentLegChanged,
    BridgeFailed,
    CallerBridged,
    ConversationEnded,
    Event,
    LegEvent,
)


class Calls(Desk):
    """Notes what a call is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Event] = []
        self.gone: list[str] = []
        self.are_live = True

    def is_live(self, call_id: str) -> bool:
        return self.are_live

    def post(self, call_id: str, event: object) -> bool:
        self.told.append(event)  # type: ignore[arg-type]
        return True

    def caller_gone(self, call_id: str) -> None:
        self.gone.append(call_id)

    def legs(self) -> list[LegEvent]:
        return [event.what for event in self.told if isinstance(event, AgentLegChanged)]


class Room:
    """One agent being rung for one call."""

    def __init__(self) -> None:
        self.calls, self.account, self.transfers = Calls(), Account(), Transfers()
        tokens = StreamTokens()
        house = House(Urls(PUBLIC), SignatureCheck(PUBLIC, TOKEN), tokens, self.calls)
        control = TwilioControl(self.account, house.urls, self.transfers, tokens, MemoryHandoffs())
        self.app = FastAPI()
        self.app.include_router(transfer_routes(house, self.transfers, control))
        self.attempt: Attempt = self.transfers.open("CA1", ring())[0]

    async def post(self, step: str, transfer_id: str = "", attempt: int = 1, **form: str) -> list[str]:
        """Names of the verbs answered; empty for 204."""
        path = f"/twilio/transfer/{transfer_id or self.attempt.transfer_id}/{attempt}/{step}"
        form = {"CallSid": "CA-agent", "CallStatus": "in-progress", **form}
        signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            answer = await client.post(path, data=form, headers={"X-Twilio-Signature": signature})
        if answer.status_code == 204:
            return []
        assert answer.status_code == 200
        return [verb.tag for verb in ElementTree.fromstring(answer.text)]


def run(story: Callable[[Room], Awaitable[None]]) -> Room:
    async def test() -> Room:
        room = Room()
        await asyncio.wait_for(story(room), 5)
        return room

    return asyncio.run(test())


def test_an_agent_who_picks_up_hears_the_recap() -> None:
    async def story(room: Room) -> None:
        assert await room.post("recap") == ["Gather", "Redirect"]
        assert room.attempt.agent_sid == "CA-agent"

    assert run(story).calls.legs() == [LegEvent.ANSWERED]


@pytest.mark.parametrize(
    ("digits", "verbs", "told"),
    [
        ("1", ["Dial"], LegEvent.ACCEPTED),
        ("2", ["Say", "Hangup"], LegEvent.DECLINED),
        ("", ["Say", "Hangup"], LegEvent.NO_KEY),
        ("7", ["Say", "Hangup"], LegEvent.NO_KEY),
        ("11", ["Say", "Hangup"], LegEvent.NO_KEY),
    ],
)
def test_a_key_decides_and_a_repeated_webhook_hears_the_same(
    digits: str, verbs: list[str], told: LegEvent
) -> None:
    async def story(room: Room) -> None:
        assert await room.post("accept", Digits=digits) == verbs
        assert await room.post("accept", Digits=digits) == verbs

    assert set(run(story).calls.legs()) == {told}


@pytest.mark.parametrize("step", ["recap", "accept"])
def test_who_comes_too_late_is_thanked_and_released(step: str) -> None:
    async def story(room: Room) -> None:
        room.attempt.is_closed = True
        assert await room.post(step, Digits="1") == ["Say", "Hangup"]
        assert await room.post(step, transfer_id="ffff", Digits="1") == ["Say", "Hangup"]
        assert await room.post(step, attempt=7, Digits="1") == ["Say", "Hangup"]

    assert run(story).calls.told == []


@pytest.mark.parametrize("step", ["recap", "accept"])
def test_who_comes_after_the_caller_has_gone_is_told_so(step: str) -> None:
    async def story(room: Room) -> None:
        room.calls.are_live = False
        assert await room.post(step, Digits="1") == ["Say", "Hangup"]
        assert room.attempt.farewell == "gone"

    assert run(story).calls.told == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("initiated", []),
        ("ringing", [LegEvent.RINGING]),
        ("in-progress", [LegEvent.ANSWERED]),
        ("busy", [LegEvent.BUSY]),
        ("no-answer", [LegEvent.NO_ANSWER]),
        ("canceled", [LegEvent.NO_ANSWER]),
        ("failed", [LegEvent.FAILED]),
        ("completed", [LegEvent.LEFT]),
        ("something-new", []),
    ],
)
def test_states_of_the_leg_are_passed_on(status: str, told: list[LegEvent]) -> None:
    async def story(room: Room) -> None:
        assert await room.post("agent-status", CallStatus=status) == []

    assert run(story).calls.legs() == told


def test_words_that_come_after_the_last_one_change_nothing() -> None:
    async def story(room: Room) -> None:
        for status in ("completed", "ringing", "in-progress", "completed"):
            await room.post("agent-status", CallStatus=status)

    assert run(story).calls.legs() == [LegEvent.LEFT]


def test_a_phone_that_rings_although_nobody_wants_it_any_more_is_stopped() -> None:
    async def story(room: Room) -> None:
        room.attempt.is_closed = True  # let go while nobody knew whether it rings
        await room.post("agent-status", CallStatus="ringing")
        await room.post("agent-status", CallStatus="canceled")

    room = run(story)
    assert room.account.told == [("end", "CA-agent")]
    assert room.calls.told == []


@pytest.mark.parametrize("order", [("agent", "caller"), ("caller", "agent")])
def test_both_in_the_room_is_told_once_whoever_came_first(order: tuple[str, str]) -> None:
    async def story(room: Room) -> None:
        for label in (*order, *order):
            await room.post("room", StatusCallbackEvent="participant-join", ParticipantLabel=label)
            await room.post("room", StatusCallbackEvent="conference-start", ParticipantLabel=label)

    assert run(story).calls.told == [CallerBridged()]


def test_an_agent_who_left_before_the_caller_came_was_not_there() -> None:
    async def story(room: Room) -> None:
        for event, label in (("join", "agent"), ("leave", "agent"), ("join", "caller")):
            await room.post("room", StatusCallbackEvent=f"participant-{event}", ParticipantLabel=label)

    assert run(story).calls.told == []


@pytest.mark.parametrize(
    ("was_bridged", "status", "verbs", "told"),
    [
        (True, "in-progress", ["Hangup"], [ConversationEnded("agent_left")]),
        (True, "completed", [], [ConversationEnded("caller_left")]),
        (False, "in-progress", ["Connect"], [BridgeFailed("E-TRANSFER-ROOM")]),  # back to the bot
        (False, "completed", [], [ConversationEnded("caller_left")]),
    ],
)
def test_what_follows_the_room(was_bridged: bool, status: str, verbs: list[str], told: list[Event]) -> None:
    async def story(room: Room) -> None:
        room.attempt.was_bridged = was_bridged
        assert await room.post("caller-left", CallSid="CA1", CallStatus=status) == verbs

    assert run(story).calls.told == told


@pytest.mark.parametrize("step", ["agent-status", "room", "caller-left"])
def test_words_about_a_transfer_nobody_knows_do_no_harm(step: str) -> None:
    async def story(room: Room) -> None:
        assert await room.post(step, transfer_id="ffff", CallStatus="completed") == []

    assert run(story).calls.told == []


def test_unsigned_words_are_refused() -> None:
    async def story(room: Room) -> None:
        path = f"/twilio/transfer/{room.attempt.transfer_id}/1/accept"
        transport = httpx.ASGITransport(room.app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            assert (await client.post(path, data={"Digits": "1"})).status_code == 403

    assert run(story).calls.told == []
