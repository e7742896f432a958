"""Drives one live call: feeds the heart, carries out what it orders, keeps its one alarm clock.

Theory of operation
-------------------
Everything that happens to a call becomes an event in one inbox and is given to `Call.receive` one
at a time, with the milliseconds since the call began. What it orders is carried out beside:
engines in their pools, business systems and the carrier in tasks, audio through the line's writer.
No decision is made here.

One TaskGroup holds all tasks of the call; nothing in it may raise, so that a fault of one order
never ends the others. When the call is over, everything is cancelled except what must not be torn
in the middle: a write to a business system (the caller said yes to it) and orders to the carrier
(an agent may be ringing). Both have time-outs.

Orders to the carrier are carried out one after the other, in the order they were given, so that
an agent is never let go before the ringing has begun.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from voicebot import mediastream
from voicebot.backoffice.base import BackOffice
from voicebot.driver_journal import JournalWriter, blame
from voicebot.engine_pool import EnginePool, Job
from voicebot.engines.base import SpeechDetector
from voicebot.errors import BackOfficeError, CarrierError
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    BridgeFailed,
    CallStarted,
    CancelAgent,
    ClearPlayout,
    Command,
    DiscardRecognition,
    Event,
    FrameReceived,
    HangUp,
    Journal,
    LegEvent,
    Prepare,
    Recognise,
    Request,
    RequestAnswered,
    RequestFailed,
    RingAgent,
    SendAudio,
    SendMark,
    StreamEnded,
    Synthesise,
    TakeBackCaller,
    Woken,
)
from voicebot.mediastream import Parsed
from voicebot.ports import UNSURE, CallLog, CarrierCommand, CarrierControl, Line, Recorder

log = logging.getLogger("voicebot.call")

CARRIER_S = 30.0
"""longest for one order to the carrier, all its retries included"""
HANG_UP_S = 4.0
"""for ending the leg by order; after that the closed stream ends it"""
JOBS_KEPT = 32
FAULTS_ALLOWED = 3
"""unknown errors of the heart before the call is given up"""
EVENTS_A_BREATH = 50


class Heart(Protocol):
    """What is driven: `voicebot.call.Call`."""

    @property
    def is_over(self) -> bool: ...

    def receive(self, event: Event, now_ms: int) -> list[Command]: ...

    def broken(self, code: str, now_ms: int) -> list[Command]: ...

    def wake_at(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What all calls share."""

    engines: EnginePool
    back_office: BackOffice
    carrier: CarrierControl
    call_log: CallLog


@dataclass(frozen=True, slots=True)
class Parts:
    """What one call owns."""

    heart: Heart
    detector: SpeechDetector
    line_name: str = ""
    """the dialplan"""
    recorder: Recorder | None = None


