"""Follow the script: run steps until something must be waited for."""

from __future__ import annotations

import hashlib
import json

from voicebot.dialogue import answering, asking, recap
from voicebot.dialogue.api import Fetch, Finish, HandOver, Question
from voicebot.dialogue.state import Filled, Frame, Pending
from voicebot.dialogue.turn import Turn
from voicebot.dialogue.wording import voiced
from voicebot.dialplan import expression
from voicebot.dialplan import model as m
from voicebot.events import Expectation, Hearing, Value

MOST_STEPS_A_TURN = 200
"""a script that runs longer without asking anything goes round in circles"""
HOLD_REMINDER_MS = 12_000


def run(turn: Turn) -> None:
    """Run steps until a question is open, an answer is awaited, or the call is over."""
    state = turn.state
    for _ in range(MOST_STEPS_A_TURN):
        if state.is_over or state.open or state.pending or state.is_handing_over:
            return
        if not state.stack:
            _enter(turn, "goodbye")
            continue
        step = turn.step
        if step is None:
            _leave(turn)
            continue
        if _needs_something_first(turn):
            continue
        if turn.frame.opened is not None:
            opened, turn.frame.opened = turn.frame.opened, None
            asking.put_again(turn, opened)
            continue
        turn.note("step", flow=turn.frame.flow, step=step.id)
        _execute(turn, step)
    turn.note("problem", code="E-SCRIPT-LOOP", flow=turn.frame.flow, step=turn.frame.step)
    state.stack = state.stack[:1]
    _enter(turn, "agent")


def start_flow(turn: Turn, name: str, *, heard: str = "") -> None:
    """Begin a flow on top of where we are, or return to it when it is already under way."""
    state = turn.state
    for depth, frame in enumerate(state.stack):
        if frame.flow == name and frame.flow != turn.dialplan.opening:
            del state.stack[depth + 1 :]
            state.open = None
            state.stack[-1].heard = f"{state.stack[-1].heard} {heard}".strip()
            state.stack[-1].returning = "side"
            return
    if state.stack:
        below, step = state.stack[-1], turn.step
        is_side = turn.dialplan.flows[name].is_side
        below.opened, state.open = state.open, None
        below.returning = "side" if is_side else "task"
        if not is_side and _is_answered_by_a_request(turn, step):
            below.step = _after(turn, step)
            below.attempts = below.silences = 0
            below.returning = ""
            below.opened = None
    state.open = None
    _enter(turn, name, heard=heard)


def _is_answered_by_a_request(turn: Turn, step: m.Step | None) -> bool:
    """Open questions are, and so is a guess at the reason of the call: neither is come back to."""
    is_guess = isinstance(step, m.Confirm) and not step.is_summary
    return isinstance(step, m.Listen) or (is_guess and turn.frame.flow == turn.dialplan.opening)


def _after(turn: Turn, step: m.Step | None) -> str:
    """Where the script goes on once the request is done."""
    if isinstance(step, m.Confirm):
        step = turn.flow.steps.get(step.no)
    if isinstance(step, m.Listen):
        return step.next
    return step.id if step is not None else ""


def _enter(turn: Turn, name: str, *, heard: str = "") -> None:
    flow = turn.dialplan.flows[name]
    turn.state.stack.append(Frame(name, flow.start, heard=heard))
    if not flow.is_side:
        turn.state.wants = name if not flow.is_urgent and name != turn.dialplan.opening else turn.state.wants
    turn.note("flow", flow=name, event="begun")


def slots_of(dialplan: m.Dialplan, flow: m.Flow) -> list[str]:
    """Slots this flow asks, in order."""
    return [step.slot for step in flow.steps.values() if isinstance(step, m.Ask)]


def _leave(turn: Turn) -> None:
    """The flow on top is done: what it asked is stale, what lies below goes on."""
    state = turn.state
    frame = state.stack.pop()
    flow = turn.dialplan.flows[frame.flow]
    turn.note("flow", flow=frame.flow, event="done")
    if not flow.is_side and not flow.provides:
        for name in slots_of(turn.dialplan, flow):
            if name in state.slots:
                state.slots[name].is_stale = True
    if state.waiting_intents and not flow.is_side and state.stack:
        name = state.waiting_intents.pop(0)
        turn.say("next_request", {"flow": turn.title(name)})
        _enter(turn, name)


def _needs_something_first(turn: Turn) -> bool:
    """Run the flows this one depends on, each once; leave it when they did not succeed."""
    frame, flow = turn.frame, turn.flow
    for name in flow.needs:
        wanted = turn.dialplan.flows[name].provides
        if not wanted or turn.state.values().get(wanted):
            continue
        if name in frame.tried_needs:
            turn.note("flow", flow=frame.flow, event="not_allowed")
            frame.step = ""
            return True
        frame.tried_needs.append(name)
        _enter(turn, name, heard=frame.heard)
        return True
    return False


