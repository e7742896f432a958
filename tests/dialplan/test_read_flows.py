"""Nested steps become a flat table in which every step knows what comes next."""

from __future__ import annotations

import pytest

from voicebot.dialplan.model import Adapt, Choose, Confirm, Do, Flow, Forget, If, Listen, Set, Transfer, Wait
from voicebot.dialplan.parts import read_part


def flow_of(steps: str, **more: str) -> tuple[Flow, list[str]]:
    """Compile the steps of one flow; returns the flow and the rules that were broken."""
    lines = "".join(f"    {key}: {value}\n" for key, value in more.items())
    body = "".join(f"      {line}\n" for line in steps.strip("\n").splitlines())
    part = read_part("x", {"flow.yaml": f"line: x\nflows:\n  f:\n{lines}    steps:\n{body}"}, "")
    return part.flows["f"], [problem.rule for problem in part.notes.problems]


def ways(flow: Flow) -> dict[str, str]:
    return {step.id: step.next for step in flow.steps.values()}


def test_steps_follow_one_another_and_the_last_returns() -> None:
    flow, wrong = flow_of("- say: a\n- say: b\n- say: c")
    assert wrong == []
    assert flow.start == "f.1"
    assert ways(flow) == {"f.1": "f.2", "f.2": "f.3", "f.3": ""}


def test_the_last_step_of_a_block_goes_on_after_the_block() -> None:
    flow, _ = flow_of(
        """
- if: x
  then:
    - say: a
    - say: b
  else:
    - if: y
      then: [say: c]
- say: d
"""
    )
    outer, inner = flow.steps["f.1"], flow.steps["f.4"]
    assert isinstance(outer, If)
    assert isinstance(inner, If)
    assert (outer.then, outer.otherwise, outer.next) == ("f.2", "f.4", "f.6")
    assert (inner.then, inner.otherwise) == ("f.5", "f.6")
    assert ways(flow) == {"f.1": "f.6", "f.2": "f.3", "f.3": "f.6", "f.4": "f.6", "f.5": "f.6", "f.6": ""}
    assert list(flow.steps) == ["f.1", "f.2", "f.3", "f.4", "f.5", "f.6"]  # in reading order


def test_goto_and_return_are_not_steps_but_directions() -> None:
    flow, wrong = flow_of(
        """
- id: top
  say: a
- if: x
  then: [return]
  else: [goto: top]
"""
    )
    branch = flow.steps["f.2"]
    assert wrong == []
    assert isinstance(branch, If)
    assert (branch.then, branch.otherwise) == ("", "top")
    assert set(flow.steps) == {"top", "f.2"}


def test_a_goto_may_lead_forward_into_a_block_and_through_another_goto() -> None:
    flow, wrong = flow_of(
        """
- say: a
- id: jump
  goto: inside
- confirm: b
  yes:
    - id: inside
      say: c
- goto: jump
"""
    )
    assert wrong == []
    assert flow.steps["f.1"].next == "inside"
    assert flow.steps["inside"].next == "inside"  # the goto after the block


def test_a_goto_that_leads_to_itself_is_refused() -> None:
    assert flow_of("- id: a\n  goto: b\n- id: b\n  goto: a")[1] == ["endless-loop", "endless-loop"]


def test_empty_blocks_just_go_on() -> None:
    flow, wrong = flow_of("- do: x\n  errors: {any: [], gone: }\n- confirm: [p, q]\n  no: []\n- say: a")
    do, confirm = flow.steps["f.1"], flow.steps["f.2"]
    assert wrong == []
    assert isinstance(do, Do)
    assert isinstance(confirm, Confirm)
    assert do.errors == {"any": "f.2", "gone": "f.2"}
    assert (confirm.yes, confirm.no) == ("f.3", "f.3")


