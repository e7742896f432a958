"""The virtual line is honest: real speed, marks in order, cleared audio never heard."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conversation import STARTED
from voicebot.errors import BackOfficeError, EngineError
from voicebot.events import (
    AgentLegChanged,
    CallStarted,
    CancelAgent,
    ClearPlayout,
    Command,
    DiscardRecognition,
    Event,
    Expectation,
    FrameReceived,
    HangUp,
    Heard,
    Hearing,
    LegEvent,
    MarkReached,
    Recap,
    Recognise,
    RecognitionFailed,
    Request,
    RequestAnswered,
    RequestFailed,
    RingAgent,
    Samples,
    SendAudio,
    SendMark,
    StreamEnded,
    Synthesise,
    SynthesisFailed,
    Woken,
)
from voicebot.virtual import Latencies, VirtualLine


def voice(for_ms: int, amplitude: int = 1000) -> Samples:
    return np.full(for_ms * 8, amplitude, dtype=np.int16)


class Puppet:
    """A call that does what it is told at given instants, and keeps what happens to it."""

    def __init__(self, *plan: tuple[int, Command]) -> None:
        self.plan = sorted(plan, key=lambda step: step[0])
        self.seen: list[tuple[int, Event]] = []
        self.is_over = False
        self.is_waiting = True

    def receive(self, event: Event, now_ms: int) -> list[Command]:
        self.seen.append((now_ms, event))
        due = [c for at, c in self.plan if at <= now_ms]
        self.plan = [(at, c) for at, c in self.plan if at > now_ms]
        self.is_over = self.is_over or any(isinstance(c, HangUp) for c in due)
        return due

    def wake_at(self) -> int | None:
        return self.plan[0][0] if self.plan else None

    def happened(self) -> list[tuple[int, Event]]:
        return [(at, e) for at, e in self.seen if not isinstance(e, (Woken, CallStarted, FrameReceived))]


def line(*plan: tuple[int, Command], **how: object) -> tuple[Puppet, VirtualLine]:
    puppet = Puppet(*plan)
    virtual = VirtualLine(puppet, **{"has_audio": False, **how})  # type: ignore[arg-type]
    virtual.start(STARTED)
    return puppet, virtual


def test_a_mark_is_echoed_when_the_audio_before_it_has_been_played() -> None:
    puppet, virtual = line(
        (0, SendAudio(voice(300))), (0, SendMark("a")), (0, SendAudio(voice(200))), (0, SendMark("b"))
    )
    virtual.run_for(1000)
    assert puppet.happened() == [(300, MarkReached("a")), (500, MarkReached("b"))]


def test_a_mark_with_nothing_before_it_is_echoed_at_once() -> None:
    puppet, virtual = line((100, SendMark("a")))
    virtual.run_for(1000)
    assert puppet.happened() == [(100, MarkReached("a"))]


def test_a_clear_echoes_all_marks_and_the_rest_is_never_heard() -> None:
    puppet, virtual = line((0, SendAudio(voice(1000))), (0, SendMark("a")), (400, ClearPlayout()))
    virtual.run_for(2000)
    assert puppet.happened() == [(400, MarkReached("a"))]
    assert sum(len(p.samples) for p in virtual.played) == 400 * 8
    assert not virtual.is_bot_sounding


def test_audio_sent_after_a_clear_plays_at_once() -> None:
    _, virtual = line((0, SendAudio(voice(1000, 1))), (400, ClearPlayout()), (600, SendAudio(voice(100, 2))))
    virtual.run_for(1000)
    audio = virtual.bot_audio()
    assert len(audio) == 8000
    assert (audio[:3200] == 1).all()
    assert (audio[3200:4800] == 0).all()
    assert (audio[4800:5600] == 2).all()
    assert (audio[5600:] == 0).all()


def test_frames_arrive_every_twenty_milliseconds_voice_or_not() -> None:
    puppet, virtual = line(has_audio=True)
    virtual.run_for(100)
    assert virtual.speak(voice(50, 9000)) == 60
    virtual.run_for(200)
    frames = [(at, e.is_speech) for at, e in puppet.seen if isinstance(e, FrameReceived)]
    assert [at for at, _ in frames] == list(range(20, 301, 20))
    assert [at for at, spoke in frames if spoke] == [120, 140, 160]


RECOGNISE = Recognise(1, 1, voice(20), "zh", Expectation())
REQUEST = Request(1, "list_orders", {}, timeout_ms=2000)


def test_engines_and_systems_answer_after_their_latency() -> None:
    puppet, virtual = line(
        (0, RECOGNISE),
        (0, REQUEST),
        recognise=lambda _: Hearing("你好"),
        perform=lambda _: ["order"],
        latencies=Latencies(recognise_ms=300, request_ms=50),
    )
    virtual.run_for(1000)
    assert puppet.happened() == [(50, RequestAnswered(1, ["order"])), (300, Heard(1, 1, Hearing("你好")))]


def test_failures_are_events() -> None:
    def fail(_: object) -> Samples:
        raise EngineError("x", code="E-X")

    def refuse(_: object) -> None:
        raise BackOfficeError("x", code="not_refundable")

    puppet, virtual = line(
        (0, RECOGNISE),
        (0, REQUEST),
        (0, Synthesise(4, "x", "v")),
        recognise=fail,
        perform=refuse,
        synthesise=fail,
        latencies=Latencies(recognise_ms=1, request_ms=2, synthesise_ms=3),
    )
    virtual.run_for(100)
    assert [e for _, e in puppet.happened()] == [
        RecognitionFailed(1, 1, "E-X"),
        RequestFailed(1, "not_refundable"),
        SynthesisFailed(4, "E-X"),
    ]


def test_a_system_slower_than_its_time_out_is_a_time_out() -> None:
    puppet, virtual = line((0, REQUEST), perform=lambda _: [], latencies=Latencies(request_ms=9000))
    virtual.run_for(10_000)
    assert puppet.happened() == [(2000, RequestFailed(1, "timeout"))]


def test_a_discarded_recognition_is_not_answered() -> None:
    puppet, virtual = line((0, RECOGNISE), (100, DiscardRecognition(1, 1)))
    virtual.run_for(1000)
    assert puppet.happened() == []


def test_agents_do_what_they_do_until_they_are_cancelled() -> None:
    ring = RingAgent(1, "a1", "+861", "q", 5000, Recap("", "unknown", "", (), "calm", "zh", ""))
    puppet, virtual = line(
        (0, ring),
        (2000, CancelAgent(1)),
        agent=lambda _: [(500, LegEvent.RINGING), (3000, LegEvent.ANSWERED)],
    )
    virtual.run_for(5000)
    assert puppet.happened() == [(500, AgentLegChanged(1, LegEvent.RINGING))]


def test_hanging_up_ends_frames_and_wakes() -> None:
    puppet, virtual = line((100, HangUp("goodbye")), has_audio=True)
    virtual.run_for(1000)
    assert max(at for at, _ in puppet.seen) == 100


def test_the_caller_hanging_up_is_told_once() -> None:
    puppet, virtual = line(has_audio=True)
    virtual.run_for(100)
    virtual.hang_up()
    virtual.run_for(1000)
    assert puppet.happened() == [(100, StreamEnded("caller_hung_up"))]


def test_a_call_that_wakes_itself_for_ever_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicebot.virtual.MOST_EVENTS", 1000)
    _, virtual = line((10, SendMark("a")))
    virtual.call.wake_at = lambda: 0  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="round in circles at 0 ms"):
        virtual.run_for(10)
