"""Every step can be reached, every task begun, and nothing goes round in circles."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialplan.graph import circles, fills, reachable, successors
from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import Ask, Confirm, End, Flow, Forget, Listen, Run, Step, Transfer, Wait
from voicebot.dialplan.rules.base import Finding, Surroundings, meant, rule
from voicebot.dialplan.system import SYSTEM_FLOWS


@rule(
    "unreachable-step",
    why="A step that is never taken is usually a step that was meant to be.",
    fails="flows: {refund: {steps: [return, say: acknowledge]}}",
    passes="flows: {refund: {steps: [say: acknowledge, return]}}",
)
def unreachable_step(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every step can be reached from the start of its flow."""
    for flow in draft.dialplan.flows.values():
        lost = [step for step in flow.steps.values() if step.id not in reachable(flow)]
        followed = {after for step in lost for after in successors(step)}
        heads = [step for step in lost if step.id not in followed] or lost[:1]
        for step in heads:
            yield Finding(
                step.place,
                f'step "{step.id}" can never be reached',
                "delete it, or give it an id and a goto; nothing follows goto, return or end",
            )


def _waits(draft: Draft, step: Step, seen: frozenset[str] = frozenset()) -> bool:
    """Does this step give the caller a turn?"""
    if isinstance(step, Ask | Confirm | Listen | Wait | Transfer | End):
        return True
    if isinstance(step, Run) and step.flow in draft.dialplan.flows and step.flow not in seen:
        inside = draft.dialplan.flows[step.flow].steps.values()
        return any(_waits(draft, other, seen | {step.flow}) for other in inside)
    return False


