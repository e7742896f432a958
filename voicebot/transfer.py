"""Warm transfer: the caller stays with the bot while agents are rung, one after another.

Theory of operation
-------------------
The agent who picks up hears a spoken recap and must press a key to take the call: a mailbox,
a child or a pocket cannot. Only then is the caller moved, so a refusal costs the caller
nothing: the bot has never left. Whatever goes wrong leads to the next agent, then back to the
bot, which apologises and offers a call back.

`RULES` is the whole behaviour: (phase, what happened) -> (phase, what to do). What is not in
it changes nothing. Word of an agent who is no longer being rung is answered by letting that
agent go, so that nobody waits in an empty room. `diagram()` draws the table for the manual.

    state, commands, outcome = begin(queue, agents, ring_ms=20_000, recap=recap, now_ms=0)
    state, commands, outcome = step(state, AgentLegChanged(1, LegEvent.BUSY), now_ms=2_000)

Ask `state.deadline_ms` when to call `step` with `Woken`; None means never.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

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
    LegEvent,
    Recap,
    RingAgent,
    StreamEnded,
    TakeBackCaller,
    Woken,
)

RING_GRACE_MS = 10_000
"""the carrier rings about 5 s longer than asked, and its word takes a moment to arrive"""
RECAP_MS = 75_000
"""longest recap (about 500 characters), twice the key time, and some"""
BRIDGE_MS = 15_000
"""two REST requests with their time-outs; the caller hears silence meanwhile"""


class Phase(Enum):
    RINGING = "ringing"
    RECAP = "recap"
    BRIDGING = "bridging"
    CONNECTED = "connected"
    FAILED = "failed"
    CALLER_LEFT = "caller_left"


HEARS: dict[Phase, tuple[str, str]] = {
    Phase.RINGING: ("the bot: please hold on, now and then again", "ringing"),
    Phase.RECAP: ("the bot: please hold on, now and then again", "the recap, then: 1 takes, 2 declines"),
    Phase.BRIDGING: ("silence, for a moment", "silence, for a moment"),
    Phase.CONNECTED: ("the agent", "the caller"),
    Phase.FAILED: ("the bot: an apology, then a call back is offered", "nothing"),
    Phase.CALLER_LEFT: ("nothing", "that the caller has left, if still there"),
}
"""phase -> what the caller hears, what the agent hears"""


class Trigger(Enum):
    RINGING = "phone rings"
    ANSWERED = "picked up"
    ACCEPTED = "pressed 1"
    DECLINED = "pressed 2"
    NO_KEY = "no key"
    BUSY = "busy"
    NO_ANSWER = "no answer"
    FAILED = "cannot be rung"
    LEFT = "agent hung up"
    BRIDGED = "both in the room"
    BRIDGE_FAILED = "caller cannot be moved"
    CALLER_HUNG_UP = "caller hung up"
    TIME_UP = "time is up"


class Do(Enum):
    BRIDGE = "move the caller"
    LET_GO = "let the agent go"
    TAKE_BACK = "take the caller back"
    RING_NEXT = "ring the next"


class Rule(NamedTuple):
    """to: the phase entered. With RING_NEXT it is RINGING while agents are left, else FAILED."""

    to: Phase
    do: tuple[Do, ...] = ()


_NEXT = Rule(Phase.RINGING, (Do.RING_NEXT,))
_LET_GO_NEXT = Rule(Phase.RINGING, (Do.LET_GO, Do.RING_NEXT))
_GONE = Rule(Phase.CALLER_LEFT, (Do.LET_GO,))
_BACK = Rule(Phase.FAILED, (Do.LET_GO, Do.TAKE_BACK))

RULES: dict[tuple[Phase, Trigger], Rule] = {
    (Phase.RINGING, Trigger.ANSWERED): Rule(Phase.RECAP),
    (Phase.RINGING, Trigger.ACCEPTED): Rule(Phase.BRIDGING, (Do.BRIDGE,)),  # word of the answer is late
    (Phase.RINGING, Trigger.DECLINED): _NEXT,
    (Phase.RINGING, Trigger.NO_KEY): _NEXT,
    (Phase.RINGING, Trigger.BUSY): _NEXT,
    (Phase.RINGING, Trigger.NO_ANSWER): _NEXT,
    (Phase.RINGING, Trigger.FAILED): _NEXT,
    (Phase.RINGING, Trigger.LEFT): _NEXT,
    (Phase.RINGING, Trigger.TIME_UP): _LET_GO_NEXT,
    (Phase.RINGING, Trigger.CALLER_HUNG_UP): _GONE,
    (Phase.RECAP, Trigger.ACCEPTED): Rule(Phase.BRIDGING, (Do.BRIDGE,)),
    (Phase.RECAP, Trigger.DECLINED): _NEXT,
    (Phase.RECAP, Trigger.NO_KEY): _NEXT,
    (Phase.RECAP, Trigger.FAILED): _NEXT,
    (Phase.RECAP, Trigger.LEFT): _NEXT,
    (Phase.RECAP, Trigger.TIME_UP): _LET_GO_NEXT,
    (Phase.RECAP, Trigger.CALLER_HUNG_UP): _GONE,
    (Phase.BRIDGING, Trigger.BRIDGED): Rule(Phase.CONNECTED),
    (Phase.BRIDGING, Trigger.BRIDGE_FAILED): _BACK,
    (Phase.BRIDGING, Trigger.LEFT): _BACK,
    (Phase.BRIDGING, Trigger.TIME_UP): _BACK,
    (Phase.BRIDGING, Trigger.CALLER_HUNG_UP): _GONE,
    (Phase.FAILED, Trigger.ANSWERED): Rule(Phase.FAILED, (Do.LET_GO,)),
    (Phase.FAILED, Trigger.ACCEPTED): Rule(Phase.FAILED, (Do.LET_GO,)),
    (Phase.CALLER_LEFT, Trigger.ANSWERED): Rule(Phase.CALLER_LEFT, (Do.LET_GO,)),
    (Phase.CALLER_LEFT, Trigger.ACCEPTED): Rule(Phase.CALLER_LEFT, (Do.LET_GO,)),
}

_OUTCOMES = {Phase.CONNECTED: "connected", Phase.FAILED: "failed", Phase.CALLER_LEFT: "caller_left"}


@dataclass(frozen=True, slots=True)
class TransferState:
    """One warm transfer, as a value."""

    phase: Phase
    queue: str
    agents: tuple[Agent, ...]
    """still to be rung, next first; the one being rung is not among them"""
    agent: Agent | None
    """being rung, or talking"""
    attempt: int
    """number of the present ring; never used twice in a call"""
    ring_ms: int
    recap: Recap
    deadline_ms: int | None
    """when the present phase takes too long, as an instant of the call"""
    tried: tuple[tuple[str, str], ...] = ()
    """(agent id, why it came to nothing), oldest first"""

    @property
    def is_over(self) -> bool:
        return self.phase in _OUTCOMES


class Stepped(NamedTuple):
    state: TransferState
    commands: tuple[Command, ...]
    """carry out in order"""
    outcome: HandOverEnded | None
    """set once, by the step that ends the transfer"""


def begin(
    queue: str, agents: tuple[Agent, ...], *, ring_ms: int, recap: Recap, now_ms: int, first_attempt: int = 1
) -> Stepped:
    """Ring the first agent of the queue. A queue without agents fails at once.

    first_attempt: 1, or in a later transfer of the same call `state.attempt + 1` of the one before.
    """
    state = TransferState(
        Phase.RINGING, queue, agents, None, first_attempt - 1, ring_ms, recap, deadline_ms=None
    )
    return _ring_next(state, "asked" if agents else "no_agents", now_ms, ())


def step(state: TransferState, event: Event, now_ms: int) -> Stepped:
    """Tell the transfer what happened. Anything that does not concern it changes nothing."""
    if isinstance(event, AgentLegChanged) and event.attempt != state.attempt:
        is_there = event.what in (LegEvent.ANSWERED, LegEvent.ACCEPTED)
        return Stepped(state, (CancelAgent(event.attempt),) if is_there else (), None)
    trigger = _trigger(state, event, now_ms)
    rule = RULES.get((state.phase, trigger)) if trigger is not None else None
    if trigger is None or rule is None:
        return Stepped(state, (), None)
    commands: list[Command] = []
    for do in rule.do:
        if do is Do.BRIDGE:
            commands.append(BridgeCaller(state.attempt))
        elif do is Do.LET_GO:
            commands.append(CancelAgent(state.attempt))
        elif do is Do.TAKE_BACK:
            commands.append(TakeBackCaller(state.attempt))
    why = trigger.name.lower()
    if Do.RING_NEXT in rule.do:
        return _ring_next(state, why, now_ms, tuple(commands))
    return _enter(state, rule.to, why, now_ms, tuple(commands))


def _trigger(state: TransferState, event: Event, now_ms: int) -> Trigger | None:
    if isinstance(event, AgentLegChanged):
        return Trigger[event.what.name]
    if isinstance(event, CallerBridged):
        return Trigger.BRIDGED
    if isinstance(event, BridgeFailed):
        return Trigger.BRIDGE_FAILED
    if isinstance(event, StreamEnded):
        return Trigger.CALLER_HUNG_UP if event.reason != "moved" else None
    if isinstance(event, Woken) and state.deadline_ms is not None and now_ms >= state.deadline_ms:
        return Trigger.TIME_UP
    return None


def _ring_next(state: TransferState, why: str, now_ms: int, commands: tuple[Command, ...]) -> Stepped:
    if state.agent is not None:
        state = replace(state, tried=(*state.tried, (state.agent.id, why)))
    if not state.agents:
        return _enter(state, Phase.FAILED, why, now_ms, commands)
    agent, *rest = state.agents
    state = replace(state, agent=agent, agents=tuple(rest), attempt=state.attempt + 1)
    ring = RingAgent(state.attempt, agent.id, agent.phone, state.queue, state.ring_ms, state.recap)
    return _enter(state, Phase.RINGING, why, now_ms, (*commands, ring))


def _enter(
    state: TransferState, phase: Phase, why: str, now_ms: int, commands: tuple[Command, ...]
) -> Stepped:
    """Go to a phase. Staying in a phase that is over neither reports nor ends anything again."""
    was_over = state.is_over
    deadlines = {
        Phase.RINGING: now_ms + state.ring_ms + RING_GRACE_MS,
        Phase.RECAP: now_ms + RECAP_MS,
        Phase.BRIDGING: now_ms + BRIDGE_MS,
    }
    state = replace(state, phase=phase, deadline_ms=deadlines.get(phase))
    if was_over:
        return Stepped(state, commands, None)
    note = {"phase": phase.value, "why": why, "queue": state.queue, "attempt": state.attempt}
    if state.agent is not None:
        note["agent"] = state.agent.id
    outcome = HandOverEnded(_OUTCOMES[phase], why) if state.is_over else None
    return Stepped(state, (*commands, Journal("transfer", note)), outcome)


def diagram() -> str:
    """The table as a Mermaid state diagram, for the manual."""
    arrows: dict[tuple[str, str, str], list[str]] = {}
    for (phase, trigger), rule in RULES.items():
        targets = [(rule.to.value, "")]
        if Do.RING_NEXT in rule.do:
            targets = [(rule.to.value, " [one is left]"), (Phase.FAILED.value, " [nobody is left]")]
        for target, guard in targets:
            does = [do.value for do in rule.do if not (do is Do.RING_NEXT and target == Phase.FAILED.value)]
            label = guard + (" / " + ", ".join(does) if does else "")
            arrows.setdefault((phase.value, target, label), []).append(trigger.value)
    lines = ["stateDiagram-v2", "    [*] --> ringing: ring the first"]
    for (source, target, label), triggers in arrows.items():
        lines.append(f"    {source} --> {target}: {', '.join(triggers)}{label}")
    lines += [f"    {phase.value} --> [*]" for phase in _OUTCOMES]
    return "\n".join(lines)


def who_hears_what() -> str:
    """The second table of the manual, in Markdown."""
    lines = ["| phase | the caller hears | the agent hears |", "| --- | --- | --- |"]
    lines += [f"| {phase.value} | {caller} | {agent} |" for phase, (caller, agent) in HEARS.items()]
    return "\n".join(lines)
