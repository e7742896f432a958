"""Who may come in, what follows a stream, and what is remembered for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from tests.test_driver import Carrier, Detector, Log, Script, Shop, Wire
from tests.test_engine_pool import Ear, Mouth
from voicebot.driver import Parts, Services
from voicebot.engine_pool import EnginePool, Engines
from voicebot.events import BridgeCaller, CallStarted, Command, HangUp, KeyPressed, StreamEnded
from voicebot.mediastream import Parsed, StreamStart
from voicebot.ports import Admission, AfterStream
from voicebot.switchboard import Switchboard

CALLER, LINE = "+8613800001234", "+85258081000"


class House:
    """A switchboard whose calls follow a script."""

    def __init__(self, *orders: Command, max_calls: int = 2, stream_wait_s: float = 5.0) -> None:
        self.orders = orders
        self.hearts: list[Script] = []
        self.started: list[CallStarted] = []
        self.pool = EnginePool(Engines(Ear(), Mouth()))
        self.carrier = Carrier()
        self.board = Switchboard(
            Services(self.pool, Shop(), self.carrier, Log()),
            self._make,
            lambda dnis: ("payments", ("zh",)) if dnis == LINE else None,
            max_calls=max_calls,
            now=lambda: datetime(2026, 11, 21, 9, 30),
            stream_wait_s=stream_wait_s,
        )

    def _make(self, started: CallStarted, line: str) -> Parts:
        self.started.append(started)
        self.hearts.append(Script({KeyPressed: self.orders}))
        return Parts(self.hearts[-1], Detector(), line)

    def ring(self, call_id: str = "CA1", dnis: str = LINE) -> Admission:
        return self.board.admit(call_id, CALLER, dnis)

    async def talk(self, call_id: str = "CA1", resume: str = "") -> tuple[Wire, asyncio.Task[None]]:
        """Open the stream of a call; returns when the call has begun."""
        wire = Wire()
        count = len(self.hearts)
        serving = asyncio.create_task(self.board.serve(StreamStart("MZ1", call_id), resume, wire))
        await self.until(lambda: len(self.hearts) > count and bool(self.hearts[-1].seen))
        return wire, serving

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 -- no event tells of every condition
                await asyncio.sleep(0.001)


def run(house: House, story: Callable[[House], Awaitable[None]]) -> None:
    async def test() -> None:
        before = len(asyncio.all_tasks())
        await asyncio.wait_for(story(house), 10)
        await house.board.drain(0)
        assert house.board.known == 0
        assert len(asyncio.all_tasks()) == before
        await asyncio.to_thread(house.pool.close)

    asyncio.run(test())


def test_a_call_is_admitted_served_and_remembered_shortly() -> None:
    async def story(house: House) -> None:
        assert house.ring() is Admission.WELCOME
        wire, serving = await house.talk()
        assert house.board.status()["calls"] == 1
        assert house.board.is_live("CA1")
        wire.incoming.put_nowait(Parsed(stopped=True))
        await serving
        assert not house.board.is_live("CA1")
        assert house.board.known == 1
        house.board.caller_gone("CA1")
        assert house.board.known == 0

    house = House()
    run(house, story)
    (started,) = house.started
    assert (started.ani, started.dnis, started.resume) == (CALLER, LINE, "")
    assert started.started_at == datetime(2026, 11, 21, 9, 30)


def test_one_call_more_than_there_are_lines_is_turned_away() -> None:
    async def story(house: House) -> None:
        assert [house.ring(f"CA{n}") for n in range(3)] == [
            Admission.WELCOME,
            Admission.WELCOME,
            Admission.BUSY,
        ]
        assert house.ring("CA0") is Admission.WELCOME  # the same call, asked again
        house.board.caller_gone("CA0")
        assert house.ring("CA2") is Admission.WELCOME

    run(House(max_calls=2), story)


def test_a_number_without_a_dialplan_is_turned_away() -> None:
    async def story(house: House) -> None:
        assert house.ring(dnis="+1") is Admission.NO_LINE

    run(House(), story)


def test_a_caller_whose_stream_never_comes_gives_the_place_free() -> None:
    async def story(house: House) -> None:
        assert house.ring("CA1") is Admission.WELCOME
        assert house.ring("CA2") is Admission.BUSY
        await house.until(lambda: house.board.known == 0)
        assert house.ring("CA2") is Admission.WELCOME

    run(House(max_calls=1, stream_wait_s=0.02), story)


def test_a_caller_who_hung_up_gives_the_place_free_at_once() -> None:
    async def story(house: House) -> None:
        house.ring("CA1")
        wire, serving = await house.talk()
        wire.incoming.put_nowait(Parsed(stopped=True))
        await serving
        assert house.ring("CA2") is Admission.WELCOME

    run(House(max_calls=1), story)


def test_a_stream_nobody_announced_is_closed() -> None:
    async def story(house: House) -> None:
        wire = Wire()
        await house.board.serve(StreamStart("MZ1", "CA9"), "", wire)
        assert wire.is_closed

    house = House()
    run(house, story)
    assert house.started == []


# --- what follows the end of a stream -----------------------------------------------------


def test_a_lost_stream_is_opened_again_once() -> None:
    async def story(house: House) -> None:
        house.ring()
        wire, serving = await house.talk()
        wire.incoming.put_nowait(None)
        await serving
        assert house.board.after_stream("CA1", CALLER, LINE) is AfterStream.RESUME
        assert (
            house.board.after_stream("CA1", CALLER, LINE) is AfterStream.RESUME
        )  # the carrier repeats itself
        wire, serving = await house.talk(resume="stream_lost")
        wire.incoming.put_nowait(None)
        await serving
        assert house.board.after_stream("CA1", CALLER, LINE) is AfterStream.APOLOGISE

    house = House()
    run(house, story)
    assert [started.resume for started in house.started] == ["", "stream_lost"]


def test_after_the_bot_hung_up_the_leg_ends() -> None:
    async def story(house: House) -> None:
        house.ring()
        wire, serving = await house.talk()
        wire.incoming.put_nowait(Parsed(events=(KeyPressed("1"),)))
        await serving
        assert house.board.after_stream("CA1", CALLER, LINE) is AfterStream.HANG_UP

    run(House(HangUp("goodbye")), story)


def test_a_caller_on_the_way_to_an_agent_waits() -> None:
    async def story(house: House) -> None:
        house.ring()
        wire, serving = await house.talk()
        wire.incoming.put_nowait(Parsed(events=(KeyPressed("1"),)))
        await house.until(lambda: bool(house.carrier.done))
        assert house.board.after_stream("CA1", CALLER, LINE) is AfterStream.WAIT
        wire.incoming.put_nowait(Parsed(stopped=True))
        await serving
        assert house.hearts[0].seen[-1] == StreamEnded("moved")
        assert house.board.after_stream("CA1", CALLER, LINE) is AfterStream.WAIT
        wire, serving = await house.talk(resume="transfer_failed")  # taken back
        wire.incoming.put_nowait(None)
        await serving
        assert house.board.after_stream("CA1", CALLER, LINE) is AfterStream.RESUME  # taking back is no loss

    run(House(BridgeCaller(1)), story)


@pytest.mark.parametrize(("dnis", "after"), [(LINE, AfterStream.RESUME), ("+1", AfterStream.APOLOGISE)])
def test_a_call_from_before_a_restart_is_taken_up_again(dnis: str, after: AfterStream) -> None:
    async def story(house: House) -> None:
        assert house.board.after_stream("CA7", CALLER, dnis) is after
        if after is AfterStream.RESUME:
            wire, serving = await house.talk("CA7", resume="stream_lost")
            wire.incoming.put_nowait(Parsed(stopped=True))
            await serving

    run(House(), story)


def test_a_new_stream_ends_the_call_on_a_dead_one() -> None:
    async def story(house: House) -> None:
        house.ring()
        _, first = await house.talk()
        wire, second = await house.talk(resume="stream_lost")
        await asyncio.wait_for(first, 5)
        assert house.hearts[0].seen[-1] == StreamEnded("stream_lost")
        assert house.board.is_live("CA1")
        wire.incoming.put_nowait(Parsed(stopped=True))
        await second

    run(House(), story)


def test_the_leg_is_over_whatever_the_stream_says() -> None:
    async def story(house: House) -> None:
        house.ring()
        _, serving = await house.talk()
        house.board.caller_gone("CA1")
        house.board.caller_gone("CA1")
        await asyncio.wait_for(serving, 5)
        assert house.hearts[0].seen[-1] == StreamEnded("caller_hung_up")
        assert not house.board.post("CA1", KeyPressed("1"))

    run(House(), story)


# --- stopping ---------------------------------------------------------------------------


def test_stopping_lets_calls_end_and_takes_no_new_ones() -> None:
    async def story(house: House) -> None:
        house.ring()
        wire, serving = await house.talk()
        draining = asyncio.create_task(house.board.drain(5))
        await asyncio.sleep(0.01)
        assert house.board.status()["status"] == "stopping"
        assert house.ring("CA2") is Admission.BUSY
        wire.incoming.put_nowait(Parsed(stopped=True))
        await serving
        await draining
        assert house.carrier.done == []

    run(House(), story)


def test_calls_that_do_not_end_are_ended() -> None:
    async def story(house: House) -> None:
        house.ring()
        _, serving = await house.talk()
        await house.board.drain(0.05)
        await asyncio.wait_for(serving, 5)
        assert house.hearts[0].seen[-1] == StreamEnded("server_stopping")
        assert house.carrier.done == [HangUp("trouble")]

    run(House(), story)
