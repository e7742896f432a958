"""Piper voices, with a real voice file that spells its phoneme numbers instead of speaking."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engines.toy_onnx import cast_model
from voicebot.engines.piper import Piper, pinyin_symbols
from voicebot.engines.pronounce import Word
from voicebot.errors import ConfigError
from voicebot.models import ModelStore

IDS = {
    "_": [0],
    "^": [1],
    "$": [2],
    "n": [10],
    "in": [45],
    "2": [65],
    "h": [14],
    "ao": [32],
    "3": [66],
    "。": [69],
    ".": [69],
}
IDS |= {
    ",": [72],
    "Ø": [3],
    "ai": [30],
    "l": [11],
    "u": [49],
    "5": [68],
    "ch": [19],
    "zh": [18],
    "ong": [38],
    "4": [67],
}


def make_voice(folder: Path, *, phoneme_type: str = "pinyin", voice: str = "cmn") -> Path:
    model = folder / "toy.onnx"
    model.write_bytes(cast_model())
    described = {
        "num_symbols": 100,
        "num_speakers": 1,
        "audio": {"sample_rate": 22_050},
        "espeak": {"voice": voice},
        "phoneme_type": phoneme_type,
        "phoneme_id_map": IDS,
    }
    (folder / "toy.onnx.json").write_text(json.dumps(described), encoding="utf-8")
    return model


def say(piper: Piper, text: str, **polyphones: str) -> list[int]:
    return [round(float(number)) for number in piper.speak(text, voice="", pace=1.0, polyphones=polyphones)]


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, because preparing the dictionary takes a second."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture
def mandarin(tmp_path: Path, work_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Piper:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return Piper(make_voice(tmp_path), work_dir=work_dir, threads=1)


def test_a_mandarin_voice_gets_initials_finals_and_tones(mandarin: Piper) -> None:
    # begin · n in 2 pad · h ao 3 pad · stop pad · end
    assert say(mandarin, "您好。") == [1, 10, 45, 65, 0, 14, 32, 66, 0, 69, 0, 2]


def test_a_mandarin_voice_honours_polyphones(mandarin: Piper) -> None:
    assert mandarin.honours_polyphones
    assert say(mandarin, "重") == [1, 18, 38, 67, 0, 2]
    assert say(mandarin, "重", 重="chong2") == [1, 19, 38, 65, 0, 2]


def test_a_mandarin_voice_downloads_nothing_and_leaves_the_current_folder_alone(
    mandarin: Piper, monkeypatch: pytest.MonkeyPatch
) -> None:
    import urllib.request

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_: pytest.fail("went to the network"))
    say(mandarin, "您好")
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("text", ["", "。", "😀"])
def test_nothing_to_speak_gives_no_sound(mandarin: Piper, text: str) -> None:
    assert say(mandarin, text) == []


@pytest.mark.parametrize(
    ("word", "symbols"),
    [
        (Word(pinyin=("zhuang4",)), ["zh", "uang", "4"]),
        (Word(pinyin=("er2",)), ["Ø", "er", "2"]),
        (Word(pinyin=("yue4",)), ["y", "ue", "4"]),
        (Word(pinyin=("lv4",)), ["l", "v", "4"]),
        (Word(pinyin=("n2",)), ["Ø", "en", "2"]),  # 嗯
        (Word(latin="AI"), ["Ø", "ei", "1", "Ø", "ai", "4"]),
        (Word(latin="é"), []),
        (Word(mark=","), []),
    ],
)
def test_syllables_in_the_alphabet_of_piper(word: Word, symbols: list[str]) -> None:
    assert pinyin_symbols([word]) == symbols


PIPER_INITIALS = {"Ø", *"bpmfdtnlgkhjqxrzcsyw", "zh", "ch", "sh"}
PIPER_FINALS = {
    "a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong",
    "i", "ia", "ie", "iao", "iu", "ian", "in", "iang", "ing", "iong",
    "u", "ua", "uo", "uai", "ui", "uan", "un", "uang", "ueng", "v", "ve", "van", "vn", "er", "ue",
}  # fmt: skip


def test_every_syllable_of_mandarin_is_in_the_alphabet_of_piper() -> None:
    from pypinyin import Style, pinyin

    common = "".join(map(chr, range(0x4E00, 0x9FA5)))
    readings = pinyin(common, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True, errors="ignore")
    syllables = {one for reading in readings for one in reading}
    assert len(syllables) > 1200
    known = {*PIPER_INITIALS, *PIPER_FINALS, *"12345"}
    odd = {one for one in syllables if set(pinyin_symbols([Word(pinyin=(one,))])) - known}
    assert odd == set()


def test_a_voice_that_reads_with_espeak_keeps_sentences_apart(tmp_path: Path) -> None:
    piper = Piper(make_voice(tmp_path, phoneme_type="espeak", voice="en-us"), work_dir=tmp_path, threads=1)
    assert not piper.honours_polyphones
    silent = piper.speak("Hi. Hi.", voice="", pace=1.0, polyphones={})
    assert len(silent) >= 22_050 * 320 // 1000


def test_without_piper_tts_the_house_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("piper", "piper.config", "piper.voice"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match="piper-tts, which is not installed") as caught:
        Piper(make_voice(tmp_path), work_dir=tmp_path)
    assert "voicebot[piper]" in caught.value.remedy


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda model: model.with_name("toy.onnx.json").unlink(), "description .* is missing"),
        (lambda model: model.with_name("toy.onnx.json").write_text("{"), "cannot be read"),
        (lambda model: model.with_name("toy.onnx.json").write_text("{}"), "cannot be read"),
        (lambda model: model.write_bytes(b"cut"), "cannot be loaded"),
    ],
)
def test_a_broken_voice_is_named(tmp_path: Path, spoil: Any, told: str) -> None:
    model = make_voice(tmp_path)
    spoil(model)
    with pytest.raises(ConfigError, match=told):
        Piper(model, work_dir=tmp_path)


@pytest.mark.slow
def test_joe_speaks(tmp_path: Path) -> None:
    piper = Piper(ModelStore().resolve("piper-joe", purpose="piper-joe"), work_dir=tmp_path)
    slow = piper.speak("Your refund is on its way.", voice="", pace=0.8, polyphones={})
    fast = piper.speak("Your refund is on its way.", voice="", pace=1.25, polyphones={})
    assert 0.8 < len(fast) / piper.rate_hz < len(slow) / piper.rate_hz < 4
    assert np.abs(fast).max() > 0.01
