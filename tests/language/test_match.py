"""Which wording was meant, inside whatever else was said."""

from __future__ import annotations

import pytest

from voicebot.language.match import best, mentions
from voicebot.language.normalise import normalise

METHOD = {"original": ("原路退回", "原路", "退回原来的卡"), "balance": ("余额", "退到余额", "零钱")}
METHOD_EN = {"original": ("original payment", "back to my card"), "balance": ("balance", "my balance")}
URGENT = {"it": ("转人工", "人工客服", "找个真人", "人工服务", "operator", "real person")}
SHORT = {"yes": ("对", "是的", "好"), "no": ("不对", "不是", "不")}
CARRIERS = {
    "sf": ("顺丰", "顺丰快递"),
    "zto": ("中通", "中通快递"),
    "yto": ("圆通", "圆通快递"),
    "yunda": ("韵达", "韵达快递"),
}


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("原路吧", "original"),
        ("援路退回", "original"),
        ("缘路", "original"),
        ("那你就给我原路退回去好了", "original"),
        ("鱼闻", "balance"),
        ("魚河", "balance"),
        ("退到鱼闻吧", "balance"),
        ("退回到我的于额里面", "balance"),
        ("退回原来的", "original"),
        # refused and corrected
        ("不是原路，是余额", "balance"),
        ("原路，不对，余额", "balance"),
        ("原路吧，哦不，还是余额吧", "balance"),
        ("还是退余额吧", "balance"),
        ("余额不要，要原路", "original"),
        ("余额不行的话就原路", "original"),
        ("原路不要余额", "original"),
        ("不是不要余额", "balance"),
        ("能不能退余额", "balance"),
        ("不能退余额吗", "balance"),
        ("余额就算了，原路吧", "original"),
        # nothing chosen
        ("不要退到余额", None),
        ("我不想退余额", None),
        ("别退到余额里", None),
        ("原路还是余额", None),
        ("余额原路都可以", None),
        ("你好我想问一下", None),
        ("支援路线怎么走", None),
        ("我是语文老师", None),
        ("业余的", None),
        ("语音", None),
        ("援助", None),
        ("退款什么时候到", None),
        ("一路平安", None),
        ("", None),
        ("嗯", None),
        ("我再想想", None),
    ],
)
def test_the_refund_method_is_understood(heard: str, expected: str | None) -> None:
    assert best(normalise(heard), METHOD).value == expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("to my balance please", "balance"),
        ("balans", "balance"),
        ("put it back to my card", "original"),
        ("not the balance, the original payment", "original"),
        ("original payment, no wait, balance", "balance"),
        ("instead of the balance use the original payment", "original"),
        ("I don't want it on my balance", None),
        ("the original payment or the balance", None),
        ("what is that", None),
        ("how long does it take", None),
    ],
)
def test_the_refund_method_is_understood_in_english(heard: str, expected: str | None) -> None:
    assert best(normalise(heard), METHOD_EN).value == expected


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        ("转人工", True),
        ("我要转人工啊", True),
        ("赚人工", True),
        ("给我找个真人", True),
        ("人工", True),
        ("I want a real person", True),
        ("不要转人工", False),
        ("我要退款", False),
        ("人工智能真厉害", False),
        ("我要", False),
        ("我的工人没来", False),
        ("a real bargain", False),
    ],
)
def test_an_urgent_phrase_counts_wherever_it_stands(heard: str, found: bool) -> None:
    assert (best(normalise(heard), URGENT).value is not None) is found


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("对", "yes"),
        ("嗯对", "yes"),
        ("对啊", "yes"),
        ("队", "yes"),
        ("对 我要原路", "yes"),
        ("不对", "no"),
        ("对了我想问一下", None),
        ("对不起", None),
        ("对方没收到", None),
        ("好久了", None),
        ("你好", None),
    ],
)
def test_one_syllable_must_be_the_whole_clause(heard: str, expected: str | None) -> None:
    assert best(normalise(heard), SHORT).value == expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("顺风", "sf"),
        ("用的是中通吧", "zto"),
        ("园通快递", "yto"),
        ("云达", "yunda"),
        ("快递", None),
        ("通过审核了", None),
        ("不是中通是圆通", "yto"),
    ],
)
def test_names_are_told_apart_by_sound(heard: str, expected: str | None) -> None:
    assert best(normalise(heard), CARRIERS).value == expected


def test_the_match_says_where_it_was_found() -> None:
    found = best("那就给我援路退回吧", METHOD)
    assert (found.start, found.end, found.saying) == (4, 8, "原路退回")
    assert found.score > 0.9


def test_two_equal_wishes_are_reported_as_a_tie() -> None:
    found = best("原路还是余额", METHOD)
    assert found.value is None
    assert found.runner_up_score > 0.9


def test_a_refused_mention_is_marked() -> None:
    assert [(m.value, m.is_refused) for m in mentions("不是原路 是余额", METHOD)] == [
        ("original", True),
        ("balance", False),
    ]


def test_a_nearer_sound_scores_higher() -> None:
    assert best("原路", METHOD).score > best("缘路", METHOD).score > best("鱼闻", METHOD).score
