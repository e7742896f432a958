"""The server as a whole, with everything real but models, sockets and time.

A caller rings through the stand-in for the carrier, talks over a WebSocket made of queues, and is
served by the payments hotline; agents behave as scripted. Nothing may be left over afterwards.
"""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tests.carrier.stand_in import (
    ACCOUNT,
    CALLER,
    LI,
    LINE,
    MA,
    PUBLIC,
    TOKEN,
    Socket,
    check_requests,
    rest_into,
    standing_in,
    start,
)
from tests.test_driver import Log
from voicebot.app import (
    AppParts,
    build_app,
    choose_line,
    fixed_prompts,
    prepare_behind,
    prepare_prompts,
    with_recording,
)
from voicebot.carrier.handoff import HandoffTokens, MemoryHandoffs
from voicebot.dialplan.model import Agent, Dialplan, Queue
from voicebot.dialplan_files import read_all
from voicebot.engine_pool import EnginePool, Engines
from voicebot.engines.scripted import EnergyDetector, ScriptedRecogniser, SilentSynthesiser
from voicebot.errors import ConfigError
from voicebot.events import Value
from voicebot.settings import Settings, read_settings
from voicebot.standin.legs import Leg
from voicebot.standin.people import PEOPLE, Person
from voicebot.standin.twilio_rest import Fault, StandIn
from voicebot.switchboard import Switchboard

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 21, 9, 30)
SETTINGS = {
    "PUBLIC_URL": PUBLIC,
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_FROM": LINE,
    "PREPARE_PROMPTS": "no",
}


@cache
def dialplans() -> Mapping[str, Dialplan]:
    """The hotline that ships, with two agents of ours in every queue."""
    plan = read_all(ROOT / "dialplans", voices_dir=None, embedder=None)["payments"]
    agents = (Agent("li", LI), Agent("ma", MA))
    queues = {name: Queue(name, queue.place, agents, 20_000) for name, queue in plan.queues.items()}
    return {"payments": replace(plan, queues=queues)}


class Shop:
    """Knows nobody, but can promise a call back."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def perform(
        self, operation: str, arguments: Mapping[str, Value], *, idempotency_key: str | None = None
    ) -> Value:
        self.done.append(operation)
        if operation == "open_ticket":
            return {"id": "t1", "number": "4711", "promise_at": NOW + timedelta(hours=2)}
        return [] if operation.startswith("list_") else None


class Phone:
    """The caller's end: presses keys when told, hears everything at once."""

    def __init__(self, app: FastAPI, standin: StandIn) -> None:
        self.app, self.standin = app, standin
        self.streams = 0
        self.heard_ms = 0
        self.socket: Socket | None = None
        self.opened = asyncio.Event()

    async def __call__(self, leg: Leg, url: str, parameters: Mapping[str, str]) -> None:
        self.streams += 1
        stream_id = f"MZ{self.streams}"
        headers = {"X-Twilio-Signature": self.standin.webhooks.sign(url)}
        self.socket = socket = Socket(self.app, "/twilio/media", headers)
        try:
            assert (await socket.next())["type"] == "websocket.accept"
            for message in start(leg.sid, stream_id, parameters):
                socket.say(message)
            self.opened.set()
            while (message := await self._next(socket))["type"] == "websocket.send":
                self._hear(socket, json.loads(message["text"]))
        except asyncio.CancelledError:
            socket.say({"event": "stop", "streamSid": stream_id, "stop": {"callSid": leg.sid}})
            while (await self._next(socket))["type"] != "websocket.close":
                pass
            raise
        await socket.done()

    async def _next(self, socket: Socket) -> Any:
        return await socket._from_app.get()

    def _hear(self, socket: Socket, message: dict[str, Any]) -> None:
        assert message["streamSid"] == f"MZ{self.streams}"
        if message["event"] == "media":
            self.heard_ms += len(message["media"]["payload"]) * 3 // 4 // 8
        elif message["event"] == "mark":
            socket.say({"event": "mark", "streamSid": message["streamSid"], "mark": message["mark"]})

    def press(self, key: str) -> None:
        assert self.socket is not None
        self.socket.say({"event": "dtmf", "streamSid": f"MZ{self.streams}", "dtmf": {"digit": key}})


