"""Questions, and the ways callers answer them: by voice and by key."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialplan import typecheck
from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import MOODS, Ask, Confirm, Hole, Keys, Listen, Place, Prompt, Slot
from voicebot.dialplan.report import suggest
from voicebot.dialplan.rules.base import Finding, Surroundings, rule
from voicebot.dialplan.system import RESERVED_KEY
from voicebot.dialplan.types import ANY, IDENTITIES, NONE
from voicebot.language import pinyin

FEWEST_EXAMPLES = 3
SOUNDS_ALIKE = 0.12
"""weighted difference in sound below which the telephone makes two wordings one"""


@rule(
    "ask-too-short",
    why="Asked twice in the same words, a caller who did not understand the first time will not now.",
    fails="slots: {method: {type: choice, choices: [original, balance], ask: ask_method}}",
    passes="""
slots: {method: {type: choice, choices: [original, balance], ask: [ask_method, ask_method_keys]}}
""",
)
def ask_too_short(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A slot is asked in at least two ways."""
    for slot in draft.dialplan.slots.values():
        if len(slot.ask) < 2:
            yield Finding(
                draft.spot("slot", slot.name, "ask"),
                f'slot "{slot.name}" is asked in {len(slot.ask)} way{"" if len(slot.ask) == 1 else "s"}',
                "write ask: [first, second], the second simpler, or asking for keys",
            )


@rule(
    "same-question-twice",
    why="Hearing the very same question again tells the caller nothing new.",
    fails="""
slots: {method: {type: choice, choices: [original, balance], ask: [ask_method, ask_method]}}
""",
    passes="""
slots: {method: {type: choice, choices: [original, balance], ask: [ask_method, ask_method_keys]}}
""",
)
def same_question_twice(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Each try at a question is worded differently."""
    ladders = [
        (slot.ask, draft.spot("slot", slot.name, "ask"), slot.name) for slot in draft.dialplan.slots.values()
    ]
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Confirm | Listen):
                ladders.append((step.prompts, step.place, step.id))
    for ladder, place, name in ladders:
        seen: dict[str, str] = {}
        for prompt in ladder:
            said = _first_wording(draft, prompt)
            if prompt in seen.values() or (said and said in seen):
                yield Finding(
                    place, f'"{name}" is asked twice in the same words', f'word "{prompt}" differently'
                )
                break
            seen[said or prompt] = prompt


def _first_wording(draft: Draft, name: str) -> str:
    prompt = draft.dialplan.prompts[draft.dialplan.languages[0]].get(name)
    return str(prompt.variants[0].parts) if prompt is not None and prompt.variants else ""


@rule(
    "confirm-too-short",
    why="A caller who did not catch what would be booked hears the same long sentence again.",
    fails="flows: {refund: {steps: [confirm: confirm_refund]}}",
    passes="flows: {refund: {steps: [confirm: [confirm_refund, confirm_refund_again]]}}",
    warns=True,
)
def confirm_too_short(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A confirm is asked in at least two ways."""
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Confirm) and len(step.prompts) == 1:
                yield Finding(
                    step.place, f'step "{step.id}" is asked in one way', "write confirm: [first, second]"
                )


