"""Names that are used must exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import FIELD_TYPES
from voicebot.dialplan.report import suggest
from voicebot.dialplan.rules.base import Finding, Surroundings, rule


def _missing(
    draft: Draft, kind: str, known: Iterable[str], what: str, otherwise: str = ""
) -> Iterator[Finding]:
    names = set(known)
    for ref in draft.references:
        if ref.kind == kind and ref.name not in names:
            yield Finding(
                ref.place,
                f'{ref.by} names the {what} "{ref.name}", which does not exist',
                suggest(ref.name, names, otherwise=otherwise),
            )


@rule(
    "dangling-step",
    why="The caller would fall out of the task at that point, without a word.",
    fails="""
flows:
  refund:
    steps:
      - id: offer
        say: acknowledge
      - goto: ofer
""",
    passes="""
flows:
  refund:
    steps:
      - id: offer
        listen: what_else
      - goto: offer
""",
)
def dangling_step(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A goto names a step of its own flow."""
    flows = draft.dialplan.flows
    for ref in draft.references:
        if ref.kind != "step":
            continue
        steps = flows[ref.owner[1]].steps if ref.owner[1] in flows else {}
        elsewhere = [name for name, flow in flows.items() if ref.name in flow.steps or ref.name == name]
        remedy = suggest(ref.name, [name for name in steps if "." not in name])
        if elsewhere:
            remedy = f"a goto stays in its flow; write run: {elsewhere[0]}"
        yield Finding(
            ref.place,
            f'{ref.by} goes to "{ref.name}", which does not exist',
            remedy or "give the step you mean an id:",
        )


