"""The caller's voice comes from texts and recordings of any kind, and is ready before the call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import ConfigError
from voicebot.events import Samples
from voicebot.phone.script import Script, read_script
from voicebot.phone.sounds import make_background, make_sounds, read_sound
from voicebot.wav import encode_wav

TONE = (np.sin(np.arange(8000) / 3) * 8000).astype(np.int16)


class Buzzer:
    """A synthesiser that buzzes 100 ms a character, with a long breath after it."""

    def __init__(self) -> None:
        self.spoken: list[str] = []

    def warm_up(self) -> None: ...

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]:
        self.spoken.append(f"{voice}: {text}")
        yield TONE[: 800 * len(text)]
        yield np.zeros(4000, dtype=np.int16)


def script(text: str) -> Script:
    return read_script(text, "x.yaml")


def test_texts_are_spoken_and_recordings_are_read(tmp_path: Path) -> None:
    (tmp_path / "cough.wav").write_bytes(encode_wav(TONE[:400]))
    buzzer = Buzzer()
    moves = "moves:\n  - say: 你好\n  - play: cough.wav\n  - say: 你好\n  - keys: '1'"
    sounds = make_sounds(script(moves), buzzer, "warm", tmp_path)
    assert buzzer.spoken == ["warm: 你好"]
    assert sorted(len(sound) for sound in sounds.values()) == [400, 1760, 1760]


def test_a_recording_of_another_rate_and_with_two_channels(tmp_path: Path) -> None:
    wide = (np.sin(np.arange(44_100) * 2 * np.pi * 500 / 44_100) * 8000).astype(np.int16)
    (tmp_path / "hi-fi.wav").write_bytes(encode_wav(np.stack([wide, wide], axis=1), rate_hz=44_100))
    sound = read_sound(tmp_path / "hi-fi.wav")
    assert abs(len(sound) - 8000) <= 2
    assert np.abs(np.fft.rfft(sound[:8000])).argmax() == 500


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read"), (b"MP3", "not a WAV file")],
)
def test_a_recording_that_cannot_be_played_is_named(tmp_path: Path, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ConfigError, match=rf"a\.wav: .*{why}"):
        make_sounds(script("moves: [{play: a.wav}]"), None, "", tmp_path)


def test_without_a_voice_nothing_can_be_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"x\.yaml:1:9: there is no voice"):
        make_sounds(script("moves: [{say: 你好}]"), None, "", tmp_path)


def test_noise_is_optional_and_must_be_heard(tmp_path: Path) -> None:
    assert make_background(script("moves: [hang_up]"), {}, tmp_path) is None
    noisy = script("noise: {file: pub.wav, snr_db: 10}\nmoves: [hang_up]")
    (tmp_path / "pub.wav").write_bytes(encode_wav(TONE))
    background = make_background(noisy, {}, tmp_path)
    assert background is not None
    assert background.add_to(np.zeros(160, dtype=np.int16)).any()
    (tmp_path / "pub.wav").write_bytes(encode_wav(np.zeros(100, dtype=np.int16)))
    with pytest.raises(ConfigError, match="no sound in it"):
        make_background(noisy, {}, tmp_path)
