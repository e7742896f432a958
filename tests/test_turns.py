"""Turn taking, told as stretches of voice and quiet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from voicebot.events import Samples
from voicebot.turns import (
    BargeIn,
    NoInput,
    Paused,
    Resumed,
    SpeechStarted,
    TurnEvent,
    TurnSettings,
    TurnTaker,
    UtteranceEnded,
)

LOUD, SOFT, NOISE, HUSH = 4000, 300, 1000, 0


class Line:
    """A caller made of stretches: `voice(500)`, `quiet(300)`. Every frame carries its number."""

    def __init__(self, *, silence_ms: int = 700) -> None:
        self.turns = TurnTaker()
        self.turns.patience(silence_ms)
        self.now_ms = 0
        self.frame_number = 0
        self.events: list[TurnEvent] = []
        self.times: list[int] = []
        self.bot_is_speaking = False

    def frames(self, for_ms: int, amplitude: int, is_speech: bool) -> Line:
        for _ in range(for_ms // 20):
            frame: Samples = np.full(160, amplitude, dtype=np.int16)
            frame[::2] *= -1
            frame[0] = self.frame_number
            self.frame_number += 1
            self._note(self.turns.frame(frame, is_speech, self.now_ms, is_bot_speaking=self.bot_is_speaking))
            self.now_ms += 20
        return self

    def voice(self, for_ms: int, amplitude: int = LOUD) -> Line:
        return self.frames(for_ms, amplitude, is_speech=True)

    def quiet(self, for_ms: int, amplitude: int = HUSH) -> Line:
        return self.frames(for_ms, amplitude, is_speech=False)

    def no_frames(self, for_ms: int) -> Line:
        self.now_ms += for_ms
        self._note(self.turns.tick(self.now_ms))
        return self

    def _note(self, events: list[TurnEvent]) -> None:
        self.events += events
        self.times += [self.now_ms] * len(events)

    def kinds(self) -> list[str]:
        return [type(e).__name__ for e in self.events]

    def ended(self) -> UtteranceEnded:
        (ended,) = [e for e in self.events if isinstance(e, UtteranceEnded)]
        return ended

    def time_of(self, kind: type) -> int:
        return next(t for t, e in zip(self.times, self.events, strict=True) if isinstance(e, kind))


def test_an_answer_has_a_start_a_pause_and_an_end() -> None:
    line = Line().quiet(500).voice(600).quiet(800)
    assert line.kinds() == ["SpeechStarted", "Paused", "UtteranceEnded"]
    assert line.events[0] == SpeechStarted(began_ms=500)
    ended = line.ended()
    assert (ended.began_ms, ended.last_sound_ms, ended.speech_ms) == (500, 1080, 600)
    assert ended.is_as_paused
    assert not ended.is_cut


@pytest.mark.parametrize("silence_ms", [200, 700, 1500, 3000])
def test_the_silence_time_belongs_to_the_question(silence_ms: Any) -> None:
    line = Line(silence_ms=silence_ms).quiet(400).voice(600).quiet(4000)
    assert line.time_of(UtteranceEnded) - 980 == silence_ms


def test_the_first_syllable_is_kept_by_a_pre_roll_of_300_ms() -> None:
    line = Line().quiet(1000).voice(600).quiet(800)
    samples = line.ended().samples
    assert samples[0] == (1000 - 300) // 20
    assert len(samples) == (300 + 600 + 300) * 8  # and 300 ms of quiet stay at the end


def test_speech_from_the_very_first_frame_has_no_pre_roll_to_give() -> None:
    assert Line().voice(600).quiet(800).ended().samples[0] == 0


@pytest.mark.parametrize(
    ("stretches", "is_utterance"),
    [
        ([("voice", 120)], True),
        ([("voice", 80), ("quiet", 40), ("voice", 60)], True),  # a stop consonant in the middle
        ([("voice", 100)], False),  # a click
        ([("voice", 60), ("quiet", 300), ("voice", 60)], False),  # two clicks
        ([("quiet", 1000)], False),
    ],
)
def test_how_much_voice_makes_an_utterance(stretches: Any, is_utterance: Any) -> None:
    line = Line().quiet(400)
    for kind, for_ms in stretches:
        getattr(line, kind)(for_ms)
    line.quiet(2000)
    assert ("UtteranceEnded" in line.kinds()) is is_utterance


def test_going_on_after_a_pause_makes_what_was_recognised_stale() -> None:
    line = Line().quiet(400).voice(600).quiet(400).voice(300).quiet(800)
    assert line.kinds() == ["SpeechStarted", "Paused", "Resumed", "Paused", "UtteranceEnded"]
    assert line.ended().speech_ms == 900


def test_a_click_in_the_pause_changes_nothing() -> None:
    line = Line().quiet(400).voice(600).quiet(400).voice(40).quiet(400)
    assert line.kinds() == ["SpeechStarted", "Paused", "UtteranceEnded"]
    assert line.time_of(UtteranceEnded) == 1000 + 700 - 20


def test_a_complete_answer_ends_the_utterance_at_once() -> None:
    line = Line().quiet(400).voice(600).quiet(300)
    ended = line.turns.complete()
    assert ended is not None
    assert ended.is_as_paused
    assert line.quiet(2000).kinds() == ["SpeechStarted", "Paused"]


def test_a_caller_who_is_speaking_again_is_not_cut_off_by_an_earlier_completeness() -> None:
    line = Line().quiet(400).voice(600).quiet(300).voice(200)
    assert line.turns.complete() is None
    assert Line().turns.complete() is None


def test_an_unfinished_sentence_gets_more_time_but_not_endlessly() -> None:
    line = Line().quiet(400).voice(600).quiet(300)
    for _ in range(9):
        line.turns.hold_off(500)
    line.quiet(4000)
    assert line.time_of(UtteranceEnded) - 980 == 700 + 1500


def test_the_extra_time_is_for_one_pause_only() -> None:
    line = Line().quiet(400).voice(600).quiet(300)
    line.turns.hold_off(800)
    line.quiet(800).voice(200).quiet(4000)
    assert line.time_of(UtteranceEnded) - line.ended().last_sound_ms == 700


def test_a_monologue_is_cut_at_28_seconds_and_the_rest_is_a_new_utterance() -> None:
    line = Line()
    for _ in range(60):
        line.voice(400).quiet(100)
    line.quiet(800)
    ends = [e for e in line.events if isinstance(e, UtteranceEnded)]
    assert [e.is_cut for e in ends] == [True, False]
    assert len(ends[0].samples) == 28_000 * 8


def test_when_frames_stop_coming_time_ends_the_utterance() -> None:
    line = Line().quiet(400).voice(600).no_frames(700 + 300)
    assert "UtteranceEnded" not in line.kinds()
    assert "UtteranceEnded" in line.no_frames(200).kinds()


def test_steady_noise_that_the_detector_takes_for_voice_does_not_keep_an_utterance_open() -> None:
    line = Line().voice(3000, NOISE).voice(600, LOUD).voice(1500, NOISE)
    ends = [e for e in line.events if isinstance(e, UtteranceEnded)]
    assert ends[-1].last_sound_ms == 3580


def test_a_distant_voice_does_not_keep_an_utterance_open() -> None:
    line = Line().quiet(1000).voice(600, 8000).voice(1000, SOFT)
    assert line.ended().last_sound_ms == 1580


def test_a_soft_caller_is_heard_on_a_quiet_line() -> None:
    assert "UtteranceEnded" in Line().quiet(1000).voice(600, SOFT).quiet(800).kinds()


# --- the floor ---


def test_the_bot_is_stopped_after_280_ms_of_voice() -> None:
    line = Line().quiet(1000)
    line.bot_is_speaking = True
    line.voice(600).quiet(800)
    assert line.kinds() == ["SpeechStarted", "BargeIn", "Paused", "UtteranceEnded"]
    assert line.time_of(BargeIn) == 1000 + 280 - 20


@pytest.mark.parametrize(
    ("for_ms", "amplitude", "reason"),
    [
        (240, LOUD, "too short: mhm"),
        (100, 20_000, "a cough"),
        (1000, 30, "too faint: somebody in the background"),
    ],
)
def test_what_does_not_stop_the_bot(for_ms: Any, amplitude: Any, reason: Any) -> None:
    line = Line().quiet(1000)
    line.bot_is_speaking = True
    line.voice(for_ms, amplitude).quiet(800)
    assert "BargeIn" not in line.kinds(), reason


def test_nobody_is_interrupted_while_the_bot_is_silent() -> None:
    assert "BargeIn" not in Line().quiet(1000).voice(600).kinds()


def test_an_utterance_interrupts_once() -> None:
    line = Line().quiet(1000)
    line.bot_is_speaking = True
    assert line.voice(3000).kinds().count("BargeIn") == 1


# --- patience ---


def test_silence_becomes_an_answer_at_the_instant_set() -> None:
    line = Line()
    line.turns.expect_by(6000)
    assert line.no_frames(5980).events == []
    assert line.no_frames(20).events == [NoInput()]
    assert not line.turns.is_expecting
    assert line.no_frames(9000).events == [NoInput()]


def test_a_caller_who_has_begun_is_not_told_off_for_silence() -> None:
    line = Line().quiet(400)
    line.turns.expect_by(900)
    line.voice(1000)
    assert line.turns.tick(line.now_ms) == []


def test_early_wakes_do_no_harm() -> None:
    line = Line()
    line.turns.expect_by(6000)
    assert line.turns.tick(10) == []
    assert line.turns.due_ms() == 6000


def test_a_key_drops_the_utterance_in_progress() -> None:
    line = Line().quiet(400).voice(600)
    line.turns.abandon()
    line.quiet(3000)
    assert line.kinds() == ["SpeechStarted"]


def test_the_numbers_of_turn_taking_can_be_tuned() -> None:
    turns = TurnTaker(TurnSettings(start_ms=400, start_within_ms=400))
    line = Line()
    line.turns = turns
    assert line.quiet(400).voice(300).quiet(900).events == []


def test_pause_audio_is_what_the_final_utterance_has_been_so_far() -> None:
    line = Line().quiet(400).voice(600).quiet(800)
    (paused,) = [e for e in line.events if isinstance(e, Paused)]
    final = line.ended().samples
    assert final[: len(paused.samples)].tolist() == paused.samples.tolist()
    assert not any(isinstance(e, Resumed) for e in line.events)
