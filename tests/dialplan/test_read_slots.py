"""The head of flow.yaml, and slots."""

from __future__ import annotations

import pytest

from voicebot.dialplan.model import Keys, Limits, Slot
from voicebot.dialplan.parts import Part, read_part


def part_of(text: str) -> tuple[Part, list[str]]:
    part = read_part("x", {"flow.yaml": text}, "")
    return part, [problem.rule for problem in part.notes.problems]


def slot_of(body: str) -> tuple[Slot, list[str]]:
    part, wrong = part_of(f"line: x\nslots: {{s: {{{body}}}}}\n")
    return part.slots["s"], wrong


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ("type: text", None),
        ("type: money", None),
        ("type: digits, digits: 4", Keys(4, 4)),
        ("type: digits, digits: [8, 11]", Keys(11, 8)),
        ("type: phone", Keys(20, 1)),
        ("type: record, from: f, keys: 4", Keys(4, 1)),
        ('type: digits, keys: {max: 6, min: 2, end: "*", inter_key_ms: 5000}', Keys(6, 2, "*", 5000)),
        ('type: yes_no, keys: {choices: {"1": yes, "2": no}}', Keys(1, 1, choices={"1": "yes", "2": "no"})),
        (
            'type: choice, choices: [a, b], keys: {choices: {"11": a, "12": b}}',
            Keys(2, 1, choices={"11": "a", "12": "b"}),
        ),
    ],
)
def test_how_a_slot_is_keyed(body: str, keys: Keys | None) -> None:
    slot, wrong = slot_of(body)
    assert wrong == []
    assert slot.keys == keys


def test_a_slot_has_sensible_defaults() -> None:
    slot, wrong = slot_of("type: text, ask: one")
    assert wrong == []
    assert (slot.ask, slot.confirm, slot.silence_ms, slot.no_input_ms, slot.on_fail) == (
        ("one",), "auto", 700, 6000, "agent",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("ask: one", "missing-key"),
        ("type: yesno", "unknown-value"),
        ("type: record", "missing-key"),
        ("type: choice", "missing-key"),
        ("type: text, choices: [a]", "useless-key"),
        ("type: money, digits: 4", "useless-key"),
        ("type: digits, digits: [1, 2, 3]", "wrong-value"),
        ("type: digits, digits: [9, 3]", "out-of-range"),
        ("type: digits, digits: 0", "out-of-range"),
        ("type: text, silence_ms: 50", "out-of-range"),
        ("type: text, silence_ms: 0.7", "out-of-range"),
        ("type: text, silence_ms: 700.5", "wrong-value"),
        ("type: text, secret: yes", "wrong-value"),
        ("type: text, confirm: always", "unknown-value"),
        ("type: text, guess: a b", "bad-expression"),
        ("type: digits, keys: {maximum: 4}", "unknown-key"),
        ("type: digits, keys: {max: 2, min: 4}", "out-of-range"),
        ("type: digits, keys: {end: '##'}", "bad-key"),
        ("type: yes_no, keys: {choices: {a: yes}}", "bad-key"),
        ("type: text, retries: 3", "unknown-key"),
    ],
)
def test_mistakes_in_slots(body: str, rule: str) -> None:
    assert slot_of(body)[1] == [rule]


def test_limits_come_in_the_units_people_use() -> None:
    part, wrong = part_of("line: x\nlimits: {failures: 3, call_minutes: 5}\n")
    assert wrong == []
    assert part.head.limit_values() == Limits(failures=3, turns=80, call_ms=300_000)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("line: y\n", "wrong-line"),
        ("lnie: x\n", "unknown-key"),
        ("line: x\nlimits: {turns: 1}\n", "out-of-range"),
        ("line: x\nlimits: {minutes: 1}\n", "unknown-key"),
        ("line: x\nrecord_calls: on\n", "wrong-value"),
        ("line: x\nslots: {caller: {type: text}}\n", "reserved-name"),
        ("line: x\nslots: {two words: {type: text}}\n", "bad-name"),
        ("line: x\nslots: [a]\n", "wrong-value"),
        ("just a sentence\n", "wrong-value"),
        ("line：x\n", "wrong-value"),  # a full-width colon
    ],
)
def test_mistakes_in_the_head(text: str, rule: str) -> None:
    assert part_of(text)[1] == [rule]
