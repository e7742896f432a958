"""Persona files: who speaks, and every mistake in them told at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.engines.persona import Persona, read_personas
from voicebot.errors import ConfigError

SHIPPED = Path(__file__).parents[2] / "voices"

GOOD = "language: zh\nengine: kokoro\nvoice: zf_xiaoxiao\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_personas_of_the_house_are_in_order() -> None:
    personas = read_personas(SHIPPED)
    assert {"xiaonuan", "yunxi", "joe"} <= set(personas)
    assert all(persona.licence and persona.about for persona in personas.values())
    assert personas["xiaonuan"].polyphones["应还"] == "ying1 huan2"
    bots = {personas[name].loudness_db for name in ("xiaonuan", "yunxi", "joe")}
    assert len(bots) == 1, "a change of voice is no change of loudness"


def test_own_readings_win_over_the_lexicon(tmp_path: Path) -> None:
    write(
        tmp_path,
        one=GOOD + "lexicon: shared/zh.yaml\npolyphones: {应还: ying4 hai2}\n",
        two=GOOD + "lexicon: shared/zh.yaml\n",
        shared__zh="polyphones: {应还: ying1 huan2, 绿: lü4}\nreplacements: {APP: A P P}\n",
    )
    personas = read_personas(tmp_path)
    assert personas["one"].polyphones == {"应还": "ying4 hai2", "绿": "lv4"}
    assert personas["two"].polyphones == {"应还": "ying1 huan2", "绿": "lv4"}
    assert personas["two"].replacements == {"APP": "A P P"}


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("engin: kokoro\nlanguage: zh\nvoice: x", "1:1", 'did you mean "engine"'),
        ("language: zh\nengine: kokorro\nvoice: x", "2:9", 'did you mean "kokoro"'),
        ("engine: kokoro\nvoice: x", "1:1", '"language" is missing'),
        ("language: zh\nengine: kokoro", "1:1", '"voice" is missing'),
        ("language: en\nengine: piper", "1:1", '"model" is missing'),
        ("language: en\nengine: kokoro\nvoice: x", "1:11", "kokoro speaks Mandarin"),
        ("language: en\nengine: piper\nmodel: m\nvoice: joe", "4:8", "write a speaker's number"),
        (GOOD + "model: m", "4:8", "has no meaning here"),
        (GOOD + "pace: fast", "4:7", "a number from 0.5 to 2"),
        (GOOD + "pace: 3", "4:7", "a number from 0.5 to 2"),
        (GOOD + "pace: true", "4:7", "a number from 0.5 to 2"),
        (GOOD + "loudness_db: -3", "4:14", "a number from -30 to -14"),
        (GOOD + "polyphones: {重新: chong2}", "4:18", "1 syllables for 2 characters"),
        (GOOD + "polyphones: {重: chong}", "4:17", "no pinyin syllable"),
        (GOOD + "polyphones: {重: xyz3}", "4:17", "no pinyin syllable"),
        (GOOD + "polyphones: {APP: a1}", "4:14", "not made of Chinese characters"),
        (GOOD + "polyphones: [重新]", "4:13", "must be a mapping"),
        (GOOD + "replacements: {APP: [A]}", "4:21", "must be text"),
        (GOOD + "lexicon: nowhere.yaml", "4:10", "no readable lexicon"),
        (GOOD + "lexicon: ../../secret.yaml", "4:10", "outside the folder"),
        ("language: en\nengine: piper\nmodel: m\npolyphones: {重: chong2}", "4:13", "use replacements"),
        ("- a list", "1:1", "must be a mapping"),
        (GOOD + "voice: twice", "4:1", "stands here twice"),
        ("language: 'zh", "1:11", "cannot be read as YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_way_out(
    tmp_path: Path, text: str, place: str, told: str
) -> None:
    write(tmp_path, wrong=text)
    with pytest.raises(ConfigError) as caught:
        read_personas(tmp_path)
    message = str(caught.value)
    assert f"wrong.yaml:{place}: error" in message, message
    assert told in message, message


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, a="engine: tin\nlanguage: xx", b=GOOD + "pace: 9\nspeed: 1")
    with pytest.raises(ConfigError, match="4 errors"):
        read_personas(tmp_path)


@pytest.mark.parametrize(
    "prepare", [lambda folder: None, lambda folder: folder.mkdir()], ids=["missing", "empty"]
)
def test_a_folder_without_personas_is_named(tmp_path: Path, prepare: object) -> None:
    assert callable(prepare)
    prepare(tmp_path / "voices")
    with pytest.raises(ConfigError, match="holds no persona file"):
        read_personas(tmp_path / "voices")


def persona(**words: str) -> Persona:
    return Persona("p", "kokoro", "zh", voice="v", replacements=words)


@pytest.mark.parametrize(
    ("replacements", "text", "spoken"),
    [
        ({"APP": "A P P"}, "打开APP", "打开A P P"),
        ({"APP": "A P P"}, "打开app", "打开A P P"),
        ({"APP": "A P P"}, "an apple in APP2", "an apple in APP2"),  # not inside other words
        ({"一点儿": "一点", "一点": "少许"}, "一点儿，一点", "一点，少许"),  # longest first, each word once
        ({"甲": "乙", "乙": "甲"}, "甲乙", "乙甲"),  # no chain
        ({"C++": "C加加"}, "C++", "C加加"),  # no pattern characters
        ({}, "原样", "原样"),
    ],
)
def test_words_are_said_as_the_persona_says_them(
    replacements: dict[str, str], text: str, spoken: str
) -> None:
    assert persona(**replacements).wording(text) == spoken


def test_only_what_can_be_heard_changes_the_fingerprint() -> None:
    plain = persona()
    assert (
        plain.fingerprint()
        == Persona("other", "kokoro", "zh", voice="v", about="x", licence="y").fingerprint()
    )
    for changed in (
        Persona("p", "kokoro", "zh", voice="w"),
        Persona("p", "kokoro", "zh", voice="v", pace=0.9),
        Persona("p", "kokoro", "zh", voice="v", loudness_db=-18.0),
        Persona("p", "kokoro", "zh", voice="v", polyphones={"重": "chong2"}),
        persona(APP="A P P"),
    ):
        assert changed.fingerprint() != plain.fingerprint()
