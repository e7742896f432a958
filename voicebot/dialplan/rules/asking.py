"""Questions: how they are put, what they choose from, and what must not be said aloud."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialplan import typecheck
from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import Ask, Confirm, Hole, Listen
from voicebot.dialplan.rules.base import Finding, Surroundings, all_prompts, meant, rule
from voicebot.dialplan.types import ANY, NONE


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
    misspelt = meant(draft, "slot", draft.dialplan.slots)
    for slot in draft.dialplan.slots.values():
        if slot.name not in asked and draft.is_own(slot.place) and slot.name not in misspelt:
            yield Finding(
                slot.place, f'no step asks slot "{slot.name}"', f"add - ask: {slot.name}, or delete it"
            )


# --- Records --------------------------------------------------------------------------------------


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
        if not {found.name, wanted.name} & {ANY, NONE} and (found.is_list or found.name != wanted.name):
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


# --- Secrets --------------------------------------------------------------------------------------


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
        for prompt in all_prompts(draft, language):
            for variant in (*prompt.variants, *prompt.again):
                for part in variant.parts:
                    if isinstance(part, Hole) and part.path[0] in secret:
                        yield Finding(
                            variant.place or prompt.place,
                            f'prompt "{prompt.name}" speaks the secret slot "{part.path[0]}"',
                            "leave the hole out, or speak only a tail that an operation answers",
                        )
