"""The live calls: who may come in, who is being served, and what follows a stream that ended.

One per process, used from the event loop only. A call is known from its first ring until its
caller has gone, and a little longer, because the carrier repeats and reorders what it tells.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.driver import CallDriver, Parts, Services
from voicebot.events import CallStarted, Event, StreamEnded
from voicebot.mediastream import StreamStart
from voicebot.ports import Admission, AfterStream, Line

log = logging.getLogger("voicebot.calls")

RESUMES = 1
"""times a lost stream is opened again"""
REMEMBERED_S = 120.0
"""after the stream has ended: the carrier may still ask what next"""
MOVED_S = 4 * 3600.0
"""a conversation with an agent may take as long as the carrier allows"""
DRAIN_STEP_S = 0.1


@dataclass(eq=False, slots=True)
class _Known:
    """A call this process has heard of."""

    ani: str
    dnis: str
    line_name: str
    driver: CallDriver | None = None
    resumes: int = 0
    is_ended_by_us: bool = False
    was_moved: bool = False
    awaits_stream: bool = False
    """answered, and its stream is to come: its place is kept"""
    forgetting: asyncio.TimerHandle | None = field(default=None, repr=False)


class Switchboard:
    """Admits calls, drives them, and answers for them."""

    def __init__(
        self,
        services: Services,
        make_parts: Callable[[CallStarted, str], Parts],
        choose_line: Callable[[str], tuple[str, tuple[str, ...]] | None],
        *,
        max_calls: int,
        now: Callable[[], datetime],
        stream_wait_s: float = 30.0,
    ) -> None:
        """make_parts: what one call owns, for a start and a dialplan. choose_line: number dialled to
        dialplan and its languages, None when nobody answers it. now: local time of the business."""
        self._services = services
        self._make_parts = make_parts
        self._choose_line = choose_line
        self._max_calls = max_calls
        self._now = now
        self._stream_wait_s = stream_wait_s
        self._known: dict[str, _Known] = {}
        self._is_draining = False

    # --- admission ---

    def admit(self, call_id: str, ani: str, dnis: str) -> Admission:
        if call_id in self._known:
            return Admission.WELCOME
        chosen = self._choose_line(dnis)
        if chosen is None:
            log.error("E-NO-LINE call=%s: no dialplan answers the number dialled.", call_id)
            return Admission.NO_LINE
        if self._is_draining or self._taken() >= self._max_calls:
            log.warning("E-CALLS-FULL call=%s served=%s max=%s", call_id, self._taken(), self._max_calls)
            return Admission.BUSY
        self._await_stream(call_id, _Known(ani, dnis, chosen[0]))
        return Admission.WELCOME

    def languages(self, dnis: str) -> tuple[str, ...]:
        chosen = self._choose_line(dnis)
        return chosen[1] if chosen is not None else ("zh", "en")

    def _taken(self) -> int:
        return sum(known.driver is not None or known.awaits_stream for known in self._known.values())

    # --- serving ---

    async def serve(self, start: StreamStart, resume: str, line: Line) -> None:
        known = self._known.get(start.call_id)
        if known is None:
            log.warning("E-STREAM-UNKNOWN call=%s: the stream came too late.", start.call_id)
            await line.close()
            return
        if resume == "stream_lost":
            known.resumes += 1
        started = CallStarted(
            start.call_id,
            start.stream_id,
            known.ani,
            known.dnis,
            self._now(),
            secrets.randbits(31),
            resume,
        )
        parts = self._make_parts(started, known.line_name)
        driver = CallDriver(started, parts, self._services)
        if known.driver is not None:  # its connection is dead, and nobody has noticed yet
            known.driver.post(StreamEnded("moved" if known.driver.is_moving else "stream_lost"))
        self._keep(known)
        known.driver, known.was_moved, known.awaits_stream = driver, False, False
        log.info("call=%s begins line=%s resume=%s", start.call_id, known.line_name, resume or "no")
        try:
            await driver.run(line)
        finally:
            if known.driver is driver:
                known.driver = None
                known.is_ended_by_us = driver.has_hung_up
                known.was_moved = driver.is_moving
                if self._known.get(start.call_id) is known:
                    self._remember(start.call_id, known, MOVED_S if known.was_moved else REMEMBERED_S)
            log.info("call=%s ends served=%s", start.call_id, self._taken())

    def after_stream(self, call_id: str, ani: str, dnis: str) -> AfterStream:
        known = self._known.get(call_id)
        if known is None:
            chosen = self._choose_line(dnis)
            if chosen is None or self._is_draining:
                return AfterStream.APOLOGISE
            log.warning("E-CALL-UNKNOWN call=%s: taken up again after a restart.", call_id)
            known = _Known(ani, dnis, chosen[0])
            self._await_stream(call_id, known)
            return AfterStream.RESUME
        if known.is_ended_by_us or (known.driver is not None and known.driver.has_hung_up):
            return AfterStream.HANG_UP
        if known.was_moved or (known.driver is not None and known.driver.is_moving):
            return AfterStream.WAIT
        if self._is_draining or known.resumes >= RESUMES:
            return AfterStream.APOLOGISE
        self._await_stream(call_id, known)
        return AfterStream.RESUME

    def is_live(self, call_id: str) -> bool:
        known = self._known.get(call_id)
        return known is not None and known.driver is not None

    def post(self, call_id: str, event: Event) -> bool:
        known = self._known.get(call_id)
        if known is None or known.driver is None:
            return False
        known.driver.post(event)
        return True

    def caller_gone(self, call_id: str) -> None:
        known = self._known.pop(call_id, None)
        if known is not None:
            self._keep(known)
            if known.driver is not None:
                known.driver.post(StreamEnded("caller_hung_up"))

    def status(self) -> dict[str, object]:
        return {
            "status": "stopping" if self._is_draining else "ok",
            "calls": sum(known.driver is not None for known in self._known.values()),
            "max_calls": self._max_calls,
            "waiting": self._services.engines.waiting,
        }

    @property
    def known(self) -> int:
        """Calls still remembered; for tests of what is left over."""
        return len(self._known)

    # --- stopping ---

    async def drain(self, for_s: float) -> None:
        """Admit nobody; wait for running calls to end, then end those that are left."""
        self._is_draining = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + for_s
        while self._driven() and loop.time() < deadline:  # noqa: ASYNC110 -- calls end each in their way
            await asyncio.sleep(DRAIN_STEP_S)
        for driver in self._driven():
            driver.stop()
        deadline = loop.time() + 5.0
        while self._driven() and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_STEP_S)
        for known in self._known.values():
            self._keep(known)
        self._known.clear()

    def _driven(self) -> list[CallDriver]:
        return [known.driver for known in self._known.values() if known.driver is not None]

    # --- remembering ---

    def _await_stream(self, call_id: str, known: _Known) -> None:
        known.awaits_stream = True
        self._remember(call_id, known, self._stream_wait_s)

    def _remember(self, call_id: str, known: _Known, for_s: float) -> None:
        self._keep(known)
        self._known[call_id] = known
        known.forgetting = asyncio.get_running_loop().call_later(for_s, self._forget, call_id, known)

    def _keep(self, known: _Known) -> None:
        if known.forgetting is not None:
            known.forgetting.cancel()
            known.forgetting = None

    def _forget(self, call_id: str, known: _Known) -> None:
        known.awaits_stream = False
        if known.driver is None and self._known.get(call_id) is known:
            del self._known[call_id]
