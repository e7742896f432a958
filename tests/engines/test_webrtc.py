"""Voice or not, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.engines.webrtc import WebrtcDetector
from voicebot.errors import EngineError
from voicebot.events import Samples


def voice(seconds: float, level: float = 5000) -> Samples:
    """A vowel: a pulse train at 120 Hz through two resonances, with its own small pauses."""
    length = int(seconds * 8000)
    pulses = np.zeros(length)
    pulses[:: 8000 // 120] = 1.0
    at = np.arange(400) / 8000
    mouth = np.exp(-at * 90) * (np.sin(2 * np.pi * 700 * at) + 0.6 * np.sin(2 * np.pi * 1200 * at))
    sound = np.convolve(pulses, mouth)[:length]
    scaled: Samples = (level * sound / np.abs(sound).max()).astype(np.int16)
    return scaled


def noise(seconds: float, level: float, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0, level, int(seconds * 8000)).astype(np.int16)


def share(detector: WebrtcDetector, sound: Samples) -> float:
    flags = [detector.is_speech(frame) for frame in sound.reshape(-1, 160)]
    return sum(flags) / len(flags)


def test_silence_is_not_speech() -> None:
    assert share(WebrtcDetector(), np.zeros(16_000, dtype=np.int16)) == 0


def test_a_voice_is_speech_from_the_start_of_the_call() -> None:
    assert share(WebrtcDetector(), voice(1.0)) > 0.5


def test_a_voice_over_a_noisy_line_is_speech() -> None:
    detector = WebrtcDetector()
    assert share(detector, noise(2.0, 150)) < 0.1
    assert share(detector, voice(1.0) + noise(1.0, 150, seed=2)) > 0.8


@pytest.mark.parametrize("level", [20, 100, 400, 1000])
def test_steady_noise_is_learned(level: int) -> None:
    detector = WebrtcDetector()
    share(detector, noise(3.0, level))
    assert share(detector, noise(3.0, level, seed=2)) < 0.05


def test_detectors_share_nothing() -> None:
    noisy, fresh = WebrtcDetector(), WebrtcDetector()
    share(noisy, noise(3.0, 2000))
    assert noisy.floor_db > fresh.floor_db + 20


def test_wrong_use_is_named() -> None:
    with pytest.raises(EngineError, match="aggressiveness 4"):
        WebrtcDetector(aggressiveness=4)
    with pytest.raises(EngineError, match="frame of shape"):
        WebrtcDetector().is_speech(np.zeros(80, dtype=np.int16))
