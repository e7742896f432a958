"""Choices: their wordings, their sound, and their keys."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import MOODS, Hole, Keys, Listen, Prompt, Slot
from voicebot.dialplan.report import suggest
from voicebot.dialplan.rules.base import Finding, Surroundings, all_prompts, rule
from voicebot.dialplan.system import RESERVED_KEY
from voicebot.dialplan.types import IDENTITIES
from voicebot.language import pinyin

SOUNDS_ALIKE = 0.12
"""weighted difference in sound below which the telephone makes two wordings one"""


def _declared(draft: Draft) -> dict[str, tuple[str, ...]]:
    """Name of a choice -> its values: slots, fields of records, yes_no, and the bot's own."""
    found: dict[str, tuple[str, ...]] = {"yes_no": ("yes", "no")}
    found |= {slot.name: slot.choices for slot in draft.dialplan.slots.values() if slot.type == "choice"}
    for record in draft.dialplan.types.values():
        for field in record.fields.values():
            if field.type == "choice":
                found[f"{record.name}.{field.name}"] = field.choices
    return {**found, "recap.identity": IDENTITIES, "recap.mood": MOODS}


_FREE = ("recap.", "money")
"""wordings whose values are not declared anywhere"""


@rule(
    "choice-without-wording",
    why="The bot could neither understand this choice nor say it.",
    fails="""
# phrases.zh.yaml
choices: {method: {original: [原路退回]}}
""",
    passes="""
# phrases.zh.yaml
choices: {method: {original: [原路退回], balance: [余额]}}
""",
)
def choice_without_wording(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every value of a choice that is asked or spoken has a wording in each language."""
    declared = _declared(draft)
    for language, phrases in draft.dialplan.phrases.items():
        needed = {slot.name: slot.place for slot in draft.dialplan.slots.values() if slot.type == "choice"}
        if any(slot.type == "yes_no" for slot in draft.dialplan.slots.values()):
            needed["yes_no"] = draft.spot("choices", language, "yes_no")
        for prompt in all_prompts(draft, language):
            for variant in (*prompt.variants, *prompt.again):
                for part in variant.parts:
                    if isinstance(part, Hole) and part.form.startswith("choice:"):
                        needed.setdefault(part.form.removeprefix("choice:"), variant.place or prompt.place)
        for name, place in needed.items():
            wordings = phrases.choices.get(name, {})
            missing = [value for value in declared.get(name, ()) if not wordings.get(value)]
            if missing:
                yield Finding(
                    draft.spots.get(("choices", language, name), place),
                    f'the choice "{name}" has no wording in {language} for: {", ".join(missing)}',
                    f"write into choices: of phrases.{language}.yaml: {name}: {{{missing[0]}: [...]}}",
                )


@rule(
    "unknown-choice",
    why="The wording is there, and can never be chosen.",
    fails="""
# phrases.zh.yaml
choices: {method: {original: [原路退回], balanse: [余额], balance: [零钱]}}
""",
    passes="""
# phrases.zh.yaml
choices: {method: {original: [原路退回], balance: [余额]}}
""",
)
def unknown_choice(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Wordings belong to a choice that exists, and so do keys."""
    declared = _declared(draft)
    for language, phrases in draft.dialplan.phrases.items():
        for name, wordings in phrases.choices.items():
            if name.startswith(_FREE) and name not in declared:
                continue
            if name not in declared:
                place = draft.spot("choices", language, name)
                if draft.is_own(place):
                    yield Finding(
                        place,
                        f'there is no choice "{name}"',
                        suggest(
                            name, declared, otherwise="name a choice slot, or type.field of operations.yaml"
                        ),
                    )
                continue
            for value in wordings:
                if value not in declared[name] and declared[name]:
                    yield Finding(
                        draft.spot("choices", language, name, value),
                        f'the choice "{name}" has no value "{value}"',
                        suggest(value, declared[name], otherwise="values: " + ", ".join(declared[name])),
                    )


@rule(
    "choices-sound-alike",
    why="Over the telephone the two are one: the caller would get the other one half of the time.",
    fails="""
# phrases.zh.yaml
choices: {method: {original: [原路退回, 圆路], balance: [余额, 原路]}}
""",
    passes="""
# phrases.zh.yaml
choices: {method: {original: [原路退回, 原路], balance: [余额, 零钱]}}
""",
)
def choices_sound_alike(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """No wording of one value sounds like a wording of another."""
    asked = {slot.name for slot in draft.dialplan.slots.values() if slot.type == "choice"} | {"yes_no"}
    for language, phrases in draft.dialplan.phrases.items():
        for name, wordings in phrases.choices.items():
            if name not in asked:
                continue
            pairs = [(value, saying) for value, sayings in wordings.items() for saying in sayings]
            for at, (value, saying) in enumerate(pairs):
                for other, like in pairs[:at]:
                    if other != value and pinyin.distance(saying, like) < SOUNDS_ALIKE:
                        yield Finding(
                            draft.spot("choices", language, name, value),
                            f'"{saying}" ({value}) and "{like}" ({other}) sound alike',
                            "word one of them differently",
                        )


# --- Keys -----------------------------------------------------------------------------------------


@rule(
    "key-conflict",
    why="The key the caller presses would do something else than the bot has just said.",
    fails="""
slots:
  method:
    type: choice
    choices: [original, balance]
    ask: [ask_method, ask_method_keys]
    keys: {choices: {"0": original, "2": balance}}
""",
    passes="""
slots:
  method:
    type: choice
    choices: [original, balance]
    ask: [ask_method, ask_method_keys]
    keys: {choices: {"1": original, "2": balance}}
""",
)
def key_conflict(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Keys have one meaning, and 0 always fetches an agent."""
    for slot in draft.dialplan.slots.values():
        if slot.keys is not None:
            for key, message, remedy in _conflicts(slot, slot.keys):
                yield Finding(draft.spot("slot", slot.name, "keys", key), message, remedy)
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Listen) and RESERVED_KEY in step.keys:
                yield Finding(
                    draft.spot("flow", flow.name, step.id, "keys", RESERVED_KEY),
                    f"the key {RESERVED_KEY} always fetches an agent",
                    "use another key",
                )


def _conflicts(slot: Slot, keys: Keys) -> Iterator[tuple[str, str, str]]:
    known = ("yes", "no") if slot.type == "yes_no" else slot.choices
    for key, value in keys.choices.items():
        if key == RESERVED_KEY:
            yield key, f"the key {RESERVED_KEY} always fetches an agent", "use another key"
        if keys.end_key and keys.end_key in key:
            yield (
                key,
                f'"{keys.end_key}" ends an entry and cannot be part of "{key}"',
                "use another key, or another end:",
            )
        longer = [other for other in keys.choices if other != key and other.startswith(key)]
        if longer:
            yield key, f'"{key}" is also the beginning of "{longer[0]}"', "use keys of the same length"
        if known and value not in known:
            yield key, f'the key {key} chooses "{value}", which does not exist', suggest(value, known)
        if len(key) > keys.max_keys:
            yield key, f'"{key}" is longer than max: {keys.max_keys}', f"write max: {len(key)}"


@rule(
    "choice-without-key",
    why="A caller whom we do not understand could never choose this one.",
    fails="""
slots:
  method:
    type: choice
    choices: [original, balance]
    ask: [ask_method, ask_method_keys]
    keys: {choices: {"1": original}}
""",
    passes="""
slots:
  method:
    type: choice
    choices: [original, balance]
    ask: [ask_method, ask_method_keys]
    keys: {choices: {"1": original, "2": balance}}
""",
)
def choice_without_key(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """When a choice has keys, each value has one."""
    for slot in draft.dialplan.slots.values():
        keyed = set(slot.keys.choices.values()) if slot.keys is not None else set()
        known = ("yes", "no") if slot.type == "yes_no" else slot.choices
        missing = [value for value in known if value not in keyed]
        if keyed and missing and keyed <= set(known):
            yield Finding(
                draft.spot("slot", slot.name, "keys"),
                f'slot "{slot.name}" has no key for: {", ".join(missing)}',
                "give every value a key",
            )


@rule(
    "key-not-said",
    why="Pressing a key is the last resort of a caller we do not understand, and nobody told them which.",
    fails="""
slots:
  method:
    type: choice
    choices: [original, balance]
    ask: [ask_method, ask_message]
    keys: {choices: {"1": original, "2": balance}}
# prompts.zh.yaml
ask_message: 您想退到哪里呢？
""",
    passes="""
slots:
  method:
    type: choice
    choices: [original, balance]
    ask: [ask_method, ask_method_keys]
    keys: {choices: {"1": original, "2": balance}}
""",
    warns=True,
)
def key_not_said(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Some try at a choice with keys names its keys."""
    figures = {str(n): (*words, str(n)) for n, words in enumerate(_FIGURES)}
    for slot in draft.dialplan.slots.values():
        if slot.keys is None or not slot.keys.choices or not slot.ask:
            continue
        for language, prompts in draft.dialplan.prompts.items():
            said = " ".join(_text(prompts[name]) for name in slot.ask if name in prompts)
            silent = [
                key
                for key in slot.keys.choices
                if not any(w in said.lower() for w in figures.get(key, (key,)))
            ]
            if said and silent:
                yield Finding(
                    draft.spot("slot", slot.name, "ask"),
                    f'no question for "{slot.name}" in {language} says what the key {silent[0]} does',
                    "name the keys in the last prompt of ask:",
                )


_FIGURES = (
    ("零", "zero"),
    ("一", "one"),
    ("二", "two"),
    ("三", "three"),
    ("四", "four"),
    ("五", "five"),
    ("六", "six"),
    ("七", "seven"),
    ("八", "eight"),
    ("九", "nine"),
)


def _text(prompt: Prompt) -> str:
    return " ".join(part for variant in prompt.variants for part in variant.parts if isinstance(part, str))
