"""Where words begin and end."""

from __future__ import annotations

import pytest

from voicebot.language.vocabulary import cuts_a_word, is_word


@pytest.mark.parametrize(
    ("text", "expected"), [("支援", True), ("余额", True), ("援路", False), ("鱼闻", False)]
)
def test_everyday_words_are_known(text: str, expected: bool) -> None:
    assert is_word(text) is expected


@pytest.mark.parametrize(
    ("text", "part", "cuts"),
    [
        ("支援路线", "援路", True),
        ("因为好多", "为好", True),
        ("我要援路退回", "援路", False),
        ("退到鱼闻", "鱼闻", False),
    ],
)
def test_a_part_of_a_longer_word_is_no_unit(text: str, part: str, cuts: bool) -> None:
    start = text.index(part)
    assert cuts_a_word(text, start, start + len(part)) is cuts


def test_loading_the_dictionary_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    is_word("余额")
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
