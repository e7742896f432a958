"""The first sound comes early, and nothing is lost or torn apart."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.engines.phrasing import MOST_SYLLABLES, pause_ms, split, syllables


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("好的。", ["好的。"]),
        ("好的，请稍等。", ["好的，请稍等。"]),  # too short to be worth a cut
        (
            "好的，我帮您看一下。您是原路退回，还是退到余额呢？",
            ["好的，我帮您看一下。", "您是原路退回，还是退到余额呢？"],
        ),
        (
            "王先生您好，您昨天订购的黑色衬衫目前已经打包，预计明天发出，您是关心物流吗？",
            ["王先生您好，", "您昨天订购的黑色衬衫目前已经打包，预计明天发出，", "您是关心物流吗？"],
        ),
        ("您的余额是 1,299.50 元。", ["您的余额是 1,299.50 元。"]),  # a comma inside a number is no end
        ("It costs 3.5 dollars, at 10:30.", ["It costs 3.5 dollars, at 10:30."]),
        (
            "Hello, thanks for calling us today. How can I help you?",
            ["Hello, thanks for calling us today.", " How can I help you?"],
        ),
        (
            "我已经为您登记好了这一笔退款申请了，好。",
            ["我已经为您登记好了这一笔退款申请了，好。"],
        ),  # no lone syllable
        ("……", ["……"]),
    ],
)
def test_prompts_are_cut_where_a_reader_breathes(text: str, parts: list[str]) -> None:
    assert split(text) == parts


def test_the_first_part_is_short_and_the_others_grow() -> None:
    parts = split("您好，请问您贵姓，" * 20)
    lengths = [syllables(part) for part in parts]
    assert lengths[0] <= 12
    assert all(later <= 2 * max(12, earlier) for earlier, later in itertools.pairwise(lengths))
    assert max(lengths) <= MOST_SYLLABLES


@pytest.mark.parametrize("text", ["好" * 200, "supercalifragilistic " * 40, "a" * 2000, "1" * 500])
def test_text_without_any_stop_is_cut_all_the_same(text: str) -> None:
    parts = split(text)
    assert "".join(parts) == text
    assert max(syllables(part) for part in parts) <= MOST_SYLLABLES + 1


@given(st.text(alphabet="好吗退款。，、！？…—；：,.!? \n”」)abcABC019", max_size=300))
def test_joined_parts_are_the_prompt(text: str) -> None:
    parts = split(text)
    assert "".join(parts) == (text if text.strip() else "".join(parts))
    assert all(part for part in parts)


@pytest.mark.parametrize(
    ("part", "longer_than"),
    [
        ("好的。", "好的，"),
        ("好的，", "苹果、"),
        ("好的！”", "好的，”"),
        ("OK. ", "OK, "),
        ("苹果、", "苹果"),
    ],
)
def test_a_full_stop_is_a_longer_rest_than_a_comma(part: str, longer_than: str) -> None:
    assert pause_ms(part) > pause_ms(longer_than)
