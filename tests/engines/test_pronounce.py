"""How prompts are read: polyphones, brand names, English words and what nobody thought of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.engines.pronounce import EnglishWords, figures, kokoro_phonemes, romanise, segmenter, words


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return segmenter(tmp_path_factory.mktemp("jieba"))


@pytest.fixture(scope="module")
def english() -> EnglishWords:
    return EnglishWords()


def read(text: str, tokenizer: Any, polyphones: Mapping[str, str] | None = None) -> str:
    """What is read, for people: syllables, English words as they are, marks."""
    found = words(text, tokenizer, polyphones or {})
    return " ".join(" ".join(word.pinyin) or word.latin or word.mark for word in found)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("您好。", "nin2 hao3 ."),
        ("银行", "yin2 hang2"),
        ("不行", "bu4 xing2"),  # the same character, another word
        ("绿色女儿", "lv4 se4 nv3 er2"),
        ("黑色L码", "hei1 se4 L ma3"),
        ("嗯，好的", "n2 , hao3 de5"),
        ("第3件", "di4 san1 jian4"),  # a figure that slipped through
        ("～好★☎", ", hao3"),  # signs nobody speaks
        ("", ""),
        ("😀", ""),
    ],
)
def test_text_becomes_syllables(text: str, heard: str, tokenizer: Any) -> None:
    assert read(text, tokenizer) == heard


def test_a_persona_decides_how_its_words_are_read(tokenizer: Any) -> None:
    own = {"小暖": "xiao2 nuan3", "还": "hai2", "应还": "ying1 huan2", "绿": "lü4"}
    assert read("小暖说应还", tokenizer, own) == "xiao2 nuan3 shuo1 ying1 huan2"
    assert read("还绿", tokenizer, own) == "hai2 lv4"
    assert read("小暖", tokenizer) == "xiao3 nuan3"  # other personas keep the dictionary


@pytest.mark.parametrize(
    ("digits", "said"),
    [("0", "零"), ("10", "十"), ("15", "十五"), ("1000", "一千"), ("007", "零零七"), ("13800", "幺三八零零")],
)
def test_left_over_figures_are_read_all_the_same(digits: str, said: str) -> None:
    assert figures(digits) == said


def test_kokoro_hears_words_apart_and_stops(tokenizer: Any, english: EnglishWords) -> None:
    found = kokoro_phonemes(words("您好，「小暖」为您服务！！", tokenizer, {}), english)
    assert found == "ni↗nxau↓, “ɕjau↓nwa↓n” wei↘ni↗nfu↗u↘!"


@pytest.mark.parametrize(
    ("word", "like"),
    [
        ("OK", "ˌOkˈA"),
        ("VIP", "vˈi ˈI pˈi"),  # spelled
        ("L", "ˈɛl"),
        ("hello", "həlˈO"),
        ("Hello", "həlˈO"),
        ("refunds", "ɹəfˈʌndz"),
        ("WeChat", "wi ʧˈæt"),  # two words
        ("iPhone", "ˈI fˈOn"),
        ("xqzw", "ˈɛks kjˈu zˈi dˈʌbᵊlju"),  # no word: spelled
        ("", ""),
    ],
)
def test_english_words_inside_mandarin(word: str, like: str, english: EnglishWords) -> None:
    assert english.phonemes(word) == like


@given(text=st.text(max_size=60))
def test_whatever_is_typed_can_be_read(text: str, tokenizer: Any, english: EnglishWords) -> None:
    found = kokoro_phonemes(words(text, tokenizer, {"重新": "chong2 xin1"}), english)
    assert not re.search(r"[\u4e00-\u9fff0-9]", found), "the voice does not know characters and figures"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Your parcel from 小暖 is here", "Your parcel from Xiao Nuan is here"),
        ("退款，thanks。", "Tui Kuan, thanks."),
        ("No change", "No change"),
    ],
)
def test_an_english_voice_gets_chinese_names_as_pinyin(text: str, spoken: str) -> None:
    assert romanise(text) == spoken


def test_the_dictionary_is_prepared_in_its_own_folder(tmp_path: Path) -> None:
    segmenter(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["jieba.cache"]


def test_a_folder_that_cannot_be_written_costs_only_a_second(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tokenizer = segmenter(tmp_path / "file" / "folder")
    assert list(tokenizer.cut("您好")) == ["您好"]
