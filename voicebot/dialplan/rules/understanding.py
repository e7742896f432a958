"""What callers say: enough examples, and none that belongs to two things."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import Place
from voicebot.dialplan.rules.base import Finding, Surroundings, rule
from voicebot.language import pinyin

FEWEST_EXAMPLES = 3


@rule(
    "few-examples",
    why="Callers say the same thing in many ways; one or two examples catch few of them.",
    fails="""
# phrases.zh.yaml
intents: {refund: [我要退款]}
""",
    passes="""
# phrases.zh.yaml
intents: {refund: [我要退款, 把钱退给我, 这个不想要了]}
""",
    warns=True,
)
def few_examples(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every intent and question has at least three examples."""
    for phrases in draft.dialplan.phrases.values():
        for intent in phrases.intents.values():
            if len(intent.examples) < FEWEST_EXAMPLES:
                yield _few(intent.place, f'intent "{intent.name}"', len(intent.examples))
    for entries in draft.dialplan.knowledge.values():
        for entry in entries:
            if len(entry.questions) < FEWEST_EXAMPLES:
                yield _few(entry.place, f'knowledge "{entry.name}"', len(entry.questions))


def _few(place: Place, what: str, count: int) -> Finding:
    return Finding(
        place,
        f"{what} has {count} example{'' if count == 1 else 's'}",
        f"write at least {FEWEST_EXAMPLES}, as callers really say it",
    )


@rule(
    "same-example-twice",
    why="One sentence cannot ask for two things: which one begins would be a matter of luck.",
    fails="""
flows: {exchange: {steps: [say: acknowledge]}}
# phrases.zh.yaml
intents: {exchange: [我要换货, 我要退款, 这个想换个颜色]}
# phrases.en.yaml
intents: {exchange: [I want an exchange, swap this for me, I need another colour]}
""",
    passes="""
flows: {exchange: {steps: [say: acknowledge]}}
# phrases.zh.yaml
intents: {exchange: [我要换货, 帮我换一件, 这个想换个颜色]}
# phrases.en.yaml
intents: {exchange: [I want an exchange, swap this for me, I need another colour]}
""",
)
def same_example_twice(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """No sentence is an example of two things, even when it is only the same by sound."""
    for language, phrases in draft.dialplan.phrases.items():
        taken: dict[tuple[str, ...], str] = {}
        groups: list[tuple[str, Place, tuple[str, ...]]] = [
            (f'intent "{intent.name}"', intent.place, (*intent.examples, *intent.phrases))
            for intent in phrases.intents.values()
        ]
        groups += [
            (f'knowledge "{entry.name}"', entry.place, entry.questions)
            for entry in draft.dialplan.knowledge.get(language, ())
        ]
        for what, place, sentences in groups:
            for sentence in sentences:
                first = taken.setdefault(pinyin.syllables(sentence), what)
                if first != what:
                    yield _stolen(place, sentence, what, first)
        for sentence in phrases.out_of_scope:
            first = taken.get(pinyin.syllables(sentence), "")
            if first:
                yield _stolen(
                    draft.spot("phrases", language, "out_of_scope"), sentence, "out_of_scope", first
                )


def _stolen(place: Place, sentence: str, what: str, first: str) -> Finding:
    return Finding(
        place, f'"{sentence}" is an example of {what} and of {first}', "delete it from one of them"
    )
