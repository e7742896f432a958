"""How the bot speaks: what every line must be able to say, and sentences fit for the telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import End, Hole, Prompt, Variant
from voicebot.dialplan.rules.base import Finding, Surroundings, meant, rule
from voicebot.dialplan.system import OPTIONAL_PROMPTS, SYSTEM_FLOWS, SYSTEM_PROMPTS

LONGEST = {"zh": 60, "en": 180}
"""characters that are spoken in about 12 s"""
HOLE_LENGTH = {"zh": 5, "en": 12}
"""characters that a value takes, roughly"""
ANSWERS_MAY_BE_LONGER = 1.5
"""a question of the caller's own holds the attention longer"""


def _all(draft: Draft) -> Iterator[tuple[str, Prompt, Variant]]:
    for language, prompts in draft.dialplan.prompts.items():
        for prompt in prompts.values():
            for variant in (*prompt.variants, *prompt.again):
                yield language, prompt, variant


def _answers(draft: Draft) -> Iterator[tuple[str, Prompt, Variant]]:
    for language, entries in draft.dialplan.knowledge.items():
        for entry in entries:
            for variant in entry.answer.variants:
                yield language, entry.answer, variant


def _fixed(variant: Variant) -> str:
    return "".join(part for part in variant.parts if isinstance(part, str))


