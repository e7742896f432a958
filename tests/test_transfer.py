"""Warm transfer: nobody waits in an empty room, and a refusal costs the caller nothing."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from voicebot.dialogue.api import HandOverEnded
from voicebot.dialplan.model import Agent
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    BridgeFailed,
    CallerBridged,
    CancelAgent,
    Command,
    Event,
    Journal,
    KeyPressed,
    LegEvent,
    Recap,
    RingAgent,
    StreamEnded,
    TakeBackCaller,
    Woken,
)
from voicebot.transfer import (
    BRIDGE_MS,
    HEARS,
    RECAP_MS,
    RING_GRACE_MS,
    RULES,
    Phase,
    Stepped,
    begin,
    diagram,
    step,
    who_hears_what,
)

RECAP = Recap("王先生", "verified", "退款", (), "calm", "zh", "asked", spoken="王先生要退款。")
LI, MA = Agent("li", "+85290000001"), Agent("ma", "+85290000002")
DOCUMENT = Path(__file__).parents[1] / "voicebot" / "carrier" / "TRANSFER.md"
HUNG_UP = StreamEnded("caller_hung_up")


class Desk:
    """A transfer under test; remembers what was ordered."""

    def __init__(self, *agents: Agent, first_attempt: int = 1) -> None:
        self.now_ms = 0
        self.orders: list[Command] = []
        self.outcome: HandOverEnded | None = None
        self._take(
            begin("general", agents, ring_ms=20_000, recap=RECAP, now_ms=0, first_attempt=first_attempt)
        )

    def _take(self, stepped: Stepped) -> Desk:
        self.state, commands, outcome = stepped
        self.orders = [order for order in commands if not isinstance(order, Journal)]
        if outcome is not None:
            assert self.outcome is None, "a transfer ends once"
            self.outcome = outcome
        return self

    def told(self, event: Event) -> Desk:
        return self._take(step(self.state, event, self.now_ms))

    def agent(self, what: LegEvent, attempt: int | None = None) -> Desk:
        return self.told(AgentLegChanged(self.state.attempt if attempt is None else attempt, what))

    def after(self, for_ms: int) -> Desk:
        self.now_ms += for_ms
        return self.told(Woken())

    def rings(self) -> str | None:
        """Whose phone was ordered to ring by the last step."""
        return next((order.agent for order in self.orders if isinstance(order, RingAgent)), None)

    def lets_go(self) -> int | None:
        return next((order.attempt for order in self.orders if isinstance(order, CancelAgent)), None)

    def ended(self) -> tuple[str, str] | None:
        return None if self.outcome is None else (self.outcome.outcome, self.outcome.detail)


# --- the good way -----------------------------------------------------------------------


def test_agent_hears_the_recap_accepts_and_gets_the_caller() -> None:
    desk = Desk(LI, MA)
    assert desk.rings() == "li"
    desk.agent(LegEvent.RINGING).agent(LegEvent.ANSWERED)
    assert desk.state.phase is Phase.RECAP
    assert desk.agent(LegEvent.ACCEPTED).orders == [BridgeCaller(1)]
    desk.told(StreamEnded("moved"))
    assert desk.ended() is None
    desk.told(CallerBridged())
    assert desk.ended() == ("connected", "bridged")
    assert desk.state.deadline_ms is None


def test_accepting_counts_even_when_word_of_the_answer_is_still_on_its_way() -> None:
    desk = Desk(LI).agent(LegEvent.ACCEPTED)
    assert desk.orders == [BridgeCaller(1)]
    assert desk.agent(LegEvent.ANSWERED).state.phase is Phase.BRIDGING


def test_accepting_twice_moves_the_caller_once() -> None:
    desk = Desk(LI).agent(LegEvent.ACCEPTED).agent(LegEvent.ACCEPTED)
    assert desk.orders == []


# --- the next agent ---------------------------------------------------------------------

REFUSALS = [
    (LegEvent.BUSY, False),
    (LegEvent.NO_ANSWER, False),
    (LegEvent.FAILED, False),
    (LegEvent.FAILED, True),
    (LegEvent.DECLINED, True),
    (LegEvent.NO_KEY, True),  # a mailbox, too
    (LegEvent.LEFT, True),
    (LegEvent.LEFT, False),  # hung up before word of the answer came
]


@pytest.mark.parametrize(("what", "after_answer"), REFUSALS)
def test_next_agent_is_rung(what: LegEvent, after_answer: bool) -> None:
    desk = Desk(LI, MA)
    if after_answer:
        desk.agent(LegEvent.ANSWERED)
    assert desk.agent(what).rings() == "ma"
    assert desk.state.attempt == 2
    assert desk.state.tried == (("li", what.name.lower()),)


@pytest.mark.parametrize(("what", "after_answer"), REFUSALS)
def test_bot_returns_when_nobody_is_left(what: LegEvent, after_answer: bool) -> None:
    desk = Desk(LI)
    if after_answer:
        desk.agent(LegEvent.ANSWERED)
    assert desk.agent(what).rings() is None
    assert desk.ended() == ("failed", what.name.lower())


def test_queue_without_agents_fails_at_once() -> None:
    assert Desk().ended() == ("failed", "no_agents")


# --- time ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "limit_ms", "phase"),
    [
        ([], 20_000 + RING_GRACE_MS, Phase.RINGING),
        ([LegEvent.ANSWERED], RECAP_MS, Phase.RECAP),
    ],
)
def test_silence_of_the_carrier_leads_to_the_next_agent(
    before: list[LegEvent], limit_ms: int, phase: Phase
) -> None:
    desk = Desk(LI, MA)
    for what in before:
        desk.agent(what)
    assert desk.state.deadline_ms == limit_ms
    desk.after(limit_ms - 1)
    assert (desk.orders, desk.state.phase) == ([], phase)  # woken early: nothing changes
    desk.after(1)
    assert (desk.lets_go(), desk.rings()) == (1, "ma")


def test_a_move_that_does_not_end_brings_the_caller_back() -> None:
    desk = Desk(LI, MA).agent(LegEvent.ACCEPTED).after(BRIDGE_MS)
    assert desk.orders == [CancelAgent(1), TakeBackCaller(1)]
    assert desk.ended() == ("failed", "time_up")


# --- races -----------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [[], [LegEvent.ANSWERED], [LegEvent.ANSWERED, LegEvent.ACCEPTED]])
def test_caller_hangs_up_and_the_agent_is_let_go(steps: list[LegEvent]) -> None:
    desk = Desk(LI, MA)
    for what in steps:
        desk.agent(what)
    assert desk.told(HUNG_UP).lets_go() == 1
    assert desk.ended() == ("caller_left", "caller_hung_up")


@pytest.mark.parametrize("what", [LegEvent.ANSWERED, LegEvent.ACCEPTED])
def test_agent_who_comes_after_the_caller_left_is_let_go_too(what: LegEvent) -> None:
    assert Desk(LI).told(HUNG_UP).agent(what).lets_go() == 1


def test_first_agent_who_accepts_while_the_second_is_rung_is_let_go() -> None:
    desk = Desk(LI, MA).agent(LegEvent.BUSY)
    assert desk.agent(LegEvent.ACCEPTED, attempt=1).orders == [CancelAgent(1)]
    assert desk.agent(LegEvent.ACCEPTED).orders == [BridgeCaller(2)]


def test_late_word_of_an_agent_let_go_does_not_skip_the_next() -> None:
    desk = Desk(LI, MA).after(20_000 + RING_GRACE_MS)
    assert desk.agent(LegEvent.NO_ANSWER, attempt=1).orders == []
    assert desk.state.phase is Phase.RINGING


def test_agent_leaves_while_the_caller_is_on_the_way() -> None:
    desk = Desk(LI, MA).agent(LegEvent.ACCEPTED).told(StreamEnded("moved")).agent(LegEvent.LEFT)
    assert TakeBackCaller(1) in desk.orders
    assert desk.ended() == ("failed", "left")


def test_caller_cannot_be_moved() -> None:
    desk = Desk(LI).agent(LegEvent.ACCEPTED).told(BridgeFailed("E-CARRIER-429"))
    assert desk.lets_go() == 1
    assert desk.ended() == ("failed", "bridge_failed")


def test_nothing_ends_a_transfer_twice() -> None:
    endings: list[Event] = [HUNG_UP, CallerBridged(), BridgeFailed("x"), Woken()]
    endings += [AgentLegChanged(1, what) for what in LegEvent]
    for first, second in product(endings, repeat=2):
        desk = Desk(LI).agent(LegEvent.ACCEPTED)
        desk.now_ms = BRIDGE_MS
        desk.told(first).told(second).told(first)  # Desk asserts that the outcome comes once


def test_second_transfer_of_a_call_goes_on_counting() -> None:
    desk = Desk(LI, first_attempt=4)
    assert desk.orders == [RingAgent(4, "li", LI.phone, "general", 20_000, RECAP)]


@pytest.mark.parametrize("event", [KeyPressed("1"), Woken(), CallerBridged(), StreamEnded("moved")])
def test_what_does_not_concern_it_changes_nothing(event: Event) -> None:
    desk = Desk(LI)
    before = desk.state
    assert desk.told(event).state == before
    assert desk.orders == []


# --- the table and the manual -----------------------------------------------------------


def test_every_phase_before_the_end_has_a_way_out_by_time_and_by_hang_up() -> None:
    open_phases = {phase for phase, _ in RULES} - {Phase.FAILED, Phase.CALLER_LEFT}
    for phase in open_phases:
        ways = {trigger.name for where, trigger in RULES if where is phase}
        assert {"TIME_UP", "CALLER_HUNG_UP", "LEFT", "ACCEPTED"} - ways <= {"ACCEPTED"}


def test_the_manual_shows_the_table_as_it_is() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}\n```" in text
    assert who_hears_what() in text
    assert set(HEARS) == set(Phase)
