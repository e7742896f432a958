"""A persona's name is all a dialplan needs to know; the rest is its file's business."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from voicebot.audio import join, level_db
from voicebot.engines.loudness import Sound
from voicebot.engines.persona import Persona
from voicebot.engines.voices import Engine, Voices
from voicebot.errors import ConfigError, EngineError

WARM = "language: zh\nengine: kokoro\nvoice: warm\npace: 0.9\nreplacements: {APP: A P P}\n"
COOL = "language: zh\nengine: kokoro\nvoice: cool\nloudness_db: -26\npolyphones: {重: chong2}\n"
JOE = "language: en\nengine: piper\nmodel: joe\n"


class Tone:
    """An engine that answers every part with half a second of tone, and remembers what it was asked."""

    version = "tone/1"

    def __init__(self, rate_hz: int = 24_000) -> None:
        self.rate_hz = rate_hz
        self.asked: list[tuple[str, str, float, dict[str, str]]] = []
        self.is_mute = False

    def speak(self, text: str, *, voice: str, pace: float, polyphones: Mapping[str, str]) -> Sound:
        self.asked.append((text, voice, pace, dict(polyphones)))
        if self.is_mute or not any(char.isalpha() for char in text):
            return np.zeros(0, dtype=np.float32)
        at = np.arange(self.rate_hz // 2) / self.rate_hz
        return np.asarray(0.05 * np.sin(2 * np.pi * 400 * at), dtype=np.float32)


class House(Voices):
    """The real thing but for the engines: loading one gives a tone."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.loaded: dict[str, Tone] = {}
        super().__init__(folder, lambda name: Path(name), work_dir=folder, **options)  # type: ignore[arg-type]

    def _load(self, persona: Persona) -> Engine:
        tone = self.loaded[persona.engine] = Tone()
        return tone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("warm", WARM), ("cool", COOL), ("joe", JOE)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def house(folder: Path) -> House:
    return House(folder)


def test_the_persona_decides_voice_pace_and_words(house: House) -> None:
    list(house.synthesise("打开APP", voice="warm"))
    list(house.synthesise("打开APP", voice="cool", pace=1.2))
    assert house.loaded["kokoro"].asked == [
        ("打开A P P", "warm", 0.9, {}),
        ("打开APP", "cool", 1.2, {"重": "chong2"}),
    ]


def test_slower_on_request_multiplies_the_persona_s_own_pace(house: House) -> None:
    for pace in (0.8, 0.1, 9.0):
        list(house.synthesise("好", voice="warm", pace=pace))
    assert [round(asked[2], 3) for asked in house.loaded["kokoro"].asked] == [0.72, 0.5, 2.0]


def test_every_persona_is_as_loud_as_its_file_says(house: House) -> None:
    assert level_db(join(list(house.synthesise("好", voice="warm")))) == pytest.approx(-20, abs=1.5)
    assert level_db(join(list(house.synthesise("好", voice="cool")))) == pytest.approx(-26, abs=1.5)


def test_a_long_prompt_comes_in_parts_with_a_rest_between(house: House) -> None:
    parts = list(house.synthesise("好的，我帮您看一下。您是原路退回，还是退到余额呢？", voice="cool"))
    assert [asked[0] for asked in house.loaded["kokoro"].asked] == [
        "好的，我帮您看一下。",
        "您是原路退回，还是退到余额呢？",
    ]
    assert len(parts[0]) - len(parts[1]) == 320 * 8  # a full stop's rest, and none at the end


def test_parts_are_made_only_when_asked_for(house: House) -> None:
    parts = house.synthesise("好的，我帮您看一下。您是原路退回，还是退到余额呢？", voice="cool")
    next(parts)
    assert len(house.loaded["kokoro"].asked) == 1


@pytest.mark.parametrize("text", ["", "  ", "。……", "😀"])
def test_a_text_without_words_gives_no_sound_and_no_error(house: House, text: str) -> None:
    assert list(house.synthesise(text, voice="cool")) == []


def test_a_wrong_name_is_told_with_the_right_ones(house: House, folder: Path) -> None:
    with pytest.raises(ConfigError, match="Known: cool, joe, warm"):
        list(house.synthesise("好", voice="cold"))
    with pytest.raises(ConfigError, match='no persona "cold"'):
        House(folder, needed=("cold",))


def test_warm_up_loads_what_is_needed_and_nothing_else(folder: Path) -> None:
    house = House(folder, needed=("warm", "cool"))
    house.warm_up()
    assert set(house.loaded) == {"kokoro"}  # one model for both, and no English voice
    assert len(house.loaded["kokoro"].asked) == 2


def test_a_voice_that_makes_no_sound_keeps_the_house_closed(folder: Path) -> None:
    house = House(folder, needed=("warm",))
    list(house.synthesise("好", voice="warm"))
    house.loaded["kokoro"].is_mute = True
    with pytest.raises(EngineError, match="made no sound"):
        house.warm_up()


def test_the_fingerprint_follows_the_file_and_the_engine(house: House, folder: Path) -> None:
    before = {name: house.fingerprint(name) for name in house.names}
    assert len(set(before.values())) == 3
    (folder / "warm.yaml").write_text(WARM + "loudness_db: -18\n", encoding="utf-8")
    after = House(folder)
    assert after.fingerprint("warm") != before["warm"]
    assert after.fingerprint("cool") == before["cool"]
