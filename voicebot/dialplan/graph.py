"""The steps of a flow as a graph: what can follow what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from voicebot.dialplan.model import Ask, Choose, Confirm, Do, End, Flow, If, Listen, Set, Step


def successors(step: Step) -> tuple[str, ...]:
    """Ids of the steps that may come next; "" where the flow may return."""
    match step:
        case If():
            following: Iterable[str] = (step.then, step.otherwise)
        case Confirm():
            following = (step.yes, step.no)
        case Listen():
            following = (step.next, step.nothing)
        case Choose():
            following = (*step.cases.values(), step.otherwise)
        case Do():
            following = (step.next, *step.errors.values())
        case End():
            following = ()
        case _:
            following = (step.next,)
    return tuple(dict.fromkeys(following))


def fills(step: Step) -> set[str]:
    """Slots and facts that a step fills."""
    match step:
        case Ask():
            return {step.slot}
        case Do() if step.into:
            return {step.into}
        case Set():
            return set(step.values)
    return set()


def reachable(flow: Flow, *, without: Collection[str] = ()) -> set[str]:
    """Ids of the steps that can be reached from the start, passing none of `without`."""
    return reached(flow, [flow.start], without)


def reached(flow: Flow, starts: Iterable[str], without: Collection[str] = ()) -> set[str]:
    """Ids of the steps that can be reached from some steps, these included."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        at = waiting.pop()
        if at in seen or at in without or at not in flow.steps:
            continue
        seen.add(at)
        waiting += successors(flow.steps[at])
    return seen


def circles(nodes: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Groups of nodes that lead back to themselves, each group in the order of `nodes`."""
    reach: dict[str, set[str]] = {}
    for start in nodes:
        seen: set[str] = set()
        waiting = list(nodes[start])
        while waiting:
            at = waiting.pop()
            if at not in seen and at in nodes:
                seen.add(at)
                waiting += nodes[at]
        reach[start] = seen
    groups: list[list[str]] = []
    for start in nodes:
        if start in reach[start] and not any(start in group for group in groups):
            groups.append([other for other in nodes if other in reach[start] and start in reach[other]])
    return groups
