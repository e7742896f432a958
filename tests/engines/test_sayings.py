"""One number, many writings."""

from __future__ import annotations

import pytest

from voicebot.engines.sayings import (
    FreeReading,
    Writing,
    around_digits,
    carried,
    digits_in,
    nearest,
    sound_of_text,
    writings,
)
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


def texts(candidate: Candidate, heard: str, language: str = "zh") -> list[str]:
    free = FreeReading(heard)
    return [writing.text for writing in writings(candidate, language=language, free=free)]


TAIL = Candidate("order-7", ("8801",))


def test_a_tail_is_written_in_every_way_and_in_place_of_the_number_heard() -> None:
    assert texts(TAIL, "我要退尾号8807那个。") == [
        "8801",
        "8 8 0 1",
        "八八零一",
        "八八零幺",
        "我要退尾号8801那个",
    ]
    assert "eight eight zero one" in texts(TAIL, "eight", "en")


def test_a_number_inside_a_saying_is_written_both_ways() -> None:
    assert texts(Candidate("order-7", ("尾号八八零一",)), "八八零一")[:2] == ["尾号8801", "尾号八八零一"]


def test_words_stay_as_they_are() -> None:
    assert texts(Candidate("original", ("原路退回", "原路", "原路")), "好的") == ["原路退回", "原路"]
    assert texts(Candidate("13", ("第12个",)), "") == ["第12个"]


@pytest.mark.parametrize(
    ("saying", "heard", "in_place"),
    [
        ("余额", "余俄就行", "余额就行"),
        ("原路", "就圆路退吧", "就原路退吧"),
        ("对的", "嗯,对地", "嗯,对的"),
        ("3163", "为后三有六三的纳皮", "为后3163的纳皮"),
        ("对", "对我要转人工", None),  # said more than the answer
        ("不是", "不是这个我要查物流", None),
        ("是", "不是", None),  # the opposite
        ("可以", "不可以", None),
        ("原路", "不是原路", None),
        ("余额", "今天天气怎么样", None),  # nothing sounds like it
        ("余额", "", None),
        ("余额", "余额", None),  # is the whole reading: nothing to keep around it
    ],
)
def test_an_answer_is_laid_over_what_was_misheard(saying: str, heard: str, in_place: str | None) -> None:
    assert FreeReading(heard).place(saying)[1] == in_place


def test_small_words_are_put_around_a_promising_answer() -> None:
    yes = Writing("yes", "对", "对", 0.0)
    assert "嗯,对" in [w.text for w in carried(yes, language="zh", free=FreeReading("最"))]
    tail = Writing("order-7", "8801", "8801", 0.0)
    assert "尾号是8801" in [w.text for w in carried(tail, language="zh", free=FreeReading("为好"))]
    assert carried(tail, language="zh", free=FreeReading("8807")) == []


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