# --- One handler for each kind of step ---------------------------------------------------


def _say(turn: Turn, step: m.Say) -> None:
    turn.say(step.prompt)
    turn.frame.step = step.next


def _ask(turn: Turn, step: m.Ask) -> None:
    state, frame = turn.state, turn.frame
    slot = turn.dialplan.slots[step.slot]
    filled = state.slots.get(slot.name)
    if filled is not None and filled.value is not None and not filled.is_stale:
        frame.step = step.next
        frame.attempts = frame.silences = 0
        return
    if filled is not None and filled.is_stale and not slot.confirm_prompt:
        del state.slots[slot.name]
    if frame.heard and slot.name not in frame.refused_guesses:
        answer = answering.mentioned(turn, slot, frame.heard)
        if answer.is_given:
            answering.settle(turn, slot, answer)
            return
    if slot.type == "record" and not asking.records_of(turn, slot):
        turn.note("problem", code="E-NOTHING-TO-CHOOSE", slot=slot.name)
        frame.step = ""
        start_flow(turn, slot.on_fail)
        return
    asking.put_slot(turn, slot)


def _confirm(turn: Turn, step: m.Confirm) -> None:
    asking.put_confirm(turn, step)


def _listen(turn: Turn, step: m.Listen) -> None:
    if turn.state.waiting_intents:
        name = turn.state.waiting_intents.pop(0)
        start_flow(turn, name)
        return
    asking.put_listen(turn, step)


def _do(turn: Turn, step: m.Do) -> None:
    state = turn.state
    operation = turn.dialplan.operations[step.operation]
    scope = state.values()
    arguments = {name: expression.evaluate(value, scope) for name, value in step.arguments.items()}
    state.requests += 1
    key = _idempotency_key(turn, operation, arguments) if operation.is_write else None
    state.pending = Pending(state.requests, step.id, step.filler)
    turn.note("request", request_id=state.requests, operation=operation.name, is_write=operation.is_write)
    turn.actions.append(
        Fetch(state.requests, operation.name, arguments, operation.timeout_ms, key, operation.is_write)
    )