@rule(
    "endless-loop",
    why="The bot would talk on and on, or fall silent for ever, and never let the caller speak.",
    fails="""
flows:
  refund:
    steps:
      - id: again
        say: acknowledge
      - goto: again
""",
    passes="""
flows:
  refund:
    steps:
      - id: again
        listen: [how_can_i_help, what_else]
      - goto: again
""",
)
def endless_loop(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every circle of gotos passes a step at which the caller can speak."""
    for flow in draft.dialplan.flows.values():
        quiet = {
            step.id: successors(step)
            for step in flow.steps.values()
            if isinstance(step, Ask) or not _waits(draft, step)
        }
        for group in circles(quiet):
            if _asks_anew(flow, group):
                continue
            asked = [step.slot for name in group if isinstance(step := flow.steps[name], Ask)]
            remedy = "put an ask, confirm or listen into the circle, or a way out before it"
            if asked:
                remedy = (
                    f"a slot that is filled is not asked again: write - forget: [{asked[0]}] before the goto"
                )
            yield Finding(
                flow.steps[group[0]].place,
                f'flow "{flow.name}" can circle from step "{group[0]}" without hearing the caller',
                remedy,
            )


def _asks_anew(flow: Flow, group: list[str]) -> bool:
    """Does the circle empty a slot that it asks?"""
    forgotten = {
        name for step in group if isinstance(found := flow.steps[step], Forget) for name in found.slots
    }
    return any(isinstance(step := flow.steps[name], Ask) and step.slot in forgotten for name in group)


@rule(
    "flow-recursion",
    why="Each round the call would remember one more place to come back to, and never finish any.",
    fails="""
flows:
  refund: {steps: [say: acknowledge, run: second]}
  second: {steps: [run: refund]}
""",
    passes="""
flows:
  refund: {steps: [say: acknowledge, run: second]}
  second: {steps: [say: acknowledge]}
""",
)
def flow_recursion(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """No flow runs, or needs, itself through others."""
    flows = draft.dialplan.flows
    runs = {
        name: tuple(
            dict.fromkeys(
                (*flow.needs, *(step.flow for step in flow.steps.values() if isinstance(step, Run)))
            )
        )
        for name, flow in flows.items()
    }
    for group in circles(runs):
        path = " -> ".join([*group, group[0]])
        place = next(
            (
                step.place
                for step in flows[group[0]].steps.values()
                if isinstance(step, Run) and step.flow in group
            ),
            draft.spot("flow", group[0], "needs"),
        )
        yield Finding(place, f"flows run each other in a circle: {path}", "use goto inside one flow instead")


@rule(
    "fail-loop",
    why="A caller who is not understood would be sent to the very flow that just failed to understand.",
    fails="""
slots: {spare: {type: text, ask: [ask_order, ask_order_tail], on_fail: refund}}
flows: {refund: {steps: [ask: spare]}}
""",
    passes="""
slots: {spare: {type: text, ask: [ask_order, ask_order_tail], on_fail: agent}}
flows: {refund: {steps: [ask: spare]}}
""",
    warns=True,
)
def fail_loop(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """When a question fails, what runs then does not put it again."""
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            slot = draft.dialplan.slots.get(step.slot) if isinstance(step, Ask) else None
            if slot is not None and slot.on_fail == flow.name:
                yield Finding(
                    step.place,
                    f'when "{slot.name}" fails, flow "{flow.name}" runs, which asks it again',
                    f'give slot "{slot.name}" another on_fail: flow',
                )


def started(draft: Draft) -> set[str]:
    """Flows that something starts: a caller's words or key, another flow, or the bot itself."""
    dialplan = draft.dialplan
    found = {dialplan.opening, *SYSTEM_FLOWS}
    found |= {slot.on_fail for slot in dialplan.slots.values()}
    for flow in dialplan.flows.values():
        if flow.starts_on:
            found.add(flow.name)
        found |= set(flow.needs)
        for step in flow.steps.values():
            if isinstance(step, Run):
                found.add(step.flow)
            elif isinstance(step, Listen):
                found |= set(step.keys.values())
    return found


@rule(
    "flow-never-started",
    why="The task is written, and no caller can ever reach it.",
    fails="""
flows: {exchange: {steps: [say: acknowledge]}}
""",
    passes="""
flows: {exchange: {starts_on: [exchange], steps: [say: acknowledge]}}
# phrases.zh.yaml
intents: {exchange: [我要换货, 帮我换一件, 这个想换个颜色]}
# phrases.en.yaml
intents: {exchange: [I want an exchange, swap this for me, I need another colour]}
""",
    warns=True,
)
def flow_never_started(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """An intent, a key or another flow starts each flow of the line."""
    begun = started(draft) | meant(draft, "flow", draft.dialplan.flows)
    for flow in draft.dialplan.flows.values():
        if (
            flow.name not in begun
            and draft.is_own(flow.place)
            and draft.dialplan.opening in draft.dialplan.flows
        ):
            yield Finding(
                flow.place,
                f'nothing starts flow "{flow.name}"',
                f'add an intent "{flow.name}" to phrases, or a step - run: {flow.name}',
            )


@rule(
    "intent-starts-nothing",
    why="The caller would be understood, and nothing would happen.",
    fails="""
# phrases.zh.yaml
intents: {exchange: [我要换货, 帮我换一件, 这个想换个颜色]}
""",
    passes="""
flows: {exchange: {steps: [say: acknowledge]}}
# phrases.zh.yaml
intents: {exchange: [我要换货, 帮我换一件, 这个想换个颜色]}
# phrases.en.yaml
intents: {exchange: [I want an exchange, swap this for me, I need another colour]}
""",
)
def intent_starts_nothing(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every intent starts a flow."""
    known = {intent for flow in draft.dialplan.flows.values() for intent in flow.starts_on}
    known |= meant(
        draft, "intent", {name for phrases in draft.dialplan.phrases.values() for name in phrases.intents}
    )
    reported: set[str] = set()
    for phrases in draft.dialplan.phrases.values():
        for intent in phrases.intents.values():
            if intent.name not in known and intent.name not in reported:
                reported.add(intent.name)
                yield Finding(
                    intent.place,
                    f'intent "{intent.name}" starts no flow',
                    f'write a flow "{intent.name}", or add it to starts_on: of another',
                )


@rule(
    "intent-starts-two",
    why="Which task begins would depend on the order of the file.",
    fails="""
flows:
  refund: {starts_on: [refund], steps: [say: acknowledge]}
  other: {starts_on: [refund], steps: [say: acknowledge]}
""",
    passes="flows: {refund: {starts_on: [refund], steps: [say: acknowledge]}}",
)
def intent_starts_two(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """An intent starts one flow."""
    taken: dict[str, str] = {}
    for flow in draft.dialplan.flows.values():
        for intent in flow.starts_on:
            first = taken.setdefault(intent, flow.name)
            if first != flow.name:
                yield Finding(
                    draft.spot("flow", flow.name, "starts_on"),
                    f'intent "{intent}" starts flow "{flow.name}" and also "{first}"',
                    "let one of them start on another intent",
                )


@rule(
    "provides-never-set",
    why="The flow would be run again and again: nothing ever shows that it has done its work.",
    fails="flows: {refund: {provides: customer, steps: [say: acknowledge]}}",
    passes="flows: {refund: {provides: is_done, steps: [set: {is_done: true}]}}",
)
def provides_never_set(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A flow, or one it runs, fills the fact it provides."""
    for flow in draft.dialplan.flows.values():
        if (
            flow.provides
            and flow.provides in draft.scope.names
            and flow.provides not in _filled(draft, flow.name)
        ):
            yield Finding(
                draft.spot("flow", flow.name, "provides"),
                f'flow "{flow.name}" provides "{flow.provides}", but no step of it fills it',
                f"fill it with into: {flow.provides}, or with - set: {{{flow.provides}: ...}}",
            )


def _filled(draft: Draft, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    found: set[str] = set()
    flow = draft.dialplan.flows.get(name)
    for step in flow.steps.values() if flow is not None and name not in seen else ():
        found |= fills(step)
        if isinstance(step, Run):
            found |= _filled(draft, step.flow, seen | {name})
    return found


@rule(
    "needs-without-provides",
    why="The task could not tell whether what it needs has been done, and would skip it.",
    fails="""
flows:
  refund: {needs: [hello], steps: [say: acknowledge]}
  hello: {steps: [say: acknowledge]}
""",
    passes="flows: {refund: {needs: [identify], steps: [say: acknowledge]}}",
)
def needs_without_provides(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A flow that others need says what it provides."""
    for flow in draft.dialplan.flows.values():
        for name in flow.needs:
            needed = draft.dialplan.flows.get(name)
            if needed is not None and not needed.provides:
                yield Finding(
                    draft.spot("flow", flow.name, "needs"),
                    f'flow "{flow.name}" needs "{name}", which provides nothing',
                    f'write provides: the fact that shows "{name}" has done its work',
                )


@rule(
    "empty-flow",
    why="The caller would ask for it and hear nothing.",
    fails="flows: {refund: {steps: [return]}}",
    passes="flows: {refund: {steps: [say: acknowledge]}}",
)
def empty_flow(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every flow does something."""
    for flow in draft.dialplan.flows.values():
        if not flow.start and ("flow", flow.name, "steps") in draft.spots:
            yield Finding(flow.place, f'flow "{flow.name}" does nothing', "write its steps, or delete it")