class CallDriver:
    """One live call, from the opened stream to the last freed thing."""

    def __init__(self, started: CallStarted, parts: Parts, services: Services) -> None:
        self.call_id = started.call_id
        self._started = started
        self._heart = parts.heart
        self._parts = parts
        self._services = services
        self._journal = JournalWriter(started, parts.line_name, services.call_log)
        self._faults = 0
        self._is_given_up = False
        self._began = time.monotonic()
        self._inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._outbox: deque[SendAudio | SendMark | ClearPlayout] = deque()
        self._outbox_filled = asyncio.Event()
        self._orders: asyncio.Queue[CarrierCommand | None] = asyncio.Queue()
        self._jobs: dict[tuple[object, ...], Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """cancelled at the end; not among them: writes to business systems, orders to the carrier"""
        self._group: asyncio.TaskGroup | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._has_hung_up = False
        self._is_moving = False
        """the caller has been, or may have been, sent to an agent's room"""

    @property
    def is_moving(self) -> bool:
        """The caller has been sent to an agent's room, or may have been."""
        return self._is_moving

    @property
    def has_hung_up(self) -> bool:
        """The bot has ended the call."""
        return self._has_hung_up

    def stop(self) -> None:
        """The server is stopping: say so to the heart, and end the caller's leg."""
        self.post(StreamEnded("server_stopping"))
        self._has_hung_up = True
        self._orders.put_nowait(HangUp("trouble"))

    def post(self, event: Event) -> None:
        """Something happened to this call. From the event loop's thread only."""
        self._inbox.put_nowait(event)

    async def run(self, line: Line) -> None:
        """Serve the call on this connection; returns when it is over and everything is freed."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._spawn(lambda: self._read(line))
                self._spawn(lambda: self._write(line))
                self._spawn(self._journal.run, is_kept=True)
                ordering = self._spawn(self._carry_out_orders, is_kept=True)
                self.post(self._started)
                try:
                    await self._serve()
                finally:
                    if not self._is_over:
                        self._give(StreamEnded("server_stopping"))
                    self._stop_work()
                    self._orders.put_nowait(None)
                    await ordering
                    await line.close()
        finally:
            self._group = None
            await self._finish()

    # --- the loop ---

    async def _serve(self) -> None:
        served = 0
        while not self._is_over:
            self._set_alarm()
            event = await self._inbox.get()
            self._give(event)
            served += 1
            if served % EVENTS_A_BREATH == 0:
                await asyncio.sleep(0)  # a flood on one line leaves time for the others

    @property
    def _is_over(self) -> bool:
        return self._heart.is_over or self._is_given_up

    def _give(self, event: Event) -> None:
        at_ms = self._now_ms()
        self._note(lambda recorder: recorder.write_event(at_ms, event))
        try:
            commands = self._heart.receive(event, at_ms)
        except Exception as error:  # the turn is lost, the call goes on; the recording has the evidence
            commands = self._after_fault(error, type(event).__name__, at_ms)
        self._note(lambda recorder: recorder.write_commands(at_ms, commands))
        for command in commands:
            try:
                self._dispatch(command, at_ms)
            except Exception as error:  # one order must not keep the others from being carried out
                self._blame("E-CALL-ORDER", error, order=type(command).__name__)

    def _after_fault(self, error: Exception, doing: str, at_ms: int) -> list[Command]:
        self._faults += 1
        self._blame("E-CALL-BROKEN", error, doing=doing)
        if self._faults <= FAULTS_ALLOWED:
            try:
                return self._heart.broken("E-CALL-BROKEN", at_ms)
            except Exception as second:
                self._blame("E-CALL-BROKEN", second, doing="broken")
        self._is_given_up = True
        return [HangUp("trouble")]

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        wake_at = self._heart.wake_at()
        if wake_at is not None:
            delay_s = max(0.0, self._began + wake_at / 1000 - time.monotonic())
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self.post, Woken())

    def _now_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    # --- the line ---

    async def _read(self, line: Line) -> None:
        stop_seen = False
        while (parsed := await line.receive()) is not None:
            self._take(parsed)
            if parsed.stopped:
                stop_seen = True
                break
        self.post(StreamEnded(self._why_ended(stop_seen)))
        await line.close()

    def _take(self, parsed: Parsed) -> None:
        for samples in parsed.frames:
            try:
                is_speech = self._parts.detector.is_speech(samples)
            except Exception as error:  # without an opinion, energy still decides
                self._blame("E-DETECTOR", error)
                is_speech = False
            self.post(FrameReceived(samples, is_speech))
        for event in parsed.events:
            self.post(event)

    def _why_ended(self, stop_seen: bool) -> str:
        if self._is_moving:
            return "moved"
        return "caller_hung_up" if stop_seen else "stream_lost"

    async def _write(self, line: Line) -> None:
        while True:
            await self._outbox_filled.wait()
            self._outbox_filled.clear()
            while self._outbox:
                await line.send(mediastream.message(self._outbox.popleft(), self._started.stream_id))

    # --- orders ---

    def _dispatch(self, command: Command, at_ms: int) -> None:
        engines = self._services.engines
        match command:
            case SendAudio() | SendMark() | ClearPlayout():
                if isinstance(command, ClearPlayout):
                    self._drop_unsent_audio()
                self._outbox.append(command)
                self._outbox_filled.set()
            case Synthesise():
                self._keep(("speak", command.request_id), engines.synthesise(command, self.post))
            case Prepare():
                self._keep(("prepare", command.text, command.voice, command.pace), engines.prepare(command))
            case Recognise():
                job = engines.recognise(command, self.post)
                self._keep(("hear", command.turn, command.attempt), job)
            case DiscardRecognition():
                unwanted = self._jobs.pop(("hear", command.turn, command.attempt), None)
                if unwanted is not None:
                    unwanted.cancel()
            case Request():
                is_write = command.idempotency_key is not None
                self._spawn(lambda: self._perform(command), is_kept=is_write)
            case RingAgent() | CancelAgent() | BridgeCaller() | TakeBackCaller() | HangUp():
                if isinstance(command, BridgeCaller | TakeBackCaller):
                    self._is_moving = True
                if isinstance(command, HangUp):
                    self._has_hung_up = True
                self._orders.put_nowait(command)
            case Journal():
                self._journal.note(command, at_ms)

    def _keep(self, key: tuple[object, ...], job: Job) -> None:
        """Remember a job, so that it can be cancelled; forget those that are done."""
        if len(self._jobs) >= JOBS_KEPT:
            self._jobs = {known: kept for known, kept in self._jobs.items() if not kept.is_done}
        self._jobs[key] = job

    def _drop_unsent_audio(self) -> None:
        """What was not sent yet is thrown away too. Marks stay: their echo is waited for."""
        kept = [command for command in self._outbox if not isinstance(command, SendAudio)]
        self._outbox.clear()
        self._outbox.extend(kept)

    async def _perform(self, request: Request) -> None:
        """Ask the business systems; exactly one answer, whatever happens."""
        event: Event
        try:
            async with asyncio.timeout(request.timeout_ms / 1000):
                result = await self._services.back_office.perform(
                    request.operation, request.arguments, idempotency_key=request.idempotency_key
                )
            event = RequestAnswered(request.request_id, result)
        except TimeoutError:
            log.warning("E-BACKOFFICE-LATE call=%s operation=%s", self.call_id, request.operation)
            event = RequestFailed(request.request_id, "timeout")
        except BackOfficeError as error:
            event = RequestFailed(request.request_id, error.code)
        except Exception as error:  # unknown faults of a shop's system are "unavailable" to the script
            self._blame("E-BACKOFFICE", error, operation=request.operation)
            event = RequestFailed(request.request_id, "unavailable")
        self.post(event)

    async def _carry_out_orders(self) -> None:
        while (command := await self._orders.get()) is not None:
            try:
                async with asyncio.timeout(HANG_UP_S if isinstance(command, HangUp) else CARRIER_S):
                    await self._services.carrier.carry_out(self.call_id, command)
            except CarrierError as error:
                log.warning(
                    "%s call=%s order=%s: %s", error.code, self.call_id, type(command).__name__, error
                )
                self._order_failed(command, error.code)
            except TimeoutError:
                log.error("E-CARRIER-LATE call=%s order=%s", self.call_id, type(command).__name__)
                self._order_failed(command, UNSURE)
            except Exception as error:
                self._blame("E-CARRIER", error, order=type(command).__name__)
                self._order_failed(command, UNSURE)

    def _order_failed(self, command: CarrierCommand, code: str) -> None:
        """Tell the heart. An order that may have been carried out still counts as moving the caller."""
        if isinstance(command, RingAgent):
            self.post(AgentLegChanged(command.attempt, LegEvent.FAILED))
        elif isinstance(command, BridgeCaller):
            self._is_moving = code == UNSURE
            self.post(BridgeFailed(code))
        elif isinstance(command, TakeBackCaller):
            self._is_moving = code == UNSURE

    # --- telling ---

    def _note(self, write: Callable[[Recorder], None]) -> None:
        if self._parts.recorder is None:
            return
        try:
            write(self._parts.recorder)
        except Exception as error:  # a recording is not worth a call
            self._blame("E-RECORDER", error)

    def _blame(self, code: str, error: BaseException, **about: str) -> None:
        blame(self.call_id, code, error, **about)

    # --- tasks ---

    def _spawn(
        self, work: Callable[[], Coroutine[Any, Any, None]], *, is_kept: bool = False
    ) -> asyncio.Task[None]:
        if self._group is None:
            raise RuntimeError("the call is not being driven")
        task = self._group.create_task(self._guarded(work))
        if not is_kept:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:
            self._blame("E-CALL-TASK", error)

    def _stop_work(self) -> None:
        """Free everything but what must not be torn in the middle."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        for job in self._jobs.values():
            job.cancel()
        self._jobs.clear()
        for task in self._tasks:
            task.cancel()
        self._journal.close()

    async def _finish(self) -> None:
        recorder = self._parts.recorder
        if recorder is not None:
            try:
                await asyncio.to_thread(recorder.close)
            except Exception as error:
                self._blame("E-RECORDER", error)