def _idempotency_key(turn: Turn, operation: m.Operation, arguments: dict[str, Value]) -> str:
    """The same thing asked for twice in a call, in the same task, has the same key."""
    text = json.dumps(
        [turn.state.call["id"], turn.frame.flow, operation.name, arguments], sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _if(turn: Turn, step: m.If) -> None:
    holds = bool(expression.evaluate(step.condition, turn.state.values()))
    turn.frame.step = step.then if holds else step.otherwise


def _choose(turn: Turn, step: m.Choose) -> None:
    value = expression.evaluate(step.value, turn.state.values())
    turn.frame.step = step.cases.get(_case(value), step.otherwise)


def _case(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else str(value)


def _set(turn: Turn, step: m.Set) -> None:
    scope = turn.state.values()
    for name, value in step.values.items():
        result = expression.evaluate(value, scope)
        if name in turn.dialplan.slots:
            turn.state.slots[name] = Filled(result, 1.0, True)
        else:
            turn.state.facts[name] = result
    turn.frame.step = step.next


def _forget(turn: Turn, step: m.Forget) -> None:
    for name in step.slots:
        turn.state.slots.pop(name, None)
    turn.frame.step = step.next


def _run_flow(turn: Turn, step: m.Run) -> None:
    turn.frame.step = step.next
    _enter(turn, step.flow, heard=turn.frame.heard)


def _repeat(turn: Turn, step: m.Repeat) -> None:
    """Say the last thing again; the second time in a row more slowly."""
    state = turn.state
    turn.frame.step = step.next
    turn.has_repeated = True
    if not state.last_said:
        turn.say("nothing_to_repeat")
        return
    state.repeats += 1
    slower = 0.85 if state.repeats > 1 else 1.0
    for said in state.last_said:
        action = voiced(turn.dialplan, state, said)
        turn.actions.append(type(action)(**{**_fields(action), "pace": round(action.pace * slower, 2)}))
        state.transcript.append(("bot", said.text))
    _below(turn).returning = "quiet"


def _below(turn: Turn) -> Frame:
    """The frame we return to when this flow is done."""
    return turn.state.stack[-2] if len(turn.state.stack) > 1 else turn.frame


def _fields(action: object) -> dict[str, Value]:
    return {name: getattr(action, name) for name in action.__slots__}  # type: ignore[attr-defined]


def _wait(turn: Turn, step: m.Wait) -> None:
    """The question below stays open, with more patience."""
    turn.frame.step = step.next
    below = _below(turn)
    below.returning, below.patience_ms, below.reminder = "quiet", step.for_ms, step.reminder


def _adapt(turn: Turn, step: m.Adapt) -> None:
    state, known = turn.state, turn.dialplan.languages
    if step.pace:
        state.pace = min(1.3, max(0.6, state.pace * step.pace))
    state.gain_db = min(9.0, max(-9.0, state.gain_db + step.gain_db))
    if step.language == "other":
        state.language = known[(known.index(state.language) + 1) % len(known)]
    elif step.language in known:
        state.language = step.language
    turn.frame.step = step.next


def _transfer(turn: Turn, step: m.Transfer) -> None:
    state = turn.state
    turn.frame.step = step.next
    if step.announce:
        turn.say(step.announce)
    state.is_handing_over = True
    turn.actions.append(HandOver(step.queue, step.reason, recap.make(turn, step.reason)))
    turn.actions.append(
        Question(
            Expectation("free", hints=turn.phrases.hints),
            800,
            HOLD_REMINDER_MS,
            None,
            name=f"hold:{step.hold}",
        )
    )


def _cancel(turn: Turn, step: m.Cancel) -> None:
    """Drop the task under this flow with everything it had collected."""
    stack = turn.state.stack
    turn.frame.step = step.next
    while len(stack) > 2 and stack[-2].flow != turn.dialplan.opening:
        dropped = stack.pop(-2)
        for name in slots_of(turn.dialplan, turn.dialplan.flows[dropped.flow]):
            turn.state.slots.pop(name, None)
        turn.note("flow", flow=dropped.flow, event="cancelled")
    turn.state.waiting_intents.clear()


def _end(turn: Turn, step: m.End) -> None:
    turn.say(step.prompt)
    turn.state.is_over = True
    turn.actions.append(Finish("goodbye"))
    turn.note("outcome", outcome="ended", flow=turn.frame.flow)


def _execute(turn: Turn, step: m.Step) -> None:
    """Run one step."""
    match step:
        case m.Say():
            _say(turn, step)
        case m.Ask():
            _ask(turn, step)
        case m.Confirm():
            _confirm(turn, step)
        case m.Listen():
            _listen(turn, step)
        case m.Do():
            _do(turn, step)
        case m.If():
            _if(turn, step)
        case m.Choose():
            _choose(turn, step)
        case m.Set():
            _set(turn, step)
        case m.Forget():
            _forget(turn, step)
        case m.Run():
            _run_flow(turn, step)
        case m.Repeat():
            _repeat(turn, step)
        case m.Wait():
            _wait(turn, step)
        case m.Adapt():
            _adapt(turn, step)
        case m.Transfer():
            _transfer(turn, step)
        case m.Cancel():
            _cancel(turn, step)
        case m.End():
            _end(turn, step)
        case _:
            raise TypeError(f"no such step: {type(step).__name__}")


# --- Answers of the business systems ------------------------------------------------------


def answered(turn: Turn, request_id: int, result: Value) -> None:
    """A business system answered: keep what it said and go on."""
    state = turn.state
    pending = state.pending
    if pending is None or pending.request_id != request_id:
        return
    state.pending = None
    step = turn.flow.steps[pending.step]
    assert isinstance(step, m.Do)
    if step.into:
        state.facts[step.into] = result
    if turn.dialplan.operations[step.operation].is_write:
        state.done.append(step.operation)
    turn.note("request", request_id=request_id, operation=step.operation, outcome="answered")
    turn.frame.step = step.next


def refused(turn: Turn, request_id: int, code: str) -> None:
    """It did not: take the way the script has for it, else say so honestly."""
    state = turn.state
    pending = state.pending
    if pending is None or pending.request_id != request_id:
        return
    state.pending = None
    step = turn.flow.steps[pending.step]
    assert isinstance(step, m.Do)
    turn.note("request", request_id=request_id, operation=step.operation, outcome=code)
    way = step.errors.get(code) or step.errors.get("any")
    state.facts["error"] = code
    if way is not None:
        turn.frame.step = way
        return
    turn.frame.step = ""
    _enter(turn, "trouble")


def late(turn: Turn, request_id: int) -> None:
    """The answer is taking longer than a breath."""
    pending = turn.state.pending
    if pending is None or pending.request_id != request_id or pending.was_late:
        return
    pending.was_late = True
    turn.say(pending.filler or "one_moment")


EMPTY = Hearing(text="")