class World:
    """A server, a carrier, a caller who has rung, and what came of it."""

    def __init__(
        self, app: FastAPI, standin: StandIn, shop: Shop, log: Log, handoffs: MemoryHandoffs
    ) -> None:
        self.app, self.standin, self.shop, self.log, self.handoffs = app, standin, shop, log, handoffs
        self.phone = Phone(app, standin)
        self.caller = standin.dial_in(
            CALLER,
            LINE,
            f"{PUBLIC}/twilio/voice",
            stream=self.phone,
            status_callback=f"{PUBLIC}/twilio/status",
        )

    @property
    def board(self) -> Switchboard:
        board: Switchboard = self.app.state.switchboard
        return board

    def agent(self, number: str = LI) -> Leg | None:
        return next((leg for leg in self.standin.legs.values() if leg.to_number == number), None)

    def agents_rung(self) -> list[str]:
        return [leg.to_number for leg in self.standin.legs.values() if leg.direction != "inbound"]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(8):
            while not condition():  # noqa: ASYNC110 -- no event tells of every condition
                await asyncio.sleep(0.002)

    async def asks_for_an_agent(self) -> None:
        await asyncio.wait_for(self.phone.opened.wait(), 5)
        await self.until(lambda: self.phone.heard_ms > 0)
        self.phone.press("0")


def run(
    story: Callable[[World], Awaitable[None]],
    people: Mapping[str, str | Person] | None = None,
    *,
    repeats_webhooks: bool = False,
    settings: Settings | None = None,
) -> World:
    """Run one story; afterwards no task, no thread, no leg and no call may be left."""
    behaviours = {
        number: PEOPLE[person] if isinstance(person, str) else person
        for number, person in (people or {}).items()
    }

    async def test() -> World:
        tasks = len(asyncio.all_tasks())
        box: list[FastAPI] = []

        async def app_to_come(scope: Scope, receive: Receive, send: Send) -> None:
            await box[0](scope, receive, send)

        async with standing_in(app_to_come, behaviours, repeats_webhooks=repeats_webhooks) as standin:
            shop, log, handoffs, rest = Shop(), Log(), MemoryHandoffs(), rest_into(standin)
            engines = Engines(ScriptedRecogniser([]), SilentSynthesiser(ms_per_character=5))
            parts = AppParts(
                dialplans=dialplans(),
                engines=engines,
                new_detector=EnergyDetector,
                back_office=shop,
                call_log=log,
                handoffs=handoffs,
                rest=rest,
                now=lambda: NOW,
            )
            app = build_app(settings or read_settings(SETTINGS), parts)
            box.append(app)
            async with app.router.lifespan_context(app):
                world = World(app, standin, shop, log, handoffs)
                await asyncio.wait_for(story(world), 20)
                await standin.close()
                await world.until(lambda: world.board.status()["calls"] == 0)
            rest.close()
            assert world.board.known == 0
        assert len(asyncio.all_tasks()) == tasks, asyncio.all_tasks()
        return world

    threads = threading.active_count()
    world = asyncio.run(test())
    gc.collect()
    assert threading.active_count() <= threads
    for leg in world.standin.legs.values():
        assert leg.warnings == []
    check_requests(world.standin.sent)
    return world


# --- ordinary calls -----------------------------------------------------------------------


def test_a_caller_is_greeted_and_hangs_up() -> None:
    async def story(world: World) -> None:
        await world.until(lambda: world.phone.heard_ms > 0)
        world.caller.hang_up()
        await world.caller.ended.wait()

    world = run(story)
    assert "find_customer" in world.shop.done
    assert "outcome" in world.log.kinds


def test_every_line_is_taken() -> None:
    async def story(world: World) -> None:
        await world.until(lambda: world.phone.heard_ms > 0)
        second = world.standin.dial_in(CALLER, LINE, f"{PUBLIC}/twilio/voice", stream=world.phone)
        await second.ended.wait()
        assert len(second.heard) == 2  # the apology, in both languages of the line
        assert world.phone.streams == 1

    run(story, settings=read_settings({**SETTINGS, "MAX_CALLS": "1"}))


def test_a_broken_stream_is_opened_again_and_the_bot_goes_on() -> None:
    async def story(world: World) -> None:
        await world.until(lambda: world.phone.heard_ms > 0)
        assert world.phone.socket is not None
        world.phone.socket.break_off()
        world.phone.socket._from_app.put_nowait({"type": "websocket.close"})
        await world.until(lambda: world.phone.streams == 2)
        heard_ms = world.phone.heard_ms
        await world.until(lambda: world.phone.heard_ms > heard_ms)

    run(story)


def test_the_server_stops_while_somebody_is_talking() -> None:
    async def story(world: World) -> None:
        await world.until(lambda: world.phone.heard_ms > 0)
        await world.board.drain(0.05)
        await asyncio.wait_for(world.caller.ended.wait(), 5)

    run(story)


# --- warm transfer ------------------------------------------------------------------------


async def is_served_by_an_agent(world: World) -> None:
    await world.asks_for_an_agent()
    await asyncio.wait_for(world.caller.ended.wait(), 10)
    assert [moment.text for moment in world.standin.moments if moment.kind == "joins"]


