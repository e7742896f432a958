"""One live call is driven, carried out, and freed to the last task, whatever happens."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.test_engine_pool import Ear, Mouth
from voicebot.audio import silence
from voicebot.driver import CallDriver, Heart, Parts, Services
from voicebot.engine_pool import EnginePool, Engines
from voicebot.errors import BackOfficeError, CarrierError
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    BridgeFailed,
    CallStarted,
    CancelAgent,
    ClearPlayout,
    Command,
    Event,
    Expectation,
    FrameReceived,
    HangUp,
    Heard,
    Journal,
    KeyPressed,
    LegEvent,
    Recap,
    Recognise,
    Request,
    RequestAnswered,
    RequestFailed,
    RingAgent,
    Samples,
    SendAudio,
    SendMark,
    SpeechReady,
    StreamEnded,
    Synthesise,
    Value,
    Woken,
)
from voicebot.mediastream import Parsed
from voicebot.ports import UNSURE, CarrierCommand, JournalEntry

STARTED = CallStarted("CA1", "MZ1", "+8613800001234", "+85258081000", datetime(2026, 11, 21, 9, 30), 7)
RECAP = Recap("", "unknown", "退款", (), "calm", "zh", "asked")
RING_FAILED = AgentLegChanged(1, LegEvent.FAILED)
RING = RingAgent(1, "li", "+85290000001", "general", 20_000, RECAP)


class Script:
    """A heart that answers from a table: event type -> commands. Over after `StreamEnded` or `HangUp`."""

    def __init__(
        self, table: Mapping[type, Sequence[Command]] | None = None, wake_at: int | None = None
    ) -> None:
        self.table = dict(table or {})
        self.seen: list[Event] = []
        self.times: list[int] = []
        self.is_over = False
        self._wake_at = wake_at

    def receive(self, event: Event, now_ms: int) -> list[Command]:
        self.seen.append(event)
        self.times.append(now_ms)
        commands = list(self.table.get(type(event), ()))
        if isinstance(event, Woken):
            self._wake_at = None
        if isinstance(event, StreamEnded) or any(isinstance(each, HangUp) for each in commands):
            self.is_over = True
        return commands

    def broken(self, code: str, now_ms: int) -> list[Command]:
        self.seen.append(KeyPressed(code))
        return []

    def wake_at(self) -> int | None:
        return self._wake_at

    def saw(self, kind: type) -> list[Any]:
        return [event for event in self.seen if isinstance(event, kind)]


class Wire:
    """The line under test: what the carrier says is put in, what it is told is kept."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Parsed | None] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.is_closed = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def receive(self) -> Parsed | None:
        return await self.incoming.get()

    async def send(self, message: str) -> None:
        await self.gate.wait()
        self.sent.append(json.loads(message))

    async def close(self) -> None:
        self.is_closed = True

    def kinds(self) -> list[str]:
        return [message["event"] for message in self.sent]


class Shop:
    """A back office that answers, fails or hangs as told."""

    def __init__(self, answer: Value | Exception = None, takes_s: float = 0.0) -> None:
        self.answer, self.takes_s = answer, takes_s
        self.finished: list[str] = []
        self.cancelled: list[str] = []

    async def perform(
        self, operation: str, arguments: Mapping[str, Value], *, idempotency_key: str | None = None
    ) -> Value:
        try:
            await asyncio.sleep(self.takes_s)
        except asyncio.CancelledError:
            self.cancelled.append(operation)
            raise
        self.finished.append(operation)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Carrier:
    def __init__(self, faults: Mapping[type, Exception] | None = None, takes_s: float = 0.0) -> None:
        self.faults, self.takes_s = dict(faults or {}), takes_s
        self.done: list[CarrierCommand] = []

    async def carry_out(self, call_id: str, command: CarrierCommand) -> None:
        await asyncio.sleep(self.takes_s)
        if type(command) in self.faults:
            raise self.faults[type(command)]
        self.done.append(command)


class Log:
    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.begun: list[str] = []
        self.kinds: list[str] = []

    async def begin(self, started: CallStarted, line: str) -> None:
        if self.fails:
            raise OSError("disk")
        self.begun.append(started.call_id)

    async def write(self, call_id: str, entries: Sequence[JournalEntry]) -> None:
        if self.fails:
            raise OSError("disk")
        self.kinds += [entry.journal.kind for entry in entries]


