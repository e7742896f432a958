"""Engines work in bounded threads; what a caller waits for goes first; nobody hears a late result."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from voicebot.audio import silence
from voicebot.engine_pool import LATER, MOST_LATER, URGENT, EnginePool, Engines, Job, PriorityPool
from voicebot.errors import EngineError
from voicebot.events import (
    Event,
    Expectation,
    Heard,
    Hearing,
    Prepare,
    Recognise,
    RecognitionFailed,
    Samples,
    SpeechReady,
    Synthesise,
    SynthesisFailed,
    Vector,
)

ZH = Expectation()


class Ear:
    """Hears a sentence, or raises what it is given."""

    def __init__(self, hears: str | Exception = "我要退款") -> None:
        self.hears = hears
        self.is_warm = False
        self.gate = threading.Event()
        self.gate.set()
        self.languages: list[str] = []

    def warm_up(self) -> None:
        self.is_warm = True

    def recognise(self, samples: Samples, *, language: str, expectation: Expectation) -> Hearing:
        assert self.gate.wait(5)
        self.languages.append(language)
        if isinstance(self.hears, Exception):
            raise self.hears
        return Hearing(self.hears)


class Mouth:
    def __init__(self, parts: int = 2, fails_after: int | None = None) -> None:
        self.parts, self.fails_after = parts, fails_after
        self.spoken: list[str] = []
        self.is_warm = False

    def warm_up(self) -> None:
        self.is_warm = True

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]:
        self.spoken.append(text)
        for number in range(self.parts):
            if number == self.fails_after:
                raise EngineError("broke", code="E-TTS-VOICE")
            yield silence(20)


class Meaning:
    def __init__(self, fails: bool = False) -> None:
        self.fails = fails

    def warm_up(self) -> None: ...

    def embed(self, text: str) -> Vector:
        if self.fails:
            raise RuntimeError("no")
        return np.ones(1, dtype=np.float32)


def hear(turn: int = 1, *, is_partial: bool = False, language: str = "zh") -> Recognise:
    return Recognise(turn, 1, silence(100), language, ZH, is_partial)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 -- threads tell of nothing
            await asyncio.sleep(0.001)


async def answers(pool: EnginePool, order: Recognise | Synthesise) -> list[Event]:
    """Everything answered to one order, up to its end."""
    inbox: asyncio.Queue[Event] = asyncio.Queue()
    if isinstance(order, Recognise):
        pool.recognise(order, inbox.put_nowait)
    else:
        pool.synthesise(order, inbox.put_nowait)
    got: list[Event] = []
    while not got or (isinstance(got[-1], SpeechReady) and not got[-1].is_last):
        got.append(await asyncio.wait_for(inbox.get(), 5))
    return got


def ask(engines: Engines, order: Recognise | Synthesise) -> list[Event]:
    pool = EnginePool(engines)
    try:
        return asyncio.run(answers(pool, order))
    finally:
        pool.close()


def test_what_was_heard_comes_with_its_meaning() -> None:
    (event,) = ask(Engines(Ear(), Mouth(), Meaning()), hear(turn=4))
    assert isinstance(event, Heard)
    assert (event.turn, event.hearing.text) == (4, "我要退款")
    assert event.hearing.vector is not None


@pytest.mark.parametrize(
    ("text", "embedder"),
    [("", Meaning()), ("好", None), ("好", Meaning(fails=True))],  # the words alone still tell a lot
)
def test_no_meaning_is_no_failure(text: str, embedder: Meaning | None) -> None:
    (event,) = ask(Engines(Ear(text), Mouth(), embedder), hear())
    assert isinstance(event, Heard)
    assert event.hearing.vector is None


@pytest.mark.parametrize(
    ("fault", "code"),
    [(EngineError("x", code="E-ASR-MODEL"), "E-ASR-MODEL"), (ZeroDivisionError(), "E-ASR-BROKEN")],
)
def test_a_failing_recogniser_is_an_answer_too(fault: Exception, code: str) -> None:
    pool = EnginePool(Engines(Ear(fault), Mouth()))
    for _ in range(2):  # the thread lives on
        assert asyncio.run(answers(pool, hear())) == [RecognitionFailed(1, 1, code)]
    pool.close()


def test_speech_comes_in_parts_with_an_end() -> None:
    events = ask(Engines(Ear(), Mouth(parts=3)), Synthesise(7, "您好", "xiaonuan"))
    assert all(isinstance(event, SpeechReady) and event.request_id == 7 for event in events)
    assert [event.is_last for event in events if isinstance(event, SpeechReady)] == [False] * 3 + [True]


def test_speech_that_breaks_off_says_so() -> None:
    events = ask(Engines(Ear(), Mouth(fails_after=1)), Synthesise(7, "您好", "xiaonuan"))
    assert isinstance(events[0], SpeechReady)


def test_speech_that_cannot_begin_fails() -> None:
    (event,) = ask(Engines(Ear(), Mouth(fails_after=0)), Synthesise(7, "您好", "xiaonuan"))
    assert event == SynthesisFailed(7, "E-TTS-VOICE")


def test_a_final_recognition_goes_before_a_partial_one() -> None:
    async def test() -> None:
        ear = Ear()
        ear.gate.clear()
        pool = EnginePool(Engines(ear, Mouth()))
        inbox: asyncio.Queue[Event] = asyncio.Queue()
        pool.recognise(hear(1, language="first"), inbox.put_nowait)  # occupies the only thread
        await until(lambda: not pool.waiting["recognition"])
        pool.recognise(hear(2, is_partial=True, language="partial"), inbox.put_nowait)
        pool.recognise(hear(3, language="final"), inbox.put_nowait)
        assert pool.waiting == {"recognition": 2, "synthesis": 0}
        ear.gate.set()
        for _ in range(3):
            await asyncio.wait_for(inbox.get(), 5)
        assert ear.languages == ["first", "final", "partial"]
        pool.close()

    asyncio.run(test())


def test_what_is_cancelled_is_neither_begun_nor_told() -> None:
    async def test() -> None:
        ear = Ear()
        ear.gate.clear()
        pool = EnginePool(Engines(ear, Mouth()))
        inbox: asyncio.Queue[Event] = asyncio.Queue()
        running = pool.recognise(hear(1, language="running"), inbox.put_nowait)
        await until(lambda: not pool.waiting["recognition"])
        waiting = pool.recognise(hear(2, language="waiting"), inbox.put_nowait)
        running.cancel()
        waiting.cancel()
        assert pool.waiting["recognition"] == 0
        ear.gate.set()
        pool.recognise(hear(3, language="last"), inbox.put_nowait)
        event = await asyncio.wait_for(inbox.get(), 5)
        assert isinstance(event, Heard)
        assert event.turn == 3
        assert ear.languages == ["running", "last"]
        assert inbox.empty()
        pool.close()

    asyncio.run(test())


def test_preparing_tells_nobody_even_when_it_fails() -> None:
    async def test() -> None:
        mouth = Mouth(fails_after=0)
        pool = EnginePool(Engines(Ear(), mouth))
        job = pool.prepare(Prepare("请稍等", "xiaonuan"))
        await until(lambda: job.is_done)
        assert mouth.spoken == ["请稍等"]
        pool.close()

    asyncio.run(test())


def test_too_much_that_can_wait_gives_way_and_is_told() -> None:
    gate = threading.Event()
    pool = PriorityPool("test", 1)

    def wait(job: Job) -> None:
        gate.wait(5)

    given_up: list[int] = []
    pool.submit(URGENT, Job(wait))
    for number in range(MOST_LATER + 3):
        pool.submit(LATER, Job(wait, functools.partial(given_up.append, number)))
    assert given_up[:2] == [0, 1]  # the oldest are the least wanted
    gate.set()
    pool.close()


def test_close_frees_the_threads() -> None:
    before = threading.active_count()
    pool = EnginePool(Engines(Ear(), Mouth()), recognition_workers=3, synthesis_workers=2)
    assert threading.active_count() == before + 5
    pool.close()
    assert threading.active_count() == before


def test_an_answer_after_the_loop_has_gone_harms_nobody() -> None:
    ear = Ear()
    ear.gate.clear()
    pool = EnginePool(Engines(ear, Mouth()))

    async def begin() -> Job:
        job = pool.recognise(hear(), lambda event: None)
        while pool.waiting["recognition"]:  # noqa: ASYNC110 - until a thread has taken it
            await asyncio.sleep(0)
        return job

    job = asyncio.run(begin())
    ear.gate.set()
    pool.close()
    assert job.is_done


def test_everything_is_warmed_up() -> None:
    ear, mouth = Ear(), Mouth()
    pool = EnginePool(Engines(ear, mouth, Meaning()))
    pool.warm_up()
    assert ear.is_warm
    assert mouth.is_warm
    pool.close()
