"""What a sitting shows, in words and for programs."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.rehearsal.conftest import NewCall
from voicebot.rehearsal import show
from voicebot.rehearsal.textcall import Entry

BOOKED = {"operation": "book_refund", "arguments": {"order_id": "o1"}, "result": {"id": "r1"}}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry(0, "bot", "says", "您好"), "您好"),
        (Entry(0, "caller", "keys", "12"), "presses 12"),
        (Entry(0, "caller", "silent"), "says nothing"),
        (Entry(0, "system", "done", "book_refund", BOOKED), "book_refund(order_id=o1) → r1"),
        (
            Entry(0, "system", "done", "book_refund", {**BOOKED, "is_repetition": True}),
            "book_refund(order_id=o1) again: no effect → r1",
        ),
        (Entry(0, "agent", "rings", "li", {"queue": "general"}), "li (general) is rung"),
        (Entry(0, "agent", "no_answer"), "no answer"),
        (Entry(0, "call", "ended", "goodbye"), "ended: goodbye"),
    ],
)
def test_entries_in_words(entry: Entry, words: str) -> None:
    assert show.sentence(entry) == words


@pytest.mark.parametrize(
    ("entry", "traces", "echoes", "shown"),
    [
        (Entry(0, "bot", "says"), False, False, True),
        (Entry(0, "system", "done"), False, False, True),
        (Entry(0, "system", "read"), False, False, False),  # only when asked why
        (Entry(0, "system", "read"), True, False, True),
        (Entry(0, "why", "slot"), False, True, False),
        (Entry(0, "caller", "says"), False, False, False),  # he has just typed it
        (Entry(0, "caller", "says"), False, True, True),
        (Entry(0, "caller", "silent"), False, False, True),
    ],
)
def test_what_is_shown(entry: Entry, traces: bool, echoes: bool, shown: bool) -> None:
    assert show.is_shown(entry, traces=traces, echoes=echoes) is shown


def test_values_are_short() -> None:
    assert show.value([{"number": "1", "id": "x"}, {"title": "衬衫"}]) == "[1, 衬衫]"
    assert show.value(datetime(2026, 11, 21, 9, 5)) == "2026-11-21 09:05"
    assert len(show.value("长" * 1000)) == show.MOST_SHOWN + 1


def test_programs_get_plain_values() -> None:
    row = show.row(Entry(5, "system", "read", "x", {"result": [{"on": date(2026, 1, 2)}]}))
    assert row["data"] == {"result": [{"on": "2026-01-02"}]}
    assert "data" not in show.row(Entry(5, "caller", "silent"))


def test_reasons_join_the_steps_of_a_turn() -> None:
    steps = [Entry(0, "why", "step", "", {"step": one}) for one in ("a.1", "a.2")]
    slot = Entry(0, "why", "slot", "", {"slot": "order", "value": "1"})
    assert show.reasons([*steps, slot, steps[0]], None) == [
        "steps: a.1 → a.2",
        "slot: slot=order, value=1",
        "steps: a.1",
    ]


def test_where_a_call_stands(new_call: NewCall) -> None:
    call = new_call()
    call.says("不是，我要退款")
    call.settle()
    told = "\n".join(show.standing(call.state))
    assert "refund" in told
    assert "asks    order (confirm_slot)" in told
    assert "fact    customer = 王先生" in told