@pytest.mark.parametrize("repeats_webhooks", [False, True])
def test_agent_hears_the_recap_and_takes_the_call(repeats_webhooks: bool) -> None:
    world = run(is_served_by_an_agent, {LI: "accepts", MA: "accepts"}, repeats_webhooks=repeats_webhooks)
    assert world.agents_rung() == [LI]
    agent = world.agent()
    assert agent is not None
    assert len(agent.heard) == 2
    assert "1" in agent.heard[1]
    joined = {moment.leg.sid for moment in world.standin.moments if moment.kind == "joins"}
    assert joined == {agent.sid, world.caller.sid}
    assert world.phone.streams == 1
    told = json.dumps([[sent.path, sent.form] for sent in world.standin.sent])
    assert CALLER not in told  # nothing about the caller in addresses and room names


@pytest.mark.parametrize(
    "first", ["declines", "no_key", "wrong_key", "busy", "no_answer", "fails", "mailbox", "hangs_up"]
)
def test_next_agent_takes_the_call_when_the_first_does_not(first: str) -> None:
    world = run(is_served_by_an_agent, {LI: first, MA: "accepts"})
    assert world.agents_rung() == [LI, MA]
    assert world.phone.streams == 1


def test_nobody_takes_the_call_and_the_bot_returns_with_a_promise() -> None:
    async def story(world: World) -> None:
        await world.asks_for_an_agent()
        await world.until(lambda: "open_ticket" in world.shop.done)
        heard_ms = world.phone.heard_ms
        await world.until(lambda: world.phone.heard_ms > heard_ms)
        assert world.caller.is_live

    world = run(story, {LI: "declines", MA: "busy"})
    assert world.agents_rung() == [LI, MA]
    assert world.phone.streams == 1  # the caller never left the bot


@pytest.mark.parametrize(("person", "status"), [("slow", "canceled"), ("no_key", "completed")])
def test_caller_hangs_up_while_the_agent_is_rung(person: str, status: str) -> None:
    async def story(world: World) -> None:
        await world.asks_for_an_agent()
        live = "ringing" if person == "slow" else "in-progress"
        await world.until(lambda: (leg := world.agent()) is not None and leg.status == live)
        world.caller.hang_up()
        agent = world.agent()
        assert agent is not None
        await asyncio.wait_for(agent.ended.wait(), 5)
        assert agent.status == status

    assert run(story, {LI: person, MA: "accepts"}).agents_rung() == [LI]


@pytest.mark.parametrize(
    ("fault", "rung"),
    [
        (Fault("POST", "Calls.json$", 429, times=2), [LI]),
        (Fault("POST", "Calls.json$", 500, is_carried_out=True), [LI]),  # it did ring: never rung twice
        (Fault("POST", "Calls.json$", 0, is_carried_out=True), [LI]),
        (Fault("POST", "Calls.json$", 400), [MA]),
    ],
)
def test_trouble_at_the_carrier_while_ringing(fault: Fault, rung: list[str]) -> None:
    async def story(world: World) -> None:
        world.standin.faults.append(fault)
        await is_served_by_an_agent(world)

    assert run(story, {LI: "accepts", MA: "accepts"}).agents_rung() == rung


def test_ringing_that_may_not_have_happened_leads_to_the_next_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicebot.carrier.control.NAMED_S", 0.05)

    async def story(world: World) -> None:
        world.standin.faults.append(Fault("POST", "Calls.json$", 500))
        await is_served_by_an_agent(world)

    assert run(story, {LI: "accepts", MA: "accepts"}).agents_rung() == [MA]


def test_a_caller_who_cannot_be_moved_stays_with_the_bot() -> None:
    async def story(world: World) -> None:
        world.standin.faults.append(Fault("POST", world.caller.sid, 400, times=1))
        await world.asks_for_an_agent()
        await world.until(lambda: "open_ticket" in world.shop.done)
        agent = world.agent()
        assert agent is not None
        await asyncio.wait_for(agent.ended.wait(), 5)
        assert world.caller.is_live

    assert run(story, {LI: "accepts"}).phone.streams == 1


def test_agent_leaves_while_the_caller_is_on_the_way_and_the_bot_takes_the_caller_back() -> None:
    async def story(world: World) -> None:
        slow_move = Fault("POST", world.caller.sid, 200, is_carried_out=True, delay_s=15.0)
        world.standin.faults.append(slow_move)
        await world.asks_for_an_agent()
        await world.until(lambda: world.phone.streams == 2)
        heard_ms = world.phone.heard_ms
        await world.until(lambda: world.phone.heard_ms > heard_ms)
        assert world.caller.is_live

    world = run(story, {LI: Person(key_after_s=0.1, hangs_up_after_s=5.0)})
    resumed = [moment for moment in world.standin.moments if moment.text == "opens"]
    assert len(resumed) == 2


