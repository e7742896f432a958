"""Any WAV file becomes the audio of a call."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.engines.sound_file import read_call_audio
from voicebot.errors import ConfigError
from voicebot.wav import encode_wav

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype(np.int16)


def test_other_rates_are_brought_to_that_of_the_telephone(tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    file.write_bytes(encode_wav(TONE, rate_hz=16_000))
    samples = read_call_audio(file)
    assert samples.shape == (8000,)
    assert np.abs(samples.astype(int)).max() == pytest.approx(8000, rel=0.1)


def test_the_first_channel_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "both.wav"
    file.write_bytes(encode_wav(np.stack([TONE, -TONE], axis=1), rate_hz=8000))
    assert np.array_equal(read_call_audio(file), TONE)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.wav cannot be read"):
        read_call_audio(tmp_path / "gone.wav")
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(ConfigError, match=r"text\.wav is not usable: this is not a WAV file"):
        read_call_audio(tmp_path / "text.wav")