@rule(
    "slot-never-asked",
    why="Whatever is built on this slot will never happen.",
    fails="slots: {spare: {type: text, ask: [ask_order, ask_order_tail]}}",
    passes="""
slots: {spare: {type: text, ask: [ask_order, ask_order_tail]}}
flows: {refund: {steps: [ask: spare]}}
""",
    warns=True,
)
def slot_never_asked(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every slot of the line is asked by some step."""
    asked = {
        step.slot
        for flow in draft.dialplan.flows.values()
        for step in flow.steps.values()
        if isinstance(step, Ask)
    }
    for slot in draft.dialplan.slots.values():
        if slot.name not in asked and draft.is_own(slot.place):
            yield Finding(
                slot.place, f'no step asks slot "{slot.name}"', f"add - ask: {slot.name}, or delete it"
            )


# --- Choices and their wordings --------------------------------------------------------------


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
        for prompt in _prompts(draft, language):
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


def _prompts(draft: Draft, language: str) -> Iterator[Prompt]:
    yield from draft.dialplan.prompts.get(language, {}).values()
    for entry in draft.dialplan.knowledge.get(language, ()):
        yield entry.answer


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


# --- Keys ------------------------------------------------------------------------------------


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


# --- Records ---------------------------------------------------------------------------------


@rule(
    "record-without-offer",
    why="When two records fit, the caller could not be told which there are.",
    fails="""
slots: {order: {type: record, from: orders, ask: [ask_order, ask_order_tail]}}
""",
    passes="""
slots: {order: {type: record, from: orders, ask: [ask_order, ask_order_tail], offer: offer_orders}}
""",
    warns=True,
)
def record_without_offer(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A record slot has a prompt that reads out a short choice."""
    for slot in draft.dialplan.slots.values():
        if slot.type == "record" and not slot.offer:
            yield Finding(
                slot.place,
                f'slot "{slot.name}" has no offer',
                "write offer: a prompt with {option.title} or the like",
            )


@rule(
    "wrong-guess",
    why="The bot would propose something that is no answer to the question.",
    fails="""
slots:
  order:
    type: record
    from: orders
    ask: [ask_order, ask_order_tail]
    offer: offer_orders
    guess: =orders
    confirm_prompt: confirm_order
""",
    passes="""
slots:
  order:
    type: record
    from: orders
    ask: [ask_order, ask_order_tail]
    offer: offer_orders
    guess: =first(orders)
    confirm_prompt: confirm_order
""",
)
def wrong_guess(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A guess is a value of the slot's type, and there is a prompt to offer it."""
    for slot in draft.dialplan.slots.values():
        if slot.guess is None:
            continue
        found, wanted = typecheck.type_of(slot.guess, draft.scope)[0], draft.scope.names[slot.name]
        if found.name not in (ANY, NONE) and (found.is_list or found.name != wanted.name):
            yield Finding(
                slot.guess.place,
                f'the guess for "{slot.name}" is {found}, and the slot holds {wanted}',
                "write guess: =first(list), or the name of one value",
            )
        if not slot.confirm_prompt:
            yield Finding(
                draft.spot("slot", slot.name, "guess"),
                f'slot "{slot.name}" has a guess, but no prompt to offer it',
                "write confirm_prompt: a question that a yes answers",
            )


@rule(
    "wrong-record",
    why="No record could ever be chosen: the list holds something else.",
    fails="""
slots: {order: {type: record, from: customer, ask: [ask_order, ask_order_tail], offer: offer_orders}}
""",
    passes="""
slots: {order: {type: record, from: orders, ask: [ask_order, ask_order_tail], offer: offer_orders}}
""",
)
def wrong_record(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A record slot chooses from a list of records of its type."""
    for slot in draft.dialplan.slots.values():
        source = draft.scope.names.get(slot.source)
        if slot.type != "record" or source is None or source.name in (ANY, NONE):
            continue
        if not source.is_list or not source.is_record:
            yield Finding(
                draft.spot("slot", slot.name, "from"),
                f'slot "{slot.name}" chooses from "{slot.source}", which is {source}, not a list of records',
                "name a fact that an operation fills with a list, such as order[]",
            )
        elif slot.record != source.name:
            yield Finding(
                draft.spot("slot", slot.name, "record"),
                f'slot "{slot.name}" holds {slot.record}, but "{slot.source}" is {source}',
                f"write record: {source.name}, or leave it out",
            )


# --- What callers say ------------------------------------------------------------------------


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


# --- Secrets ---------------------------------------------------------------------------------


@rule(
    "secret-spoken",
    why="Whoever listens beside the caller would hear what was to be kept secret.",
    fails="""
# prompts.zh.yaml
cancelled: 您的账号是{account}，已经取消了。
""",
    passes="""
# prompts.zh.yaml
cancelled: 已经取消了。
""",
)
def secret_spoken(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """No prompt speaks a secret slot."""
    secret = {slot.name for slot in draft.dialplan.slots.values() if slot.is_secret}
    for language in draft.dialplan.languages:
        for prompt in _prompts(draft, language):
            for variant in (*prompt.variants, *prompt.again):
                for part in variant.parts:
                    if isinstance(part, Hole) and part.path[0] in secret:
                        yield Finding(
                            variant.place or prompt.place,
                            f'prompt "{prompt.name}" speaks the secret slot "{part.path[0]}"',
                            "leave the hole out, or speak only a tail that an operation answers",
                        )
