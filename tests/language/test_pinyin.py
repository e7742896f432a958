"""How alike two utterances sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.language.pinyin import distance, syllable_cost, syllables, tokens


def test_syllables_of_mixed_text() -> None:
    assert syllables("援路退回 ok 12") == ("yuan", "lu", "tui", "hui", "ok", "1", "2")


def test_tokens_know_where_they_stand() -> None:
    text = "尾号 12 ok"
    assert [text[token.start : token.end] for token in tokens(text)] == ["尾", "号", "1", "2", "ok"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("原路退回", "援路退回"),
        ("尾号", "位号"),
        ("查收", "查受"),
        ("一二", "12"),
        ("幺", "1"),
        ("白色", "百瑟"),
    ],
)
def test_homophones_are_no_distance_apart(a: str, b: str) -> None:
    assert distance(a, b) == 0


@pytest.mark.parametrize(
    ("said", "near", "far"),
    [
        ("余额", "鱼闻", "原路"),
        ("余额", "鱼河", "原路"),
        ("飞机", "灰机", "司机"),
        ("蓝色", "南色", "白色"),
        ("是", "四", "八"),
        ("衬衫", "称山", "裤子"),
        ("人工", "能工", "加工"),
        ("心情", "新青", "书包"),
        ("balance", "ballance", "original"),
    ],
)
def test_what_is_easily_misheard_is_nearer(said: str, near: str, far: str) -> None:
    assert distance(said, near) < 0.25 < distance(said, far)


@given(
    st.text(alphabet="原路援退回余额鱼闻一二三 abc12", max_size=8),
    st.text(alphabet="原路援退回余额鱼闻一二三 abc12", max_size=8),
)
def test_distance_is_symmetric_and_between_0_and_1(a: str, b: str) -> None:
    assert distance(a, b) == pytest.approx(distance(b, a))
    assert 0 <= distance(a, b) <= 1
    assert distance(a, a) == 0


def test_latin_words_need_to_look_alike() -> None:
    assert syllable_cost("ok", "ou") == 1.0
    assert syllable_cost("shirt", "skirt") < 0.3
    assert syllable_cost("yes", "no") == 1.0