class Tape:
    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.is_closed = False

    def write_event(self, at_ms: int, event: Event) -> None:
        if self.fails:
            raise OSError("disk")
        self.events.append(event)

    def write_commands(self, at_ms: int, commands: Sequence[Command]) -> None:
        self.commands += commands

    def close(self) -> None:
        self.is_closed = True


class Detector:
    def is_speech(self, frame: Samples) -> bool:
        return True


class Stage:
    """Everything around one driver."""

    def __init__(self, heart: Heart, **services: Any) -> None:
        self.wire = Wire()
        self.tape = services.pop("tape", Tape())
        self.shop = services.pop("shop", Shop())
        self.carrier = services.pop("carrier", Carrier())
        self.log = services.pop("log", Log())
        self.pool = EnginePool(Engines(services.pop("ear", Ear()), Mouth()))
        self.driver = CallDriver(
            STARTED,
            Parts(heart, services.pop("detector", Detector()), "payments", self.tape),
            Services(self.pool, self.shop, self.carrier, self.log),
        )

    def say(self, parsed: Parsed | None) -> None:
        self.wire.incoming.put_nowait(parsed)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 -- no event tells of every condition
                await asyncio.sleep(0.001)


def drive(
    heart: Heart, story: Callable[[Stage], Awaitable[None]], *, ends_itself: bool = False, **services: Any
) -> Stage:
    """Run a call through a story, then hang up; nothing may be left over."""

    async def test() -> Stage:
        before = len(asyncio.all_tasks())
        stage = Stage(heart, **services)
        running = asyncio.create_task(stage.driver.run(stage.wire))
        await story(stage)
        if not ends_itself:
            stage.say(Parsed(stopped=True))
        await asyncio.wait_for(running, 5)
        assert stage.wire.is_closed
        assert stage.tape is None or stage.tape.is_closed
        assert len(asyncio.all_tasks()) == before, "tasks are left over"
        await asyncio.to_thread(stage.pool.close)
        return stage

    return asyncio.run(test())


async def nothing(stage: Stage) -> None:
    await stage.until(lambda: bool(stage.log.begun) or stage.log.fails)


def test_call_begins_with_the_start_and_ends_with_the_hang_up() -> None:
    heart = Script()
    stage = drive(heart, nothing)
    assert heart.seen == [STARTED, StreamEnded("caller_hung_up")]
    assert stage.log.begun == ["CA1"]
    assert stage.tape.events == heart.seen


def test_a_connection_that_breaks_is_not_a_hang_up() -> None:
    heart = Script()

    async def story(stage: Stage) -> None:
        stage.say(None)

    drive(heart, story, ends_itself=True)
    assert heart.seen[-1] == StreamEnded("stream_lost")


def test_frames_carry_the_detectors_opinion_and_keys_pass() -> None:
    heart = Script()

    async def story(stage: Stage) -> None:
        stage.say(Parsed(frames=(silence(20), silence(20)), events=(KeyPressed("1"),)))

    drive(heart, story)
    assert [event.is_speech for event in heart.saw(FrameReceived)] == [True, True]
    assert heart.saw(KeyPressed) == [KeyPressed("1")]
    assert heart.times == sorted(heart.times)


def test_the_alarm_wakes_the_heart_once() -> None:
    heart = Script(wake_at=20)

    async def story(stage: Stage) -> None:
        await stage.until(lambda: bool(heart.saw(Woken)))

    drive(heart, story)
    assert len(heart.saw(Woken)) == 1
    assert heart.times[heart.seen.index(Woken())] >= 20


def test_audio_marks_and_clear_go_out_in_order() -> None:
    heart = Script({CallStarted: [SendAudio(silence(20)), SendMark("1.0"), ClearPlayout()]})

    async def story(stage: Stage) -> None:
        await stage.until(lambda: "clear" in stage.wire.kinds())

    assert drive(heart, story).wire.kinds()[-2:] == ["mark", "clear"]


