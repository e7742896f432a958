"""A recording is complete, in time, readable after a crash, and keeps secrets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voicebot import eventlog
from voicebot.errors import ConfigError
from voicebot.events import (
    CallStarted,
    ClearPlayout,
    FrameReceived,
    Heard,
    Hearing,
    Journal,
    KeyPressed,
    Request,
    Samples,
    SendAudio,
    SpeechReady,
    StreamEnded,
    Synthesise,
)
from voicebot.recorder import BOT_FILE, CALLER_FILE, EVENTS_FILE, HeardAudio, Recorder, RecordingHeader
from voicebot.wav import decode_wav

HEADER = RecordingHeader("payments", "abc", {"seed": 1}, {"recogniser": "scripted 1"})


def sound(level: int, for_ms: int = 20) -> Samples:
    return np.full(for_ms * 8, level, dtype=np.int16)


def frame(level: int, *, is_speech: bool = True) -> FrameReceived:
    return FrameReceived(sound(level), is_speech)


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "call", HEADER)


def rows_of(recorder: Recorder) -> list[eventlog.Row]:
    recorder.close()
    return list(eventlog.rows((recorder.folder / EVENTS_FILE).read_text("utf-8").splitlines()))


def track(recorder: Recorder, name: str) -> Samples:
    recorder.close()
    return decode_wav((recorder.folder / name).read_bytes())[0][:, 0]


def test_the_header_tells_what_a_replay_needs(recorder: Recorder) -> None:
    header = rows_of(recorder)[0]
    assert (header["line"], header["checksum"]) == ("payments", "abc")
    assert header["engines"] == {"recogniser": "scripted 1"}


def test_events_and_orders_stand_in_the_order_they_came(recorder: Recorder) -> None:
    recorder.write_event(0, CallStarted("CA1", "MZ1", "", "", datetime(2026, 1, 1), 1))
    recorder.write_commands(0, [Journal("step", {"flow": "opening"}), SendAudio(sound(1))])
    recorder.write_event(20, frame(1))
    recorder.write_event(40, frame(2))
    recorder.write_event(41, KeyPressed("5"))
    recorder.write_event(60, StreamEnded("caller_hung_up"))
    kinds = [next(key for key in row if key != "at_ms") for row in rows_of(recorder)[1:]]
    assert kinds == ["event", "journal", "command", "frames", "event", "event"]


def test_frames_keep_their_exact_times(recorder: Recorder) -> None:
    for at_ms in (20, 41, 59):
        recorder.write_event(at_ms, frame(at_ms, is_speech=at_ms > 20))
    (row,) = [row for row in rows_of(recorder) if "frames" in row]
    assert row["frames"] == {"sample": 0, "arrived_ms": [20, 41, 59], "speech": "011"}


def test_the_callers_audio_lies_end_to_end_and_gaps_are_silence(recorder: Recorder) -> None:
    for at_ms in (0, 23, 38, 500):
        recorder.write_event(at_ms, frame(100 + at_ms))
    caller = track(recorder, CALLER_FILE)
    assert (caller[:160] == 100).all()
    assert (caller[160:320] == 123).all()
    assert (caller[320:480] == 138).all()
    assert not caller[480:4000].any()
    assert (caller[4000:4160] == 600).all()


def test_the_bots_audio_is_what_the_caller_heard(recorder: Recorder) -> None:
    recorder.write_commands(100, [SendAudio(sound(1, 200)), SendAudio(sound(2, 200))])
    recorder.write_commands(350, [ClearPlayout(), SendAudio(sound(3, 100))])
    recorder.write_event(2000, KeyPressed("1"))
    bot = track(recorder, BOT_FILE)
    expected = np.concatenate([sound(0, 100), sound(1, 200), sound(2, 50), sound(3, 100)])
    assert (bot[: len(expected)] == expected).all()
    assert not bot[len(expected) :].any()


def test_audio_the_caller_did_not_live_to_hear_is_not_in_it(recorder: Recorder) -> None:
    recorder.write_commands(0, [SendAudio(sound(1, 1000))])
    recorder.write_event(300, StreamEnded("caller_hung_up"))
    assert len(track(recorder, BOT_FILE)) == 2400


def test_answers_to_a_secret_question_are_nowhere(recorder: Recorder) -> None:
    recorder.write_event(0, frame(1000))
    recorder.write_commands(10, [Journal("question", {"name": "id_tail", "is_secret": True})])
    recorder.write_event(20, frame(1000))
    for at_ms, key in enumerate("5812", start=21):
        recorder.write_event(at_ms, KeyPressed(key))
    hearing = Hearing("五八一二", best_expected="5812", confidence=0.9)
    recorder.write_event(30, Heard(1, 1, hearing))
    recorder.write_commands(31, [Request(1, "verify", {"tail": "5812"}, 1000)])
    recorder.write_commands(32, [Synthesise(7, "尾号五八幺二，对吗", "warm")])
    recorder.write_event(33, SpeechReady(7, sound(2000, 100), is_last=True))
    recorder.write_commands(33, [SendAudio(sound(2000, 100))])
    recorder.write_commands(200, [Journal("question", {"name": "next", "is_secret": False})])
    recorder.write_event(210, frame(1000))
    recorder.write_event(220, KeyPressed("9"))
    recorder.write_commands(300, [Synthesise(8, "好的", "warm"), SendAudio(sound(3000))])
    recorder.write_event(400, KeyPressed("1"))

    written = "".join(json.dumps(row, ensure_ascii=False) for row in rows_of(recorder))
    assert not [digits for digits in ("5812", "五八", "幺二") if digits in written]
    assert '"key": "9"' in written
    caller, bot = track(recorder, CALLER_FILE), track(recorder, BOT_FILE)
    assert (caller[:160] == 1000).all()
    assert not caller[160:1600].any()
    assert (caller[1680:1840] == 1000).all()
    assert 2000 not in bot
    assert (bot[2400:2560] == 3000).all()


def test_closing_twice_and_writing_after_it_do_no_harm(recorder: Recorder) -> None:
    before = threading.active_count()
    recorder.close()
    recorder.close()
    recorder.write_event(0, KeyPressed("1"))
    assert threading.active_count() == before - 1


def test_a_folder_that_cannot_be_written_is_named_before_the_call_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="recordings cannot be written"):
        Recorder(tmp_path / "file" / "call", HEADER)


CRASH = """
import sys, time
import numpy as np
from pathlib import Path
from voicebot.events import FrameReceived, KeyPressed
from voicebot.recorder import Recorder, RecordingHeader
recorder = Recorder(Path(sys.argv[1]), RecordingHeader("payments", "abc"))
for n in range(100):
    recorder.write_event(n * 20, FrameReceived(np.full(160, 77, dtype=np.int16), True))
