"""Words of a record by sound, colour and size."""

from __future__ import annotations

import pytest

from voicebot.language.record_words import scores

SHIRT = (("title", "黑色L码衬衫"), ("color", "黑色"), ("size", "L"), ("merchant", "优衣库官方旗舰店"))
JEANS = (("title", "蓝色M码牛仔裤"), ("color", "蓝色"), ("size", "M"), ("merchant", "李宁旗舰店"))


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("黑色衬衫", 0),
        ("牛仔裤", 1),
        ("m码的", 1),
        ("大号那件", 0),
        ("优衣库", 0),
        ("趁山", 0),
        ("black shirt", 0),
        ("size m", 1),
    ],
)
def test_the_record_described_scores_higher(text: str, best: int) -> None:
    found, span = scores(text, (SHIRT, JEANS))
    assert span is not None
    assert found[best] > found[1 - best]


@pytest.mark.parametrize("text", ["旗舰店", "我要退款", "什么时候", "官方", "裙子", "一件东西"])
def test_words_that_describe_nothing(text: str) -> None:
    assert scores(text, (SHIRT, JEANS))[1] is None


def test_a_colour_that_is_not_its_own_rules_a_record_out() -> None:
    assert scores("白色衬衫", (SHIRT, JEANS))[0] == (0.0, 0.0)


BLACK_SHIRT = (("title", "黑色L码衬衫"), ("merchant", "优衣良品"))
SNEAKERS = (("title", "白色跑鞋"), ("merchant", "快步运动"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我有一双鞋想退掉", 1),  # 有一 sounds like 优衣, and is grammar
        ("要退的是那双鞋", 1),
        ("优衣那家店的", 0),
        ("那双袜", None),
        ("我有一个问题", None),
    ],
)
def test_kinds_are_named_by_their_last_syllable_after_a_measure_word(text: str, expected: int | None) -> None:
    found, _ = scores(text, [BLACK_SHIRT, SNEAKERS])
    best = max(range(2), key=lambda at: found[at]) if max(found) > 0.5 else None
    assert best == expected
