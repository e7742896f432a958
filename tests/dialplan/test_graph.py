"""What can follow what in a flow."""

from __future__ import annotations

from tests.dialplan.test_read_flows import flow_of
from voicebot.dialplan.graph import circles, fills, reachable, successors

FORK = """
- ask: s
- if: x
  then: [end: p]
  else: [say: q]
- do: op
  into: fact
  errors: {any: [say: r]}
- set: {a: 1, b: 2}
"""


def test_every_way_on_is_followed() -> None:
    flow, _ = flow_of(FORK)
    assert successors(flow.steps["f.2"]) == ("f.3", "f.4")
    assert successors(flow.steps["f.3"]) == ()  # the call has ended
    assert successors(flow.steps["f.5"]) == ("f.7", "f.6")
    assert successors(flow.steps["f.7"]) == ("",)
    assert reachable(flow) == set(flow.steps)


def test_steps_can_be_walled_off() -> None:
    flow, _ = flow_of(FORK)
    assert reachable(flow, without={"f.4"}) == {"f.1", "f.2", "f.3"}
    assert reachable(flow, without={"f.1"}) == set()


def test_what_a_step_fills() -> None:
    flow, _ = flow_of(FORK)
    assert [fills(step) for step in flow.steps.values()] == [
        {"s"},
        set(),
        set(),
        set(),
        {"fact"},
        set(),
        {"a", "b"},
    ]


def test_circles() -> None:
    assert circles({"a": ("b",), "b": ("c",), "c": ("a", "d"), "d": ()}) == [["a", "b", "c"]]
    assert circles({"a": ("a",), "b": ("a",)}) == [["a"]]
    assert circles({"a": ("b",), "b": ("a",), "c": ("d",), "d": ("c",)}) == [["a", "b"], ["c", "d"]]
    assert circles({"a": ("b",), "b": ("c",), "c": ()}) == []
    assert circles({"a": ("gone",)}) == []
