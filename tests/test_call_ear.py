"""Turn and attempt numbers: every utterance ends once, and late answers are dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from voicebot.call_config import CallConfig
from voicebot.call_ear import Began, Ear, EarEvent, Partly, Silent, Spoken, WantsFloor
from voicebot.events import (
    Command,
    DiscardRecognition,
    Expectation,
    FrameReceived,
    Heard,
    Hearing,
    Recognise,
    RecognitionFailed,
)

VOICE = np.tile(np.array([4000, -4000], dtype=np.int16), 80)
QUIET = np.zeros(160, dtype=np.int16)


class Caller:
    """An ear with somebody in front of it."""

    def __init__(self, config: CallConfig | None = None) -> None:
        self.asked: list[Command] = []
        self.ear = Ear(config or CallConfig(), self.asked.append)
        self.now_ms = 0
        self.events: list[EarEvent] = []

    def voice(self, for_ms: int, *, over_bot: bool = False) -> Caller:
        return self._frames(for_ms, VOICE, True, over_bot)

    def quiet(self, for_ms: int) -> Caller:
        return self._frames(for_ms, QUIET, False, False)

    def _frames(self, for_ms: int, frame: np.ndarray, is_speech: bool, over_bot: bool) -> Caller:
        for _ in range(for_ms // 20):
            self.now_ms += 20
            event = FrameReceived(frame, is_speech)
            self.events += self.ear.frame(event, self.now_ms, is_bot_speaking=over_bot)
            self.events += self.ear.tick(self.now_ms)
        return self

    def hears(self, turn: int, attempt: int, text: str) -> Caller:
        self.events += self.ear.heard(Heard(turn, attempt, Hearing(text)), self.now_ms)
        return self

    def fails(self, turn: int, attempt: int) -> Caller:
        self.events += self.ear.failed(RecognitionFailed(turn, attempt, "E-ASR"), self.now_ms)
        return self

    def attempts(self) -> list[tuple[int, int, bool]]:
        return [(c.turn, c.attempt, c.is_partial) for c in self.asked if isinstance(c, Recognise)]

    def spoken(self) -> list[str]:
        return [e.hearing.text for e in self.events if isinstance(e, Spoken)]


def test_recognised_ahead_at_the_pause_and_ready_at_the_end() -> None:
    caller = Caller().quiet(400).voice(600).quiet(300)
    assert caller.attempts() == [(1, 1, True)]
    caller.hears(1, 1, "我要退款").quiet(600)
    assert [type(e) for e in caller.events] == [Began, Partly, Spoken]
    assert caller.spoken() == ["我要退款"]
    assert caller.attempts() == [(1, 1, True)]


def test_an_answer_that_comes_after_the_end_is_waited_for() -> None:
    caller = Caller().quiet(400).voice(600).quiet(1000)
    assert caller.spoken() == []
    assert caller.ear.is_busy
    assert caller.hears(1, 1, "我要退款").spoken() == ["我要退款"]
    assert not caller.ear.is_busy


def test_going_on_discards_what_was_recognised_ahead() -> None:
    caller = Caller().quiet(400).voice(600).quiet(300).voice(400).quiet(300)
    assert DiscardRecognition(1, 1) in caller.asked
    assert caller.attempts() == [(1, 1, True), (1, 2, True)]
    assert caller.hears(1, 1, "我要").quiet(600).spoken() == []
    assert caller.hears(1, 2, "我要退款").spoken() == ["我要退款"]


def test_without_recognising_ahead_there_is_one_attempt() -> None:
    caller = Caller(CallConfig(recognises_ahead=False)).quiet(400).voice(600).quiet(900)
    assert caller.attempts() == [(1, 1, False)]


def test_a_dropped_early_recognition_is_asked_again() -> None:
    caller = Caller().quiet(400).voice(600).quiet(300).fails(1, 1).quiet(600)
    assert caller.attempts() == [(1, 1, True), (1, 2, False)]
    caller = Caller().quiet(400).voice(600).quiet(900).fails(1, 1)
    assert caller.attempts() == [(1, 1, True), (1, 2, False)]
    assert caller.hears(1, 2, "好").spoken() == ["好"]


def test_a_recogniser_that_fails_twice_is_a_problem_not_a_wait() -> None:
    caller = Caller().quiet(400).voice(600).quiet(900).fails(1, 1).fails(1, 2)
    (spoken,) = [e for e in caller.events if isinstance(e, Spoken)]
    assert (spoken.hearing.text, spoken.problem) == ("", "E-ASR")


def test_a_recogniser_that_stays_silent_is_given_up() -> None:
    caller = Caller(CallConfig(recognition_timeout_ms=2000)).quiet(400).voice(600).quiet(3000)
    (spoken,) = [e for e in caller.events if isinstance(e, Spoken)]
    assert spoken.problem == "E-ASR-LATE"
    assert spoken.recognised_ms - spoken.ended_ms == 2000
    assert caller.hears(1, 1, "太晚了").spoken() == [""]


def test_an_older_turn_is_dropped_once_a_newer_one_was_taken() -> None:
    caller = Caller().quiet(400).voice(600).quiet(900).voice(600).quiet(900)
    assert caller.hears(2, 1, "第二句").hears(1, 1, "第一句").spoken() == ["第二句"]


def test_a_turn_that_was_not_spoken_outdates_what_was_said_before() -> None:
    caller = Caller().quiet(400).voice(600).quiet(900)
    caller.ear.next_turn()
    assert caller.hears(1, 1, "第一句").spoken() == []


def test_abandoned_speech_is_never_given_out() -> None:
    caller = Caller().quiet(400).voice(600).quiet(300)
    caller.ear.abandon()
    assert DiscardRecognition(1, 1) in caller.asked
    assert caller.hears(1, 1, "我要退款").quiet(900).spoken() == []
    assert not caller.ear.is_busy


def test_complete_ends_the_utterance_with_what_was_heard() -> None:
    caller = Caller().quiet(400).voice(600).quiet(300).hears(1, 1, "对")
    events = caller.ear.complete(caller.now_ms)
    assert [type(e) for e in events] == [Spoken]


@pytest.mark.parametrize(("over_bot", "kinds"), [(True, [Began, WantsFloor]), (False, [Began])])
def test_the_floor_is_only_asked_for_while_the_bot_speaks(over_bot: Any, kinds: Any) -> None:
    assert [type(e) for e in Caller().quiet(400).voice(600, over_bot=over_bot).events] == kinds


def test_silence_is_told() -> None:
    caller = Caller()
    caller.ear.turns.expect_by(500)
    assert [type(e) for e in caller.quiet(600).events] == [Silent]


def test_the_question_sets_language_and_expectation() -> None:
    caller = Caller()
    caller.ear.ask(Expectation("digits"), 700, "en")
    caller.ear.ask(Expectation("yes_no"), 700, "")
    caller.quiet(400).voice(600).quiet(300)
    (asked,) = [c for c in caller.asked if isinstance(c, Recognise)]
    assert (asked.language, asked.expectation.kind) == ("en", "yes_no")
