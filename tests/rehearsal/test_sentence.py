"""One sentence, read in every way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.dialogue.shop import Shop
from voicebot.dialogue.state import State
from voicebot.dialplan.model import Dialplan
from voicebot.errors import BackOfficeError
from voicebot.events import Value
from voicebot.rehearsal import facts, sentence

NOON = datetime(2026, 11, 21, 12, 0)


@pytest.fixture
def known(payments_plan: Dialplan) -> State:
    answers = Shop().answers()
    asked: list[str] = []

    def read(operation: str, arguments: Any) -> Value:
        asked.append(operation)
        answer = answers[operation]
        return answer(**arguments) if callable(answer) else answer

    state = facts.known(payments_plan, read, caller="+8613800001234", language="", at=NOON)
    assert not {"book_refund", "urge_shipment", "send_message", "open_ticket"} & set(asked)
    return state


def test_what_follows_from_the_number_is_looked_up(known: State) -> None:
    assert known.facts["customer"]["title"] == "王先生"
    assert known.facts["orders"]


def test_nothing_is_known_of_a_caller_whose_systems_are_down(payments_plan: Dialplan) -> None:
    def read(operation: str, arguments: Any) -> Value:
        raise BackOfficeError("down", code="unavailable")

    state = facts.known(payments_plan, read, caller="+8613800001234", language="", at=NOON)
    assert state.facts == {}


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("原路退回吧", "refund_method", "original"),
        ("尾号五六七八", "order", "5678"),
        ("今天天气不错", "refund_method", None),
        ("今天天气不错", "order", None),
    ],
)
def test_slots(payments_plan: Dialplan, known: State, text: str, slot: str, value: str | None) -> None:
    found = sentence.hear(payments_plan, known, text, None).slots.get(slot)
    told = None if found is None else found.value
    assert (told["tail"] if isinstance(told, dict) else told) == value


def test_everything_for_programs_and_for_people(payments_plan: Dialplan, known: State) -> None:
    heard = sentence.hear(payments_plan, known, "不是，我要退款，气死我了", None)
    row = sentence.row(heard)
    assert row["guesses"][0]["name"] == "refund"
    assert row["guesses"][0]["flow"] == "refund"
    assert row["mood"] == "angry"
    assert row["yes_no"]["value"] is False
    told = dict(sentence.lines(heard))
    assert told["yes/no"].startswith("no")
    assert told["mood"].startswith("angry")


def test_nothing_said(payments_plan: Dialplan, known: State) -> None:
    row = sentence.row(sentence.hear(payments_plan, known, "", None))
    assert row["text"] == ""
    assert row["slots"] == {}
    assert row["yes_no"] is None