def test_the_agents_page_tells_what_the_recap_told() -> None:
    async def story(world: World) -> None:
        await is_served_by_an_agent(world)
        (handoff,) = world.handoffs._handoffs.values()
        transport = httpx.ASGITransport(world.app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            token = HandoffTokens(TOKEN).token(handoff.id)
            page = await client.get(f"/handoff/{handoff.id}?token={token}")
            assert (await client.get(f"/handoff/{handoff.id}")).status_code == 404
        agent = world.agent()
        assert agent is not None
        assert handoff.call_id == world.caller.sid
        assert page.status_code == 200
        assert agent.heard[0][:10] in page.text

    run(story, {LI: "accepts"})


# --- health, choices and refusals ----------------------------------------------------------


def test_health_is_counts_only() -> None:
    async def story(world: World) -> None:
        await world.until(lambda: world.phone.heard_ms > 0)
        transport = httpx.ASGITransport(world.app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            answer = await client.get("/healthz")
            assert (answer.status_code, answer.json()["calls"]) == (200, 1)
            assert CALLER not in answer.text
            await world.board.drain(0)
            assert (await client.get("/healthz")).status_code == 503

    run(story)


def _line(name: str, *numbers: str) -> Dialplan:
    return replace(dialplans()["payments"], line=name, numbers=numbers)


@pytest.mark.parametrize(
    ("lines", "dnis", "chosen"),
    [
        ([_line("a", "+1"), _line("b", "+2")], "+2", "b"),
        ([_line("a", "+1"), _line("b")], "+2", "b"),
        ([_line("a", "+1"), _line("b", "+2")], "+3", None),
        ([_line("a", "+1")], "+3", "a"),  # the only line there is answers everything
        ([_line("a"), _line("b", "+2")], "", "a"),
    ],
)
def test_the_number_dialled_chooses_the_line(lines: list[Dialplan], dnis: str, chosen: str | None) -> None:
    got = choose_line({line.line: line for line in lines}, dnis)
    assert (got[0] if got else None) == chosen


@pytest.mark.parametrize(
    ("who", "dialplan_says", "records"),
    [("dialplan", True, True), ("dialplan", False, False), ("never", True, False), ("always", False, True)],
)
def test_who_is_recorded(who: str, dialplan_says: bool, records: bool) -> None:
    plan = replace(_line("a"), record_calls=dialplan_says, recording_notice="recording_notice")
    assert with_recording(who, {"a": plan})["a"].record_calls is records


def test_nobody_is_recorded_without_being_told() -> None:
    with pytest.raises(ConfigError, match="recording_notice"):
        with_recording("always", {"a": replace(_line("a"), recording_notice="")})


def test_fixed_prompts_are_made_ahead_and_others_are_not() -> None:
    plan = dialplans()["payments"]
    texts = fixed_prompts(plan)
    assert texts
    assert {voice for voice, _ in texts} == set(plan.voices.values())
    assert not any("{" in spoken for _, spoken in texts)
    mouth = SilentSynthesiser(ms_per_character=0)
    assert prepare_prompts(Engines(ScriptedRecogniser([]), mouth), {"payments": plan}) == len(texts)
    assert sorted(mouth.spoken) == sorted(spoken for _, spoken in texts)


def test_prompts_can_be_made_behind_the_first_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicebot.app.PREPARE_POLL_S", 0.001)

    async def test() -> SilentSynthesiser:
        mouth = SilentSynthesiser(ms_per_character=0)
        pool = EnginePool(Engines(ScriptedRecogniser([]), mouth))
        await asyncio.wait_for(prepare_behind(pool, dialplans()), 10)
        await asyncio.to_thread(pool.close)
        return mouth

    assert len(asyncio.run(test()).spoken) == len(fixed_prompts(dialplans()["payments"]))


@pytest.mark.parametrize("missing", ["PUBLIC_URL", "TWILIO_AUTH_TOKEN"])
def test_the_server_is_not_even_built_with_unsafe_settings(missing: str) -> None:
    settings = read_settings({name: text for name, text in SETTINGS.items() if name != missing})
    with pytest.raises(ConfigError, match=missing):
        build_app(settings, AppParts(dialplans=dialplans()))


def test_an_unknown_time_zone_is_named() -> None:
    threads = threading.active_count()
    with pytest.raises(ConfigError, match="TIME_ZONE"):
        build_app(read_settings({**SETTINGS, "TIME_ZONE": "Mars/Phobos"}))
    assert threading.active_count() == threads
