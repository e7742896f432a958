"""Wanted or refused?"""

from __future__ import annotations

import pytest

from voicebot.language.negation import corrections, is_corrected, is_refused


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("不要余额", True),
        ("不想退到余额", True),
        ("别给我退余额", True),
        ("余额就不要了", True),
        ("余额不行", True),
        ("余额算了", True),
        ("没有余额", True),
        ("余额", False),
        ("是不是余额", False),
        ("要不要退余额", False),
        ("要不余额吧", False),
        ("不好意思余额", False),
        ("我不知道 余额吧", False),
        ("不是不要余额", False),
        ("没问题余额", False),
        ("不能退余额吗", False),
        ("差不多就余额", False),
        ("不如余额", False),
    ],
)
def test_a_mention_is_refused(text: str, refused: bool) -> None:
    start = text.index("余额")
    assert is_refused(text, start, start + 2) is refused


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("not the balance", True),
        ("i don't want it on my balance", True),
        ("anything but balance", True),
        ("not original but balance", False),
        ("i'm not sure balance", False),
        ("no problem balance", False),
        ("balance", False),
    ],
)
def test_a_mention_is_refused_in_english(text: str, refused: bool) -> None:
    start = text.index("balance")
    assert is_refused(text, start, start + 7) is refused


@pytest.mark.parametrize(
    ("between", "after", "corrected"),
    [
        (" 不对 ", "", True),
        ("吧 哦不 ", "", True),
        (" 算了 ", "", True),
        (" no wait ", "", True),
        ("还是", "吧", True),
        ("还是", "", False),
        ("和", "", False),
        (" 对不起 ", "", False),
        (" ", "", False),
    ],
)
def test_a_correction_between_two_mentions(between: str, after: str, corrected: bool) -> None:
    assert is_corrected(between, after) is corrected


def test_corrections_are_located() -> None:
    assert corrections("一二三 不对 一二四") == [(4, 6)]
    assert corrections("对不起 一二三") == []