def test_clear_throws_away_what_was_not_sent_but_not_its_marks() -> None:
    heart = Script(
        {
            KeyPressed: [SendAudio(silence(20)), SendMark("old"), ClearPlayout(), SendAudio(silence(20))],
            CallStarted: [SendAudio(silence(20))],
        }
    )

    async def story(stage: Stage) -> None:
        stage.wire.gate.clear()  # a slow socket
        stage.say(Parsed(events=(KeyPressed("1"),)))
        await stage.until(lambda: bool(heart.saw(KeyPressed)))
        stage.wire.gate.set()
        await stage.until(lambda: len(stage.wire.sent) >= 4)

    assert drive(heart, story).wire.kinds() == ["media", "mark", "clear", "media"]


def test_engines_answer_into_the_call() -> None:
    heart = Script(
        {CallStarted: [Recognise(1, 1, silence(20), "zh", Expectation()), Synthesise(1, "您好", "xiaonuan")]}
    )

    async def story(stage: Stage) -> None:
        await stage.until(lambda: bool(heart.saw(Heard)) and len(heart.saw(SpeechReady)) == 3)

    drive(heart, story)


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        (Shop({"id": "r1"}), RequestAnswered(5, {"id": "r1"})),
        (Shop(None), RequestAnswered(5, None)),
        (Shop(BackOfficeError("no", code="already_refunded")), RequestFailed(5, "already_refunded")),
        (Shop(BackOfficeError("down")), RequestFailed(5, "unavailable")),
        (Shop(ValueError("?")), RequestFailed(5, "unavailable")),
        (Shop(takes_s=60), RequestFailed(5, "timeout")),
    ],
)
def test_every_request_is_answered_once(shop: Shop, told: Event) -> None:
    heart = Script({CallStarted: [Request(5, "list_orders", {}, timeout_ms=50)]})

    async def story(stage: Stage) -> None:
        await stage.until(lambda: told in heart.seen)

    drive(heart, story, shop=shop)
    assert len(heart.saw(type(told))) == 1


def test_a_booking_in_progress_outlives_the_hang_up_but_a_question_does_not() -> None:
    orders = [
        Request(1, "book_refund", {}, timeout_ms=2000, idempotency_key="CA1/refund/1"),
        Request(2, "list_orders", {}, timeout_ms=2000),
    ]
    shop = Shop(takes_s=0.2)
    drive(Script({CallStarted: orders}), nothing, shop=shop)
    assert shop.finished == ["book_refund"]
    assert shop.cancelled == ["list_orders"]


def test_carrier_orders_are_carried_out_in_order_even_after_the_hang_up() -> None:
    carrier = Carrier(takes_s=0.05)
    drive(Script({CallStarted: [RING], StreamEnded: [CancelAgent(1)]}), nothing, carrier=carrier)
    assert carrier.done == [RING, CancelAgent(1)]


@pytest.mark.parametrize(
    ("order", "fault", "told", "reason"),
    [
        (
            RING,
            CarrierError("busy", code="E-CARRIER-BUSY"),
            AgentLegChanged(1, LegEvent.FAILED),
            "caller_hung_up",
        ),
        (RING, KeyError("x"), AgentLegChanged(1, LegEvent.FAILED), "caller_hung_up"),
        (
            BridgeCaller(1),
            CarrierError("no", code="E-CARRIER-REFUSED"),
            BridgeFailed("E-CARRIER-REFUSED"),
            "caller_hung_up",
        ),
        # nobody knows whether the caller was moved: the stream's end must not count as a hang-up
        (BridgeCaller(1), CarrierError("late", code=UNSURE), BridgeFailed(UNSURE), "moved"),
    ],
)
def test_an_order_the_carrier_refuses_is_told(
    order: CarrierCommand, fault: Exception, told: Event, reason: str
) -> None:
    heart = Script({CallStarted: [order]})

    async def story(stage: Stage) -> None:
        await stage.until(lambda: told in heart.seen)

    drive(heart, story, carrier=Carrier({type(order): fault}))
    assert heart.seen[-1] == StreamEnded(reason)


def test_the_streams_end_after_moving_the_caller_is_no_hang_up() -> None:
    heart = Script({CallStarted: [BridgeCaller(1)]})

    async def story(stage: Stage) -> None:
        await stage.until(lambda: bool(stage.carrier.done))

    drive(heart, story)
    assert heart.seen[-1] == StreamEnded("moved")


def test_hang_up_is_ordered_then_the_line_is_closed() -> None:
    stage = drive(Script({CallStarted: [HangUp("goodbye")]}), nothing, ends_itself=True)
    assert stage.carrier.done == [HangUp("goodbye")]


