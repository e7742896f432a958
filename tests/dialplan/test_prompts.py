"""Wordings are cut into words and holes, and each hole gets its spoken form."""

from __future__ import annotations

import pytest

from tests.dialplan.helpers import draft_of
from voicebot.dialplan.model import Hole
from voicebot.dialplan.prompts import TemplateProblem, parse, resolved
from voicebot.dialplan.types import Type


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("您好。", ("您好。",)),
        ("{order.amount}元", (Hole(("order", "amount")), "元")),
        ("尾号{ order.tail | digits }的", None),  # blanks around the form are a slip of the pen
        ("{order.tail|digits}", (Hole(("order", "tail"), "digits"),)),
        ("{{不是}}洞", ("{不是}洞",)),
        ("{{{value}}}", ("{", Hole(("value",)), "}")),
        ("", ()),
    ],
)
def test_words_and_holes(text: str, parts: tuple[str | Hole, ...] | None) -> None:
    if parts is None:
        with pytest.raises(TemplateProblem):
            parse(text)
    else:
        assert parse(text).parts == parts


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("好{order", 1),
        ("好}", 1),
        ("{}", 0),
        ("{1}", 0),
        ("好{a.}", 1),
        ("{a b}", 0),
        ("{a|wat}", 0),
        ("｛a｝", 0),
    ],
)
def test_what_is_no_hole_is_told_where(text: str, offset: int) -> None:
    with pytest.raises(TemplateProblem) as caught:
        parse(text)
    assert caught.value.offset == offset
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("declared", "form", "spoken"),
    [
        (Type("money"), "", "money"),
        (Type("digits"), "", "digits"),
        (Type("datetime"), "date", "date"),
        (Type("choice", choices=("a",), wording="method"), "", "choice:method"),
        (Type("choice", choices=("a",), wording="method"), "choice", "choice:method"),
        (Type("any"), "", ""),
        (Type("any"), "money", "money"),
        (Type("text"), "digits", "digits"),
        (Type("text", is_list=True), "", "text"),
    ],
)
def test_the_form_follows_from_the_type(declared: Type, form: str, spoken: str) -> None:
    assert resolved(Hole(("x",), form), declared).form == spoken


@pytest.mark.parametrize(
    ("declared", "form"),
    [
        (Type("money"), "date"),
        (Type("text"), "money"),
        (Type("order"), ""),
        (Type("order", is_list=True), "text"),
    ],
)
def test_what_cannot_be_spoken_is_refused(declared: Type, form: str) -> None:
    with pytest.raises(ValueError, match="cannot be spoken"):
        resolved(Hole(("x",), form), declared)


def forms(prompt: str, language: str = "zh", snippet: str = "") -> list[str]:
    variants = draft_of(snippet).dialplan.prompts[language][prompt].variants
    return [part.form for part in variants[0].parts if isinstance(part, Hole)]


def test_forms_come_from_operations_slots_and_steps() -> None:
    assert forms("confirm_refund") == ["digits", "money", "choice:method"]
    assert forms("refund_booked") == ["money", "choice:refund.method"]
    assert forms("offer_orders") == ["date", "text"]
    assert forms("recap") == ["text", "choice:recap.identity", "text", "text", "choice:recap.mood", "text"]
    assert forms("confirm_value") == ["text"]


def test_a_fact_that_a_step_sets_is_spoken_by_the_type_of_its_expression() -> None:
    snippet = """
flows: {extra: {steps: [set: {sum: =order.amount + 100, many: =count(orders), when: =call.today}, say: told]}}
# prompts.zh.yaml
told: "{sum}{many}{when}{wants_message}{caller.mood}"
# prompts.en.yaml
told: "{sum}"
"""
    assert forms("told", snippet=snippet) == ["money", "number", "date", "choice:yes_no", "choice:recap.mood"]