recorder.write_event(2000, KeyPressed("1"))
time.sleep(0.8)
recorder.write_event(2020, KeyPressed("2"))
print("written", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_a_recording_is_readable_after_kill_9(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", CRASH, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "written\n"
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    program.stdout.close()
    rows = list(eventlog.rows((tmp_path / EVENTS_FILE).read_text("utf-8").splitlines()))
    assert "1" in [row.get("key") for row in rows]
    samples, _ = decode_wav((tmp_path / CALLER_FILE).read_bytes())
    assert (samples == 77).sum() == 100 * 160


def test_a_clear_forgets_only_what_was_not_heard() -> None:
    heard = HeardAudio()
    heard.send(0, sound(1, 100))
    heard.clear(40)
    heard.send(60, sound(2, 20))
    pieces: list[Any] = heard.take(1000)
    assert [(place, len(piece)) for place, piece in pieces] == [(0, 320), (480, 160)]
    assert heard.is_empty


def test_what_was_taken_is_not_taken_again() -> None:
    heard = HeardAudio()
    heard.send(0, sound(1, 100))
    assert sum(len(piece) for _, piece in heard.take(30)) == 240
    assert sum(len(piece) for _, piece in heard.take(30)) == 0
    assert sum(len(piece) for _, piece in heard.take(500)) == 560