def test_every_kind_of_step() -> None:
    flow, wrong = flow_of(
        """
- ask: s
- listen: [p, q]
  keys: {"1": refund}
  nothing: [return]
- do: op
  with: {id: =order.id, topic: callback, n: 3, flag: true, list: [a, b], nothing: }
  into: fact
  filler: p
- choose: order.status
  cases: {paid: [say: p], none: [say: q]}
  else: [say: r]
- set: {a: =order.amount, b: word}
- forget: [s, t]
- run: other
- wait: {for_ms: 9000, reminder: p}
- adapt: {pace: 0.85, gain_db: -4, language: en}
- transfer: general
  reason: asked
  announce: p
  hold: q
- repeat
- cancel
- end: p
"""
    )
    assert wrong == []
    kinds = [type(step).__name__ for step in flow.steps.values()]
    assert ", ".join(kinds) == (
        "Ask, Listen, Do, Choose, Say, Say, Say, Set, Forget, Run, Wait, Adapt, Transfer, Repeat, Cancel, End"
    )
    listen, do, choose = flow.steps["f.2"], flow.steps["f.4"], flow.steps["f.5"]
    assert isinstance(listen, Listen)
    assert (listen.prompts, listen.nothing, listen.keys) == (("p", "q"), "", {"1": "refund"})
    assert isinstance(do, Do)
    assert {name: value.text for name, value in do.arguments.items()} == {
        "id": "order.id",
        "topic": "'callback'",
        "n": "3",
        "flag": "true",
        "list": "['a', 'b']",
        "nothing": "none",
    }
    assert isinstance(choose, Choose)
    assert choose.cases == {"paid": "f.6", "none": "f.7"}
    assert choose.otherwise == "f.8"
    by_type = {type(step): step for step in flow.steps.values()}
    assert isinstance(found := by_type[Set], Set)
    assert found.values["b"].text == "'word'"
    assert isinstance(found := by_type[Forget], Forget)
    assert found.slots == ("s", "t")
    assert isinstance(found := by_type[Wait], Wait)
    assert (found.for_ms, found.reminder) == (9000, "p")
    assert isinstance(found := by_type[Adapt], Adapt)
    assert (found.pace, found.gain_db, found.language) == (0.85, -4.0, "en")
    assert isinstance(found := by_type[Transfer], Transfer)
    assert (found.queue, found.reason, found.announce, found.hold) == ("general", "asked", "p", "q")


def test_steps_shared_by_an_alias_are_steps_of_their_own() -> None:
    flow, wrong = flow_of("- if: x\n  then: &sorry [say: a]\n  else: *sorry\n- say: b")
    branch = flow.steps["f.1"]
    assert wrong == []
    assert isinstance(branch, If)
    assert branch.then != branch.otherwise


def test_flags_of_a_flow() -> None:
    flow, wrong = flow_of("- repeat", side="true", urgent="true", needs="[a]", provides="b", title="{zh: 甲}")
    assert wrong == []
    assert (flow.is_side, flow.is_urgent, flow.needs, flow.provides, flow.title) == (
        True,
        True,
        ("a",),
        "b",
        {"zh": "甲"},
    )


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        ("- sya: a", "unknown-step"),
        ("- say", "unknown-step"),
        ("- [say, a]", "unknown-step"),
        ("- say: a\n  ask: b", "unknown-step"),
        ("- say: a\n  then: [say: b]", "unknown-key"),
        ("- say:", "missing-value"),
        ("- say: [a, b]", "wrong-value"),
        ("- id: a\n  say: p\n- id: a\n  say: q", "duplicate-step"),
        ("- if: x", "missing-key"),
        ("- if: x =\n  then: [return]", "bad-expression"),
        ("- if: x\n  then: say", "wrong-value"),
        ("- choose: x", "missing-key"),
        ("- set: {}", "missing-key"),
        ("- set: {call: 1}", "reserved-name"),
        ("- set: {a-b: 1}", "bad-name"),
        ("- do: x\n  with: {a: {b: c}}", "wrong-value"),
        ("- wait: {for_ms: 15000}", "missing-key"),
        ("- wait: {for_ms: 15, reminder: p}", "out-of-range"),
        ("- adapt: {pace: 9}", "out-of-range"),
        ("- adapt: {volume: 3}", "unknown-key"),
        ("- transfer: q\n  reason: asked", "missing-key"),
        ('- listen: p\n  keys: {"12": f}', "bad-key"),
    ],
)
def test_mistakes_are_named(steps: str, rule: str) -> None:
    assert flow_of(steps)[1] == [rule]


def test_a_mistake_does_not_hide_the_next_one() -> None:
    assert flow_of("- sya: a\n- say:\n- wait: {for_ms: 1, reminder: p}\n- if: a b\n  then: []")[1] == [
        "unknown-step",
        "missing-value",
        "bad-expression",
        "out-of-range",
    ]