def test_a_carrier_that_does_not_answer_delays_the_closing_only_shortly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voicebot.driver.HANG_UP_S", 0.05)
    stage = drive(
        Script({CallStarted: [HangUp("goodbye")]}), nothing, ends_itself=True, carrier=Carrier(takes_s=60)
    )
    assert stage.wire.is_closed


# --- faults -----------------------------------------------------------------------------


class Faulty(Script):
    """A heart with a bug in it."""

    def __init__(self, *, also_broken: bool = False) -> None:
        super().__init__()
        self.also_broken = also_broken

    def receive(self, event: Event, now_ms: int) -> list[Command]:
        if isinstance(event, KeyPressed):
            raise KeyError("the caller's number 13800001234")
        return super().receive(event, now_ms)

    def broken(self, code: str, now_ms: int) -> list[Command]:
        if self.also_broken:
            raise RuntimeError("again")
        return super().broken(code, now_ms)


def test_an_unknown_error_ends_the_turn_not_the_call(caplog: pytest.LogCaptureFixture) -> None:
    heart = Faulty()

    async def story(stage: Stage) -> None:
        stage.say(Parsed(events=(KeyPressed("1"),)))
        await stage.until(lambda: KeyPressed("E-CALL-BROKEN") in heart.seen)

    stage = drive(heart, story)
    assert heart.seen[-1] == StreamEnded("caller_hung_up")
    assert KeyPressed("1") in stage.tape.events  # the evidence
    told = [record.getMessage() for record in caplog.records if "E-CALL-BROKEN" in record.getMessage()]
    assert "test_driver.py" in told[0]
    assert "call=CA1" in told[0]
    assert "13800001234" not in caplog.text


@pytest.mark.parametrize(("also_broken", "keys"), [(True, 1), (False, 4)])
def test_a_heart_beyond_help_hangs_up(also_broken: bool, keys: int) -> None:
    async def story(stage: Stage) -> None:
        stage.say(Parsed(events=(KeyPressed("1"),) * keys))

    stage = drive(Faulty(also_broken=also_broken), story, ends_itself=True)
    assert stage.carrier.done == [HangUp("trouble")]


class BadDetector:
    def is_speech(self, frame: Samples) -> bool:
        raise ValueError("frame")


@pytest.mark.parametrize(
    "faulty", [{"tape": Tape(fails=True)}, {"log": Log(fails=True)}, {"detector": BadDetector()}]
)
def test_what_is_only_beside_the_call_may_fail(faulty: dict[str, Any]) -> None:
    heart = Script({CallStarted: [Journal("step", {"step": "x"})]})

    async def story(stage: Stage) -> None:
        stage.say(Parsed(frames=(silence(20),)))
        await stage.until(lambda: bool(heart.saw(FrameReceived)))

    drive(heart, story, **faulty)
    assert heart.seen[-1] == StreamEnded("caller_hung_up")


def test_the_server_stops_in_the_middle_of_a_call() -> None:
    async def test() -> None:
        carrier = Carrier()
        heart = Script({CallStarted: [RING], StreamEnded: [CancelAgent(1)]})
        stage = Stage(heart, carrier=carrier)
        running = asyncio.create_task(stage.driver.run(stage.wire))
        await stage.until(lambda: bool(carrier.done))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert heart.seen[-1] == StreamEnded("server_stopping")
        assert carrier.done == [RING, CancelAgent(1)]
        assert stage.wire.is_closed
        assert stage.tape.is_closed
        assert len(asyncio.all_tasks()) == 1
        stage.pool.close()

    asyncio.run(test())


# --- the journal ------------------------------------------------------------------------


def test_journal_goes_to_the_store_whole_and_to_the_log_without_the_callers_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = [
        Journal("caller_says", {"text": "尾号5678"}),
        Journal("problem", {"code": "E-ASR-LATE"}),
        Journal("request", {"arguments": {"phone": "+8613800001234"}}),
    ]
    with caplog.at_level(logging.INFO):
        stage = drive(Script({CallStarted: lines}), nothing)
    assert stage.log.kinds == ["caller_says", "problem", "request"]
    assert "E-ASR-LATE" in caplog.text
    assert "5678" not in caplog.text
    assert "1380000" not in caplog.text
