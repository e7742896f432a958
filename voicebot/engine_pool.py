"""The speech engines, shared by all calls: bounded threads, the urgent things first.

Recognition and synthesis have threads of their own, so that neither waits for the other. Within
each, what a caller is waiting for goes before what may be needed later: a final recognition
before a partial one, a sentence to be spoken before one to be prepared. A job that is cancelled
before it began never begins; one that is running is let finish, and its result is dropped.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from voicebot.audio import silence
from voicebot.engines.base import Embedder, Recogniser, Synthesiser
from voicebot.errors import EngineError
from voicebot.events import (
    Event,
    Heard,
    Prepare,
    Recognise,
    RecognitionFailed,
    SpeechReady,
    Synthesise,
    SynthesisFailed,
)
from voicebot.faults import place_of

log = logging.getLogger("voicebot.engines")

URGENT, LATER = 0, 1
MOST_LATER = 64
"""jobs that may wait without being urgent; older ones give way"""

Answer = Callable[[Event], None]


class Job:
    """One piece of work in a pool."""

    def __init__(self, work: Callable[[Job], None], on_dropped: Callable[[], None] | None = None) -> None:
        """on_dropped: told when the pool gives the job up because too much is waiting."""
        self.work = work
        self.on_dropped = on_dropped
        self._cancelled = threading.Event()
        self._done = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    def run(self) -> None:
        """Do it, unless it was cancelled before; for the pool's threads."""
        try:
            if not self.is_cancelled:
                self.work(self)
        finally:
            self._done.set()

    def cancel(self) -> None:
        """Do not begin; when running, stop at the next chance and tell nobody."""
        self._cancelled.set()


