"""The Mandarin voice itself: with the real model, and with models and styles that are broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engines.toy_onnx import cast_model
from voicebot.engines.kokoro import VOCABULARY, Kokoro
from voicebot.engines.pronounce import EnglishWords
from voicebot.errors import ConfigError, EngineError
from voicebot.models import ModelStore

SENTENCE = "您好，您尾号幺二三四的订单，退款已经登记好了。"


def test_the_alphabet_is_kokoro_s() -> None:
    assert len(VOCABULARY) == 114
    known = {
        ";": 1,
        "?": 6,
        "—": 9,
        " ": 16,
        "ʦ": 20,
        "a": 43,
        "z": 68,
        "ŋ": 112,
        "ʰ": 162,
        "↓": 169,
        "↘": 173,
        "ᵻ": 177,
    }
    assert {symbol: VOCABULARY[symbol] for symbol in known} == known


def test_the_english_dictionary_speaks_kokoro_s_alphabet() -> None:
    english = EnglishWords()
    for word in ("refund", "thursday", "VIP", "judge", "thing", "pleasure", "bird", "WeChat"):
        assert set(english.phonemes(word)) <= set(VOCABULARY), word


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, because preparing the dictionary takes a second."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture
def toy(tmp_path: Path, work_dir: Path) -> Kokoro:
    (tmp_path / "toy.onnx").write_bytes(cast_model())
    return Kokoro(tmp_path / "toy.onnx", tmp_path, cache_dir=work_dir)


@pytest.mark.parametrize(
    "content",
    [b"", bytes(100), np.full(510 * 256, np.nan, dtype="<f4").tobytes()],
    ids=["empty", "cut off", "not numbers"],
)
def test_a_broken_style_is_named(toy: Kokoro, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "zf_broken.bin").write_bytes(content)
    with pytest.raises(ConfigError, match=r"zf_broken\.bin"):
        toy.style("zf_broken")


def test_an_unknown_style_is_told_with_the_known_ones(toy: Kokoro, tmp_path: Path) -> None:
    (tmp_path / "zf_known.bin").write_bytes(bytes(510 * 256 * 4))
    with pytest.raises(ConfigError, match="Known: zf_known"):
        toy.speak("好", voice="zf_knwon", pace=1.0, polyphones={})


def test_a_model_that_is_no_voice_fails_as_an_engine_does(toy: Kokoro, tmp_path: Path) -> None:
    (tmp_path / "zf_known.bin").write_bytes(bytes(510 * 256 * 4))
    with pytest.raises(EngineError) as caught:
        toy.speak("您的余额", voice="zf_known", pace=1.0, polyphones={})
    assert "余额" not in str(caught.value), "what is said to a caller stays out of messages"


@pytest.fixture(scope="module")
def kokoro(work_dir: Path) -> Kokoro:
    store = ModelStore()
    model = store.resolve("kokoro", purpose="kokoro")
    styles = store.resolve("kokoro-voices", purpose="kokoro-voices")
    return Kokoro(model, styles, cache_dir=work_dir)


@pytest.mark.slow
def test_it_speaks_and_keeps_to_the_pace(kokoro: Kokoro) -> None:
    seconds = {
        pace: len(kokoro.speak(SENTENCE, voice="zf_xiaoxiao", pace=pace, polyphones={})) / kokoro.rate_hz
        for pace in (0.8, 1.0, 1.25)
    }
    assert 3 < seconds[1.0] < 8
    assert seconds[0.8] > 1.1 * seconds[1.0] > 1.2 * seconds[1.25]


@pytest.mark.slow
def test_nothing_to_speak_gives_no_sound(kokoro: Kokoro) -> None:
    for text in ("", "。", "★", " "):
        assert len(kokoro.speak(text, voice="zf_xiaoxiao", pace=1.0, polyphones={})) == 0


@pytest.mark.slow
def test_every_mandarin_style_that_is_fetched_speaks(kokoro: Kokoro) -> None:
    styles = ModelStore().resolve("kokoro-voices", purpose="kokoro-voices")
    for style in sorted(path.stem for path in styles.glob("*.bin")):
        sound = kokoro.speak("好的。", voice=style, pace=1.0, polyphones={})
        assert np.abs(sound).max() > 0.02, style