@rule(
    "missing-system-prompt",
    why="The bot says these by itself; without them the caller would hear silence at the worst moment.",
    fails="""
line: case
languages: [zh]
voices: {zh: nuan}
opening: hello
flows: {hello: {steps: [end: goodbye]}}
# prompts.zh.yaml
goodbye: 再见。
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
def missing_system_prompt(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """The sentences the bot says by itself exist in every language."""
    # One that some step names too is reported by missing-prompt-language.
    named = {ref.name for ref in draft.references if ref.kind == "prompt"}
    for language, prompts in draft.dialplan.prompts.items():
        for name in SYSTEM_PROMPTS:
            if prompts and name not in prompts and name not in named:
                yield Finding(
                    draft.dialplan.place,
                    f'the prompt "{name}" is missing in {language}',
                    f"write it into prompts.{language}.yaml, or include: [common]",
                )


@rule(
    "empty-prompt",
    why="The caller would hear silence where an answer was promised.",
    fails="""
# prompts.zh.yaml
cancelled: {again: 好的。}
""",
    passes="""
# prompts.zh.yaml
cancelled: {say: 已经取消了。, again: 好的。}
""",
)
def empty_prompt(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every prompt has a wording, and one for any mood."""
    for language, prompts in draft.dialplan.prompts.items():
        for prompt in prompts.values():
            if not prompt.variants:
                yield Finding(
                    prompt.place, f'prompt "{prompt.name}" says nothing in {language}', "write its words"
                )
            elif all(variant.mood for variant in prompt.variants):
                yield Finding(
                    prompt.place,
                    f'prompt "{prompt.name}" has words only for some moods',
                    "write say: what fits any mood",
                )
    for entries in draft.dialplan.knowledge.values():
        for entry in entries:
            if not entry.questions:
                yield Finding(
                    entry.place, f'knowledge "{entry.name}" has no questions', "write questions: [...]"
                )


@rule(
    "prompt-too-long",
    why="After ten seconds a listener no longer remembers how the sentence began.",
    fails="""
# prompts.zh.yaml
cancelled: >
  好的，已经为您取消了，如果您之后还想再办理，可以随时再打我们的热线电话，
  也可以打开手机软件，在我的订单里面点击退款按钮，按照提示一步一步操作就可以了。
""",
    passes="""
# prompts.zh.yaml
cancelled: 好的，已经为您取消了。之后想办，随时再打给我们。
""",
    warns=True,
)
def prompt_too_long(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A prompt takes at most about twelve seconds."""
    for share, wordings in ((1.0, _all(draft)), (ANSWERS_MAY_BE_LONGER, _answers(draft))):
        for language, prompt, variant in wordings:
            most = int(LONGEST.get(language, 180) * share)
            holes = sum(isinstance(part, Hole) for part in variant.parts)
            length = len(_fixed(variant)) + holes * HOLE_LENGTH.get(language, 12)
            # What the agent hears in a recap is not for the caller.
            if length > most and prompt.name != "recap":
                yield Finding(
                    variant.place or prompt.place,
                    f'prompt "{prompt.name}" is about {length} characters long; {most} take 12 s',
                    "cut it, or split it into two prompts",
                )


@rule(
    "informal-you",
    why="A service speaks to its callers with 您; 你 sounds careless, to the elderly most of all.",
    fails="""
# prompts.zh.yaml
cancelled: 好的，已经为你取消了。
""",
    passes="""
# prompts.zh.yaml
cancelled: 好的，已经为您取消了。
""",
    warns=True,
)
def informal_you(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Mandarin prompts say 您."""
    for wordings in (_all(draft), _answers(draft)):
        for language, prompt, variant in wordings:
            if language == "zh" and "你" in _fixed(variant):
                yield Finding(variant.place or prompt.place, f'prompt "{prompt.name}" says 你', "write 您")


@rule(
    "wrong-script",
    why="The voice of one language cannot read the other; it would skip the words or spell them.",
    fails="""
# prompts.en.yaml
cancelled: 好的，已经取消了。
""",
    passes="""
# prompts.en.yaml
cancelled: All right, that is cancelled.
""",
)
def wrong_script(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """English prompts hold no Chinese characters, Mandarin ones no whole English sentences."""
    for wordings in (_all(draft), _answers(draft)):
        for language, prompt, variant in wordings:
            text = _fixed(variant)
            chinese = len(re.findall(r"[㐀-鿿]", text))
            words = len(re.findall(r"[A-Za-z]{2,}", text))
            if language == "en" and chinese:
                yield Finding(
                    variant.place or prompt.place, f'prompt "{prompt.name}" is in Chinese', "translate it"
                )
            elif language == "zh" and not chinese and words > 2:
                yield Finding(
                    variant.place or prompt.place, f'prompt "{prompt.name}" is in English', "translate it"
                )


_UNSPEAKABLE = re.compile(r"https?://\S+|www\.\S+|[<>*_#|~^`\\]|[\U0001F000-\U0001FAFF☀-➿]")


@rule(
    "unspeakable",
    why="A voice reads signs, links and emoji aloud, or stumbles over them.",
    fails="""
# prompts.zh.yaml
cancelled: 好的，请看 https://example.com/refund 。
""",
    passes="""
# prompts.zh.yaml
cancelled: 好的，链接我用短信发给您。
""",
    warns=True,
)
def unspeakable(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Prompts hold only what can be spoken."""
    for wordings in (_all(draft), _answers(draft)):
        for _language, prompt, variant in wordings:
            found = _UNSPEAKABLE.search(_fixed(variant))
            if found:
                yield Finding(
                    variant.place or prompt.place,
                    f'prompt "{prompt.name}" holds {found[0]!r}, which cannot be spoken',
                    "write it as you would say it, or send it as a message",
                )


@rule(
    "unused-prompt",
    why="Somebody will polish this sentence, and no caller will ever hear it.",
    fails="""
# prompts.zh.yaml
forgotten: 这句话没有人说。
# prompts.en.yaml
forgotten: Nobody says this.
""",
    passes="""
flows: {refund: {steps: [say: remembered]}}
# prompts.zh.yaml
remembered: 这句话有人说。
# prompts.en.yaml
remembered: Somebody says this.
""",
    warns=True,
)
def unused_prompt(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every prompt of the line is said by something."""
    said = {ref.name for ref in draft.references if ref.kind == "prompt"}
    known = {name for prompts in draft.dialplan.prompts.values() for name in prompts}
    said |= {*SYSTEM_PROMPTS, *OPTIONAL_PROMPTS, *meant(draft, "prompt", known)}
    reported: set[str] = set()
    for prompts in draft.dialplan.prompts.values():
        for prompt in prompts.values():
            if prompt.name not in said and prompt.name not in reported and draft.is_own(prompt.place):
                reported.add(prompt.name)
                yield Finding(
                    prompt.place, f'nothing says the prompt "{prompt.name}"', "use it, or delete it"
                )


@rule(
    "missing-title",
    why='The bot would speak of the task by its name in the file: "back to refund_status".',
    fails="flows: {refund: {title: {zh: 退款}, steps: [say: acknowledge]}}",
    passes="flows: {refund: {title: {zh: 退款, en: a refund}, steps: [say: acknowledge]}}",
    warns=True,
)
def missing_title(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A task that callers ask for has a title in every language."""
    for flow in draft.dialplan.flows.values():
        if not flow.starts_on or flow.is_side or flow.name in SYSTEM_FLOWS:
            continue
        missing = [language for language in draft.dialplan.languages if not flow.title.get(language)]
        if missing:
            yield Finding(
                draft.spot("flow", flow.name, "title"),
                f'flow "{flow.name}" has no title in {", ".join(missing)}',
                f"write title: {{{missing[0]}: a few words}}",
            )


@rule(
    "no-goodbye",
    why="The call would never end by itself, or end in the middle of a sentence.",
    fails="flows: {goodbye: {steps: [say: goodbye]}}",
    passes="flows: {goodbye: {steps: [end: goodbye]}}",
)
def no_goodbye(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """The flow goodbye ends the call."""
    flow = draft.dialplan.flows.get("goodbye")
    if flow is not None and not any(isinstance(step, End) for step in flow.steps.values()):
        yield Finding(flow.place, 'flow "goodbye" does not end the call', "write - end: a prompt")
