"""The line as a whole: numbers, queues, recording, and the way to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voicebot.dialplan.examples import Asks, BotSays, Does, Ends, NotDone, NotSaid, Transferred
from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import Run, Transfer
from voicebot.dialplan.report import suggest
from voicebot.dialplan.rules.base import Finding, Surroundings, rule
from voicebot.dialplan.system import SPOKEN_FLOWS, SWITCH_LANGUAGE, SYSTEM_FLOWS

_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_WRITE_E164 = 'write it with country code and in quotes, without spaces: "+85258081000"'


@rule(
    "missing-head",
    why="The bot would not know how to open the call, or in which language.",
    fails="""
line: case
include: [basics]
voices: {zh: nuan}
opening: hello
flows: {hello: {steps: [end: goodbye]}}
""",
    passes="""
line: case
include: [basics]
languages: [zh]
voices: {zh: nuan}
opening: hello
flows: {hello: {steps: [end: goodbye]}}
""",
)
def missing_head(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A line says its languages and its opening."""
    dialplan = draft.dialplan
    if not dialplan.opening:
        yield Finding(
            dialplan.place, "the line has no opening", "write opening: the flow run when a call comes"
        )
    if not _says(draft, "languages"):
        yield Finding(
            dialplan.place, "the line has no languages", "write languages: [zh], the first is the default"
        )
    for language in dialplan.languages if _says(draft, "languages") else ():
        if language not in dialplan.phrases or not dialplan.prompts.get(language):
            yield Finding(
                draft.spot("line", dialplan.line, "languages"),
                f'there are no words for the language "{language}"',
                f"write prompts.{language}.yaml and phrases.{language}.yaml",
            )


def _says(draft: Draft, key: str) -> bool:
    """Does the line, or a part it includes, write this key?"""
    return any(spot[0] == "line" and spot[-1] == key for spot in draft.spots)