class PriorityPool:
    """A fixed number of threads; the lowest priority number first, then first come."""

    def __init__(self, name: str, workers: int) -> None:
        self._waiting: list[tuple[int, int, Job]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True)
            for number in range(1, workers + 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, priority: int, job: Job) -> None:
        """Do it when its turn comes."""
        dropped: Job | None = None
        with self._changed:
            if self._is_closed:
                return
            heapq.heappush(self._waiting, (priority, next(self._numbers), job))
            later = [entry for entry in self._waiting if entry[0] == LATER]
            if len(later) > MOST_LATER:
                oldest = min(later)
                self._waiting.remove(oldest)
                heapq.heapify(self._waiting)
                dropped = oldest[2]
            self._changed.notify()
        if dropped is not None and dropped.on_dropped is not None and not dropped.is_cancelled:
            dropped.on_dropped()

    @property
    def waiting(self) -> int:
        """Jobs not begun and still wanted."""
        with self._changed:
            return sum(not job.is_cancelled for _, _, job in self._waiting)

    def close(self, timeout_s: float = 5.0) -> None:
        """Begin nothing more; wait for what is running, but not for ever."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._is_closed:
                    self._changed.wait()
                if self._is_closed:
                    return
                job = heapq.heappop(self._waiting)[2]
            job.run()


@runtime_checkable
class Remembering(Protocol):
    """A synthesiser that knows what it need not make again."""

    def is_cached(self, text: str, *, voice: str, pace: float = 1.0) -> bool: ...


@dataclass(frozen=True, slots=True)
class Engines:
    """The concrete engines of a deployment. Each is shared by all threads."""

    recogniser: Recogniser
    synthesiser: Synthesiser
    embedder: Embedder | None = None


class EnginePool:
    """Answers the engine commands of all calls. Answers arrive in the event loop, as events."""

    def __init__(self, engines: Engines, *, recognition_workers: int = 1, synthesis_workers: int = 1) -> None:
        self._engines = engines
        self._recognition = PriorityPool("recognition", recognition_workers)
        self._synthesis = PriorityPool("synthesis", synthesis_workers)

    def warm_up(self) -> None:
        """Load and exercise everything. Blocks; run it before the port opens. Raises EngineError."""
        for engine in (self._engines.recogniser, self._engines.synthesiser, self._engines.embedder):
            if engine is not None:
                engine.warm_up()

    @property
    def waiting(self) -> dict[str, int]:
        """Jobs that wait for a thread: the measure of too few workers."""
        return {"recognition": self._recognition.waiting, "synthesis": self._synthesis.waiting}

    def close(self) -> None:
        self._recognition.close()
        self._synthesis.close()

    def recognise(self, command: Recognise, answer: Answer) -> Job:
        """Ends in one `Heard` or `RecognitionFailed`, unless cancelled."""
        tell = _in_loop(answer)

        def failed(code: str) -> RecognitionFailed:
            return RecognitionFailed(command.turn, command.attempt, code)

        def work(job: Job) -> None:
            try:
                event: Event = self._hear(command)
            except EngineError as error:
                event = failed(error.code)
            except Exception as error:  # an engine's fault ends one recognition, never the thread
                log.error("E-ASR-BROKEN %s at %s", type(error).__name__, place_of(error))
                event = failed("E-ASR-BROKEN")
            tell(job, event)

        job = Job(work)
        job.on_dropped = lambda: tell(job, failed("E-ASR-BUSY"))
        self._recognition.submit(LATER if command.is_partial else URGENT, job)
        return job

    def synthesise(self, command: Synthesise, answer: Answer) -> Job:
        """Ends in a last `SpeechReady` or `SynthesisFailed`, unless cancelled."""
        tell = _in_loop(answer)

        def work(job: Job) -> None:
            try:
                was_cached = self._is_cached(command)
                parts = self._engines.synthesiser.synthesise(
                    command.text, voice=command.voice, pace=command.pace
                )
                for samples in parts:
                    if job.is_cancelled:
                        return
                    tell(job, SpeechReady(command.request_id, samples, False, was_cached))
                tell(job, SpeechReady(command.request_id, silence(0), True, was_cached))
            except EngineError as error:
                tell(job, SynthesisFailed(command.request_id, error.code))
            except Exception as error:  # as above
                log.error("E-TTS-BROKEN %s at %s", type(error).__name__, place_of(error))
                tell(job, SynthesisFailed(command.request_id, "E-TTS-BROKEN"))

        job = Job(work)
        self._synthesis.submit(URGENT, job)
        return job

    def prepare(self, command: Prepare) -> Job:
        """Make the audio so that the synthesiser's cache holds it; tells nobody."""

        def work(job: Job) -> None:
            try:
                parts = self._engines.synthesiser.synthesise(
                    command.text, voice=command.voice, pace=command.pace
                )
                for _ in parts:
                    if job.is_cancelled:
                        return
            except Exception as error:  # it will be told when the sentence is really wanted
                log.info("E-TTS-PREPARE %s at %s", type(error).__name__, place_of(error))

        job = Job(work)
        self._synthesis.submit(LATER, job)
        return job

    def _is_cached(self, command: Synthesise) -> bool:
        synthesiser = self._engines.synthesiser
        return isinstance(synthesiser, Remembering) and synthesiser.is_cached(
            command.text, voice=command.voice, pace=command.pace
        )

    def _hear(self, command: Recognise) -> Heard:
        began = time.monotonic()
        hearing = self._engines.recogniser.recognise(
            command.samples, language=command.language, expectation=command.expectation
        )
        if hearing.text and self._engines.embedder is not None:
            try:
                hearing = replace(hearing, vector=self._engines.embedder.embed(hearing.text))
            except Exception as error:  # words and sounds still tell what was meant
                log.error("E-EMBED %s at %s", type(error).__name__, place_of(error))
        took_ms = round((time.monotonic() - began) * 1000)
        return Heard(command.turn, command.attempt, replace(hearing, took_ms=took_ms))


def _in_loop(answer: Answer) -> Callable[[Job, Event], None]:
    """Tell it where the call lives, unless the job was cancelled or the loop is gone."""
    loop = asyncio.get_running_loop()

    def deliver(job: Job, event: Event) -> None:
        if not job.is_cancelled:
            answer(event)

    def tell(job: Job, event: Event) -> None:
        if not job.is_cancelled and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(deliver, job, event)
            except RuntimeError:  # closed between the question and the call
                log.debug("an answer came after the end")

    return tell
