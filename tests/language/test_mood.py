"""Calm, worried or angry; in a hurry or not."""

from __future__ import annotations

import pytest

from voicebot.language.mood import is_urgent, mood_of_text, tone_of_text


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("我的快递怎么还不动啊都五天了！", "angry"),
        ("你们就是骗子", "angry"),
        ("什么破公司，我要投诉你们", "angry"),
        ("这都说了多少遍了！！", "angry"),
        ("This is ridiculous", "angry"),
        ("I want to file a complaint, this is unacceptable!", "angry"),
        ("我很担心钱丢了", "worried"),
        ("怎么办啊我好着急", "worried"),
        ("我的卡会不会被盗刷", "worried"),
        ("I'm worried about my money", "worried"),
        ("我要退款", "calm"),
        ("不着急，慢慢来", "calm"),
        ("我不是投诉，就是问一下", "calm"),
        ("这个怎么操作", "calm"),
        ("好的谢谢", "calm"),
        ("退到余额！", "calm"),
        ("对对对", "calm"),
        ("no hurry, thanks", "calm"),
        ("I'd like a refund please", "calm"),
        ("a statement of my account", "calm"),
    ],
)
def test_mood_by_words(text: str, mood: str) -> None:
    assert mood_of_text(text) == mood


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("我急着穿", True),
        ("麻烦快点", True),
        ("as soon as possible", True),
        ("不着急", False),
        ("我要退款", False),
        ("no rush", False),
    ],
)
def test_urgency(text: str, urgent: bool) -> None:
    assert is_urgent(text) is urgent


def test_the_dialplans_words_count() -> None:
    assert mood_of_text("你这个机器人真憨") == "calm"
    assert mood_of_text("你这个机器人真憨", {"angry": ("真憨",)}) == "angry"


def test_shouting_makes_it_stronger() -> None:
    assert tone_of_text("骗子骗子！！").score > tone_of_text("骗子").score
