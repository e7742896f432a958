"""The phone remembers what was heard and when, and can play noise behind the caller."""

from __future__ import annotations

import json

import numpy as np
import pytest

from voicebot.audio import level_db
from voicebot.events import Samples
from voicebot.phone.tape import Background, Entry, Tape, speech_level_db


def tone(level: int, for_ms: int) -> Samples:
    return (np.sin(np.arange(for_ms * 8) / 3) * level).astype(np.int16)


QUIET = np.zeros(160, dtype=np.int16)


def a_call() -> Tape:
    """400 ms of caller, 600 ms of nobody, 200 ms of bot."""
    tape = Tape()
    for index in range(60):
        voice = tone(5000, 20) if index < 20 else QUIET
        bot = tone(5000, 20) if index >= 50 else QUIET
        tape.frame(voice, voice, bot)
    return tape


def test_caller_left_bot_right() -> None:
    sound = a_call().stereo()
    assert sound.shape == (60 * 160, 2)
    assert sound[:3200, 0].any()
    assert not sound[:3200, 1].any()
    assert sound[8000:, 1].any()


def test_the_timeline_tells_when_what_happened_and_how_long_the_caller_waited() -> None:
    tape = a_call()
    tape.note("bot", "says", "您好", at_ms=990)
    tape.note("caller", "says", "喂", at_ms=0)
    told = json.loads(tape.timeline_json())
    assert [entry["text"] for entry in told["entries"]] == ["喂", "您好"]
    assert told["turns"] == [{"asked_ms": 400, "answered_ms": 1000, "waited_ms": 600}]
    assert told["waited_ms"] == {"median": 600, "p95": 600, "longest": 600}


def test_a_call_without_turns_has_no_waiting_time() -> None:
    assert Tape().timeline()["waited_ms"] == {"median": None, "p95": None, "longest": None}


def test_whoever_watches_sees_each_entry_as_it_happens() -> None:
    seen: list[Entry] = []
    Tape(on_entry=seen.append).note("caller", "keys", "1")
    assert seen == [Entry(0, "caller", "keys", "1")]


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
def test_noise_is_as_far_below_the_voice_as_asked_for(snr_db: float) -> None:
    speech = tone(8000, 1000)
    noise = np.random.default_rng(1).integers(-900, 900, 4000).astype(np.int16)
    background = Background(noise, speech_db=speech_level_db([speech]), snr_db=snr_db)
    heard = np.concatenate([background.add_to(QUIET) for _ in range(100)])
    assert level_db(speech) - level_db(heard) == pytest.approx(snr_db, abs=0.3)


def test_the_silence_within_speech_does_not_make_it_softer() -> None:
    speech = tone(8000, 400)
    spaced = np.concatenate([speech, np.zeros(16_000, dtype=np.int16)])
    assert speech_level_db([spaced]) == pytest.approx(speech_level_db([speech]), abs=0.1)


def test_a_caller_who_says_nothing_has_a_usual_voice() -> None:
    assert speech_level_db([]) == -26.0
