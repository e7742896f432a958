"""One plain form for everything that is heard."""

from __future__ import annotations

import pytest

from voicebot.language.normalise import normalise, plain

CORRECTIONS = {"援路": "原路", "位号": "尾号", "转接得": "转接给", "鱼闻": "余额", "花被": "花呗"}


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("魚聞，退到餘額裡面！", "鱼闻 退到余额里面"),
        ("我著急", "我着急"),
        ("ＡＢＣ１２３", "abc123"),
        ("1,299.50元", "1299.50元"),
        ("12,345,678", "12345678"),
        ("1,2,3,4", "1 2 3 4"),
        ("三点半 3:30", "三点半 3:30"),
        ("Don't do it!", "don't do it"),
        ("对，我想问", "对 我想问"),
        ("  ", ""),
        ("「你好」…", "你好"),
        ("100%对", "100%对"),
        ("¥299", "¥299"),
    ],
)
def test_script_width_case_and_punctuation(heard: str, expected: str) -> None:
    assert plain(heard) == expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("那个那个我想退款", "我想退款"),
        ("呃，我我我要退款", "我要退款"),
        ("嗯我要退款", "我要退款"),
        ("我想我想退款", "我想退款"),
        ("对对对", "对"),
        ("uh I I want um my money", "i want my money"),
        # what must stay
        ("嗯", "嗯"),
        ("嗯嗯", "嗯"),
        ("八八八八", "八八八八"),
        ("一一二二", "一一二二"),
        ("8 8 0 1", "8 8 0 1"),
        ("让我想想", "让我想想"),
        ("谢谢", "谢谢"),
        ("余额", "余额"),
        ("一二三四那个", "一二三四那个"),
        ("那个我不要", "那个我不要"),
        ("不要，要原路", "不要 要原路"),
        ("seven seven two", "seven seven two"),
        ("等等", "等等"),
    ],
)
def test_hesitation_goes_and_meaning_stays(heard: str, expected: str) -> None:
    assert normalise(heard) == expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("我要援路退回", "我要原路退回"),
        ("圆路退回吧", "原路退回吧"),
        ("转接得人工", "转接给人工"),
        ("位号一二三四", "尾号一二三四"),
        ("为好是1234", "尾号是1234"),
        ("退到鱼闻", "退到余额"),
        ("花呗还款", "花呗还款"),
        ("花贝还款", "花呗还款"),
        # a longer, right word is not cut
        ("支援路线", "支援路线"),
        ("因为好多天了", "因为好多天了"),
        ("单位号码", "单位号码"),
        ("原路退回", "原路退回"),
        ("尾号1234", "尾号1234"),
    ],
)
def test_the_operators_corrections_are_applied_by_sound(heard: str, expected: str) -> None:
    assert normalise(heard, corrections=CORRECTIONS) == expected


def test_the_longest_correction_wins_and_is_not_corrected_again() -> None:
    corrections = {"援路": "原路", "援路推回": "原路退回"}
    assert normalise("援路推回", corrections=corrections) == "原路退回"


def test_own_fillers_are_dropped_where_they_stand_alone() -> None:
    assert normalise("那什么，我想退款", fillers=("那什么",)) == "我想退款"
    assert normalise("那什么时候到", fillers=("那什么",)) == "那什么时候到"


def test_normalising_twice_changes_nothing() -> None:
    for text in ("呃，我我我要退款", "魚聞，1,299.50元", "对，不对，是1234", "uh I I want it"):
        once = normalise(text, corrections=CORRECTIONS)
        assert normalise(once, corrections=CORRECTIONS) == once
