"""prompts, phrases and knowledge."""

from __future__ import annotations

import pytest

from voicebot.dialplan.model import Hole, Prompt
from voicebot.dialplan.parts import Part, read_part


def part_of(**files: str) -> tuple[Part, list[str]]:
    part = read_part("x", {f"{name}.zh.yaml": text for name, text in files.items()}, "")
    return part, [problem.rule for problem in part.notes.problems]


def prompt_of(body: str) -> tuple[Prompt, list[str]]:
    part, wrong = part_of(prompts=f"p: {body}\n")
    return part.prompts["zh"]["p"], wrong


def test_one_wording_or_several() -> None:
    assert [v.parts for v in prompt_of("您好。")[0].variants] == [("您好。",)]
    assert [v.parts for v in prompt_of("[您好。, 喂？]")[0].variants] == [("您好。",), ("喂？",)]


def test_moods_and_short_wordings() -> None:
    prompt, wrong = prompt_of("{say: 甲, worried: [乙, 丙], again: 丁, interruptible: false}")
    assert wrong == []
    assert [(v.mood, v.parts[0]) for v in prompt.variants] == [
        ("", "甲"),
        ("worried", "乙"),
        ("worried", "丙"),
    ]
    assert prompt.again[0].parts == ("丁",)
    assert not prompt.is_interruptible


def test_words_that_look_like_numbers_are_spoken_as_written() -> None:
    assert prompt_of("12345")[0].variants[0].parts == ("12345",)
    assert prompt_of("yes")[0].variants[0].parts == ("yes",)


def test_holes_are_cut_out() -> None:
    assert prompt_of('"{order.tail|digits}的"')[0].variants[0].parts == (
        Hole(("order", "tail"), "digits"),
        "的",
    )


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("{say: 甲, happy: 乙}", "unknown-key"),
        ("{say: 甲, interruptible: no}", "wrong-value"),
        ("{value}", "wrong-value"),
        ("[甲, {value}]", "wrong-value"),
        ("'{order'", "bad-hole"),
        ("'  '", "empty-prompt"),
    ],
)
def test_mistakes_in_prompts(body: str, rule: str) -> None:
    assert prompt_of(body)[1] == [rule]


PHRASES = """
hints: [小暖, 花呗]
corrections: {援路: 原路}
words: {filler: [嗯, 呃]}
intents:
  refund: [我要退款, 退钱]
  agent: {examples: [找人工], phrases: [转人工]}
choices:
  yes_no: {yes: [对], no: [不]}
out_of_scope: [今天天气怎么样]
"""


def test_phrases() -> None:
    part, wrong = part_of(phrases=PHRASES)
    phrases = part.phrases["zh"].finished()
    assert wrong == []
    assert phrases.hints == ("小暖", "花呗")
    assert phrases.corrections == {"援路": "原路"}
    assert phrases.intents["refund"].examples == ("我要退款", "退钱")
    assert (phrases.intents["agent"].examples, phrases.intents["agent"].phrases) == (("找人工",), ("转人工",))
    assert phrases.choices == {"yes_no": {"yes": ("对",), "no": ("不",)}}
    assert phrases.out_of_scope == ("今天天气怎么样",)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("hints:", "hint:", "unknown-key"),
        ("examples:", "example:", "unknown-key"),
        ("[我要退款, 退钱]", "[我要退款, 我要退款]", "duplicate-saying"),
        ("[我要退款, 退钱]", "[我要退款，退钱]", "full-width-comma"),
        ("[我要退款, 退钱]", "[我要退款, {a: b}]", "wrong-value"),
        ("  refund: [", "  re fund: [", "bad-name"),
        ("{yes: [对], no: [不]}", "[对, 不]", "wrong-value"),
    ],
)
def test_mistakes_in_phrases(old: str, new: str, rule: str) -> None:
    assert part_of(phrases=PHRASES.replace(old, new))[1] == [rule]


@pytest.mark.parametrize(
    "saying",
    ['["我要退款，谢谢"]', "\n    - 我要退款，谢谢\n", "[我要退款]"],
    ids=["quoted", "a line of its own", "no comma"],
)
def test_a_comma_in_a_sentence_is_no_mistake(saying: str) -> None:
    assert part_of(phrases=f"intents:\n  refund: {saying}\n")[1] == []


def test_knowledge() -> None:
    part, wrong = part_of(knowledge="fee:\n  questions: [多少钱, 收费吗]\n  answer: [不收费。, 免费的。]\n")
    entry = part.knowledge["zh"]["fee"]
    assert wrong == []
    assert entry.questions == ("多少钱", "收费吗")
    assert [variant.parts[0] for variant in entry.answer.variants] == ["不收费。", "免费的。"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("fee: {questions: [多少钱]}", "missing-key"),
        ("fee: {question: [多少钱], answer: 免费。}", "unknown-key"),
        ("fee: 免费。", "wrong-value"),
    ],
)
def test_mistakes_in_knowledge(text: str, rule: str) -> None:
    assert part_of(knowledge=text)[1] == [rule]
