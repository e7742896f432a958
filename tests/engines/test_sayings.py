"""One number, many writings."""

from __future__ import annotations

import pytest

from voicebot.engines.sayings import around_digits, digits_in, nearest, sound_of_text, writings
from voicebot.events import Candidate


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("8801", "8801"),
        ("尾号8,8零幺吧", "8801"),
        ("98,790,902", "98790902"),
        ("1-3-8-0-0", "13800"),
        ("一三八 零零", "13800"),
        ("零要三腰", "0131"),  # 幺 as Whisper hears it, inside a number
        ("四七二九,然后七零一一零", "70110"),  # the longest run
        ("我要退款", ""),  # 要 alone is no digit
        ("一件衣服", ""),  # one digit is not a number read out
        ("两洞拐", ""),  # radio digits do not begin a number
        ("", ""),
    ],
)
def test_digits_in_what_was_heard(text: str, digits: str) -> None:
    assert digits_in(text) == digits


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ("尾号是1234的那个", ("尾号是", "的那个")),
        ("1234", ("", "")),
        ("我不知道", None),
    ],
)
def test_words_around_the_number(text: str, around: tuple[str, str] | None) -> None:
    assert around_digits(text) == around


def test_a_tail_is_written_in_every_way_and_with_the_words_heard_around_it() -> None:
    tail = Candidate("order-7", ("8801",))
    found = writings(tail, language="zh", free_text="我要退尾号8807那个。")
    assert found[:4] == ["8801", "8 8 0 1", "八八零一", "八八零幺"]
    assert "我要退尾号8801那个" in found
    assert writings(tail, language="en", free_text="eight")[2] == "eight eight zero one"


def test_carriers_are_tried_when_no_number_was_heard() -> None:
    tail = Candidate("order-7", ("8801",))
    assert "尾号是8801" in writings(tail, language="zh", free_text="为好吧吧您要")
    assert "尾号是8801" not in writings(tail, language="zh", free_text="8807")


def test_words_stay_as_they_are() -> None:
    choice = Candidate("original", ("原路退回", "原路", "原路"))
    assert writings(choice, language="zh", free_text="援路退回") == ["原路退回", "原路"]
    assert writings(Candidate("13", ("第3个",)), language="zh", free_text="") == ["第3个"]


def test_sound_ignores_characters_tones_and_marks() -> None:
    assert sound_of_text("援路,退回。") == sound_of_text("原路退回")
    assert sound_of_text("88幺") == sound_of_text("八八一")
    assert sound_of_text("余额") != sound_of_text("原路")


def test_pruning_keeps_what_sounds_alike() -> None:
    accounts = [Candidate(f"id{n}", (f"{n:08d}",)) for n in range(20_000_000, 20_000_400, 7)]
    kept = [candidate.value for candidate in nearest(accounts, "二零零零零零七七", 5)]
    assert "id20000077" in kept
    assert len(kept) == 5
    choices = [Candidate(word, (word,)) for word in ("余额", "原路退回", "换货", "转人工")]
    assert [c.value for c in nearest(choices, "援路退悔", 1)] == ["原路退回"]
    assert nearest(choices, "什么", 4) == choices


def test_pruning_compares_the_end_of_a_longer_number() -> None:
    tails = [Candidate(tail, (tail,)) for tail in ("1234", "5678", "9012")]
    assert [c.value for c in nearest(tails, "订单号8800005678", 1)] == ["5678"]