@rule(
    "unknown-prompt",
    why="The caller would hear silence where a sentence should be.",
    fails="flows: {refund: {steps: [say: acknowlege]}}",
    passes="flows: {refund: {steps: [say: acknowledge]}}",
)
def unknown_prompt(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every prompt that is said stands in a prompts.<lang>.yaml."""
    known = {name for prompts in draft.dialplan.prompts.values() for name in prompts}
    for ref in draft.references:
        if ref.kind != "prompt" or ref.name in known:
            continue
        first = draft.dialplan.languages[0]
        if any(char.isspace() or ord(char) > 0x2E7F for char in ref.name):
            message = f"{ref.by} holds a sentence where the name of a prompt belongs"
            remedy = f"write the sentence into prompts.{first}.yaml under a name, and that name here"
        else:
            message = f'{ref.by} says the prompt "{ref.name}", which does not exist'
            remedy = suggest(ref.name, known, otherwise=f"write it into prompts.{first}.yaml")
        yield Finding(ref.place, message, remedy)


@rule(
    "missing-prompt-language",
    why="A caller of the other language would suddenly be spoken to in the first one.",
    fails="""
flows: {refund: {steps: [say: only_chinese]}}
# prompts.zh.yaml
only_chinese: 好的，请稍等。
""",
    passes="""
flows: {refund: {steps: [say: both]}}
# prompts.zh.yaml
both: 好的，请稍等。
# prompts.en.yaml
both: All right, one moment.
""",
)
def missing_prompt_language(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A prompt that is said exists in every language of the line."""
    prompts = {language: found for language, found in draft.dialplan.prompts.items() if found}
    said = {ref.name for ref in draft.references if ref.kind == "prompt"}
    for name in sorted(said):
        having = [language for language in prompts if name in prompts[language]]
        missing = [language for language in prompts if name not in prompts[language]]
        if having and missing:
            yield Finding(
                prompts[having[0]][name].place,
                f'the prompt "{name}" is missing in {", ".join(missing)}',
                " and ".join(f"write it into prompts.{language}.yaml" for language in missing),
            )


def _simple(
    name: str,
    kind: str,
    what: str,
    known: Callable[[Draft], Iterable[str]],
    why: str,
    fails: str,
    passes: str,
) -> None:
    """Register a rule that only asks whether a name exists."""

    @rule(name, why=why, fails=fails, passes=passes)
    def look(draft: Draft, _: Surroundings) -> Iterator[Finding]:
        yield from _missing(draft, kind, known(draft), what)


_simple(
    "unknown-slot",
    "slot",
    "slot",
    lambda draft: draft.dialplan.slots,
    "The question would never be asked, and the call would break off.",
    "flows: {refund: {steps: [ask: ordr]}}",
    "flows: {refund: {steps: [ask: method]}}",
)
_simple(
    "unknown-flow",
    "flow",
    "flow",
    lambda draft: draft.dialplan.flows,
    "The caller would be left standing where the other task should begin.",
    "flows: {refund: {steps: [run: identfy]}}",
    "flows: {refund: {steps: [run: identify]}}",
)
_simple(
    "unknown-operation",
    "operation",
    "operation",
    lambda draft: draft.dialplan.operations,
    "What the caller asked for would never be done.",
    "flows: {refund: {steps: [{do: list_ordres, into: found}]}}",
    "flows: {refund: {steps: [{do: list_orders, with: {customer_id: =customer.id}, into: found}]}}",
)
_simple(
    "unknown-queue",
    "queue",
    "queue",
    lambda draft: draft.dialplan.queues,
    "The caller would be promised a person and reach nobody.",
    "flows: {refund: {steps: [{transfer: seniors, reason: asked, announce: transferring}]}}",
    "flows: {refund: {steps: [{transfer: general, reason: asked, announce: transferring}]}}",
)
_simple(
    "unknown-intent",
    "intent",
    "intent",
    lambda draft: {name for phrases in draft.dialplan.phrases.values() for name in phrases.intents},
    "Nothing a caller says could ever start this task.",
    "flows: {refund: {starts_on: [refnd], steps: [say: acknowledge]}}",
    "flows: {refund: {starts_on: [refund], steps: [say: acknowledge]}}",
)
_simple(
    "unknown-type",
    "type",
    "type",
    lambda draft: {*draft.dialplan.types, *FIELD_TYPES},
    "The bot would not know how to speak the value: digits as an amount, a date as a number.",
    """
# operations.yaml
types: {parcel: {fields: {weight: nubmer}}}
""",
    """
# operations.yaml
types: {parcel: {fields: {weight: number}}}
""",
)
_simple(
    "unknown-fact",
    "fact",
    "fact",
    lambda draft: draft.scope.names,
    "The bot would choose from an empty list and find nothing.",
    "slots: {parcel: {type: record, record: order, from: parcels, ask: [ask_order, ask_order_tail]}}",
    "slots: {parcel: {type: record, record: order, from: orders, ask: [ask_order, ask_order_tail]}}",
)
_simple(
    "unknown-language",
    "language",
    "language",
    lambda draft: draft.dialplan.languages,
    "The bot would be told to speak a language it has no words for.",
    "flows: {refund: {steps: [adapt: {language: fr}]}}",
    "flows: {refund: {steps: [adapt: {language: en}]}}",
)


@rule(
    "voice-missing",
    why="The bot would have no voice in this language.",
    fails="""
line: case
include: [shop]
voices: {en: nobody}
""",
    passes="""
line: case
include: [shop]
voices: {en: joe}
""",
)
def voice_missing(draft: Draft, around: Surroundings) -> Iterator[Finding]:
    """Every language has a voice, and every voice a file."""
    dialplan = draft.dialplan
    for language in dialplan.languages:
        voice = dialplan.voices.get(language)
        if voice is None:
            yield Finding(
                draft.spot("line", dialplan.line, "voices"),
                f'the language "{language}" has no voice',
                f"write voices: {{{language}: name of a file in voices/}}",
            )
    if around.voices is None:
        return
    for ref in draft.references:
        if ref.kind == "voice" and ref.name not in around.voices and ref.name in dialplan.voices.values():
            yield Finding(
                ref.place,
                f'there is no voice "{ref.name}"',
                suggest(ref.name, around.voices, otherwise="add its file to voices/"),
            )