@rule(
    "missing-system-flow",
    why='Any caller may say "again", "slower" or "a person, please" at any moment.',
    fails="""
line: case
languages: [zh]
voices: {zh: nuan}
opening: hello
flows: {hello: {steps: [end: goodbye]}}
""",
    passes="""
line: case
include: [basics]
languages: [zh]
voices: {zh: nuan}
opening: hello
flows: {hello: {steps: [end: goodbye]}}
""",
)
def missing_system_flow(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """The flows that every caller may want exist."""
    needed = list(SYSTEM_FLOWS)
    if len(draft.dialplan.languages) > 1:
        needed.append(SWITCH_LANGUAGE)
    for name in needed:
        if name not in draft.dialplan.flows:
            yield Finding(
                draft.dialplan.place, f'the flow "{name}" is missing', "write it, or include: [common]"
            )


@rule(
    "missing-system-intent",
    why="The flow is there, but in this language no words lead to it.",
    fails="""
line: case
include: [basics]
languages: [zh]
voices: {zh: nuan}
opening: hello
flows:
  hello: {steps: [end: goodbye]}
  slower: {starts_on: [hello], steps: [adapt: {pace: 0.9}]}
""",
    passes="""
line: case
include: [basics]
languages: [zh]
voices: {zh: nuan}
opening: hello
flows: {hello: {steps: [end: goodbye]}}
""",
)
def missing_system_intent(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """In every language some words start each flow that callers may ask for."""
    needed = [*SPOKEN_FLOWS, *((SWITCH_LANGUAGE,) if len(draft.dialplan.languages) > 1 else ())]
    for language, phrases in draft.dialplan.phrases.items():
        for name in needed:
            flow = draft.dialplan.flows.get(name)
            if flow is not None and not any(intent in phrases.intents for intent in flow.starts_on):
                yield Finding(
                    flow.place,
                    f'no words start the flow "{name}" in {language}',
                    f'write an intent "{name}" into phrases.{language}.yaml, or include: [common]',
                )


@rule(
    "no-way-to-agent",
    why="A caller who asks for a person must reach one, at any moment.",
    fails="flows: {agent: {urgent: true, steps: [say: nobody_free]}}",
    passes="""
flows: {agent: {urgent: true, steps: [{transfer: general, reason: asked, announce: transferring}]}}
""",
)
def no_way_to_agent(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """The flow agent transfers, and is urgent: it gets through over everything."""
    flow = draft.dialplan.flows.get("agent")
    if flow is None:
        return
    if not _transfers(draft, "agent", frozenset()):
        yield Finding(flow.place, 'flow "agent" transfers to nobody', "write - transfer: a queue")
    if not flow.is_urgent:
        yield Finding(
            draft.spot("flow", "agent", "urgent"),
            'flow "agent" is not urgent: a prompt that cannot be interrupted would keep the caller waiting',
            "write urgent: true",
        )


def _transfers(draft: Draft, name: str, seen: frozenset[str]) -> bool:
    flow = draft.dialplan.flows.get(name)
    if flow is None or name in seen:
        return False
    return any(
        isinstance(step, Transfer) or (isinstance(step, Run) and _transfers(draft, step.flow, seen | {name}))
        for step in flow.steps.values()
    )


@rule(
    "bad-number",
    why="The carrier rings only numbers written in full; a transfer would fail, or a line never be reached.",
    fails="""
line: case
include: [shop]
numbers: ["5808 1000"]
""",
    passes="""
line: case
include: [shop]
numbers: ["+85258081000"]
""",
)
def bad_number(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every phone number is E.164."""
    dialplan = draft.dialplan
    for number in dialplan.numbers:
        if not _E164.match(number):
            yield Finding(
                draft.spot("line", dialplan.line, "numbers"),
                f'"{number}" is not a full phone number',
                _WRITE_E164,
            )
    for queue in dialplan.queues.values():
        for agent in queue.agents:
            if not _E164.match(agent.phone):
                yield Finding(
                    draft.spot("queue", queue.name, agent.id),
                    f'the phone of agent "{agent.id}" is not a full number',
                    _WRITE_E164,
                )
    for example in draft.examples:
        if example.caller and not _E164.match(example.caller):
            yield Finding(example.place, f'the caller of "{example.name}" is not a full number', _WRITE_E164)


@rule(
    "empty-queue",
    why="The caller would be promised a person and nobody would be rung.",
    fails="""
# queues.yaml
general: {agents: []}
""",
    passes="""
# queues.yaml
general: {agents: [{id: li, phone: "+85290000001"}]}
""",
)
def empty_queue(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every queue has agents."""
    for queue in draft.dialplan.queues.values():
        if not queue.agents:
            yield Finding(
                queue.place,
                f'queue "{queue.name}" has no agents',
                'write agents: [{id: li, phone: "+852..."}]',
            )


@rule(
    "same-phone-twice",
    why="After a busy agent the same phone would be rung again, while the caller waits.",
    fails="""
# queues.yaml
general: {agents: [{id: li, phone: "+85290000001"}, {id: wang, phone: "+85290000001"}]}
""",
    passes="""
# queues.yaml
general: {agents: [{id: li, phone: "+85290000001"}, {id: wang, phone: "+85290000002"}]}
""",
    warns=True,
)
def same_phone_twice(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """The agents of a queue have phones of their own."""
    for queue in draft.dialplan.queues.values():
        taken: dict[str, str] = {}
        for agent in queue.agents:
            first = taken.setdefault(agent.phone, agent.id)
            if first != agent.id:
                yield Finding(
                    draft.spot("queue", queue.name, agent.id),
                    f'agents "{first}" and "{agent.id}" of queue "{queue.name}" have the same phone',
                    "correct one of them",
                )


@rule(
    "recording-without-notice",
    why="Recording somebody who has not been told is against the law in most places.",
    fails="""
line: case
include: [basics]
languages: [zh]
voices: {zh: nuan}
opening: hello
record_calls: true
flows: {hello: {steps: [end: goodbye]}}
""",
    passes="""
line: case
include: [basics]
languages: [zh]
voices: {zh: nuan}
opening: hello
record_calls: true
recording_notice: acknowledge
flows: {hello: {steps: [end: goodbye]}}
""",
)
def recording_without_notice(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A line that records says so first."""
    dialplan = draft.dialplan
    if dialplan.record_calls and not dialplan.recording_notice:
        yield Finding(
            draft.spot("line", dialplan.line, "record_calls"),
            "calls are recorded, and no caller is told",
            "write recording_notice: a prompt that says so",
        )


@rule(
    "dead-example",
    why="An example that proves nothing hides the day when the call stops working.",
    fails="""
# examples/one.yaml
- {name: nothing to see, dialogue: [caller: 我要退款]}
""",
    passes="""
# examples/one.yaml
- {name: a refund, dialogue: [caller: 我要退款, asks: order]}
""",
)
def dead_example(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every example expects something of the bot, and names arguments that exist."""
    for example in draft.examples:
        expects = (BotSays, NotSaid, Does, NotDone, Asks, Transferred, Ends)
        if example.dialogue and not any(isinstance(move, expects) for move in example.dialogue):
            yield Finding(
                example.place,
                f'example "{example.name}" expects nothing of the bot',
                "add - bot: what must be said",
            )
        for move in example.dialogue:
            operation = draft.dialplan.operations.get(move.operation) if isinstance(move, Does) else None
            if operation is None or not isinstance(move, Does):
                continue
            for name in move.arguments:
                if name not in operation.arguments:
                    yield Finding(
                        move.place,
                        f'operation "{move.operation}" has no argument "{name}"',
                        suggest(name, operation.arguments, otherwise="it takes none"),
                    )
