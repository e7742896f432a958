"""What is asked of business systems, and what is done with their answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from voicebot.dialplan import typecheck
from voicebot.dialplan.graph import fills, reachable, reached, successors
from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import (
    Ask,
    Choose,
    Confirm,
    Do,
    Expression,
    FieldType,
    Flow,
    Hole,
    If,
    Prompt,
    Run,
    Say,
    Set,
    Step,
)
from voicebot.dialplan.read_business import ALWAYS_POSSIBLE
from voicebot.dialplan.report import suggest
from voicebot.dialplan.rules.base import Finding, Surroundings, rule
from voicebot.dialplan.types import ANY, NONE, Type, of_field


def expressions(draft: Draft) -> Iterator[Expression]:
    """Every expression of the script."""
    for slot in draft.dialplan.slots.values():
        if slot.guess is not None:
            yield slot.guess
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            match step:
                case If():
                    yield step.condition
                case Choose():
                    yield step.value
                case Set():
                    yield from step.values.values()
                case Do():
                    yield from step.arguments.values()


def _flaws(draft: Draft, rule_name: str) -> Iterator[Finding]:
    for expression in expressions(draft):
        for flaw in typecheck.type_of(expression, draft.scope)[1]:
            if flaw.rule == rule_name:
                yield Finding(flaw.place, flaw.message, flaw.remedy)


@rule(
    "unknown-name",
    why="The condition would always come out the same, and every caller would be told the same thing.",
    fails="flows: {extra: {steps: [{if: ordr.refundable, then: [say: acknowledge]}]}}",
    passes="flows: {extra: {steps: [{if: order.refundable, then: [say: acknowledge]}]}}",
)
def unknown_name(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every name in an expression is a slot, or a fact that some step fills."""
    yield from _flaws(draft, typecheck.UNKNOWN_NAME)


@rule(
    "unknown-field",
    why="The business system never sends such a field: it would always be empty.",
    fails="flows: {extra: {steps: [{if: order.colour == none, then: [say: acknowledge]}]}}",
    passes="flows: {extra: {steps: [{if: order.color == none, then: [say: acknowledge]}]}}",
)
def unknown_field(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every field in an expression is declared in operations.yaml."""
    yield from _flaws(draft, typecheck.UNKNOWN_FIELD)


@rule(
    "impossible-comparison",
    why="A comparison that is never true fails silently, and the caller hears the wrong branch.",
    fails="""
flows: {extra: {steps: [{if: 'order.status == "payed"', then: [say: acknowledge]}]}}
""",
    passes="""
flows: {extra: {steps: [{if: 'order.status == "paid"', then: [say: acknowledge]}]}}
""",
)
def impossible_comparison(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Both sides of a comparison can be equal."""
    yield from _flaws(draft, typecheck.IMPOSSIBLE)


@rule(
    "impossible-sum",
    why="The result would be nothing, and the bot would say nothing.",
    fails="flows: {extra: {steps: [set: {total: =order.amount + order.title}]}}",
    passes="flows: {extra: {steps: [set: {total: =order.amount + 100}]}}",
)
def impossible_sum(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Only what can be added is added."""
    yield from _flaws(draft, typecheck.IMPOSSIBLE_SUM)


@rule(
    "always-true",
    why='"No" is an answer too: a caller who declines would be treated as one who agreed.',
    fails="flows: {extra: {steps: [ask: wants_message, {if: wants_message, then: [say: acknowledge]}]}}",
    passes="""
flows: {extra: {steps: [ask: wants_message, {if: 'wants_message == "yes"', then: [say: acknowledge]}]}}
""",
)
def always_true(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """A yes/no slot is compared, not used as a condition by itself."""
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            if not isinstance(step, If):
                continue
            for name in _conditions(step.condition.tree):
                slot = draft.dialplan.slots.get(name)
                if slot is not None and slot.type == "yes_no":
                    yield Finding(
                        step.condition.place,
                        f'"{name}" holds "yes" or "no", and both count as true',
                        f'write {name} == "yes"',
                    )


def _conditions(tree: ast.AST | None) -> Iterator[str]:
    """Names that stand alone as a condition."""
    match tree:
        case ast.Name(id=name):
            yield name
        case ast.UnaryOp(op=ast.Not()):
            yield from _conditions(tree.operand)
        case ast.BoolOp():
            for part in tree.values:
                yield from _conditions(part)


@rule(
    "wrong-case",
    why="The branch is written, and no caller ever gets there.",
    fails="flows: {extra: {steps: [{choose: order.status, cases: {payed: [say: acknowledge]}}]}}",
    passes="flows: {extra: {steps: [{choose: order.status, cases: {paid: [say: acknowledge]}}]}}",
)
def wrong_case(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every case of a choose is a value that can come."""
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            if not isinstance(step, Choose):
                continue
            found = typecheck.type_of(step.value, draft.scope)[0]
            known = ("true", "false") if found.name == "flag" else found.choices
            for case in step.cases:
                if known and case not in (*known, "none"):
                    yield Finding(
                        draft.spot("flow", flow.name, step.id, "cases", case),
                        f'{step.value.text} is never "{case}"',
                        suggest(case, known, otherwise="it can be: " + ", ".join(known)),
                    )


# --- Operations ----------------------------------------------------------------------------


def _dos(draft: Draft) -> Iterator[tuple[Flow, Do]]:
    for flow in draft.dialplan.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Do):
                yield flow, step


@rule(
    "wrong-arguments",
    why="The business system would refuse, and the caller would hear an apology for our mistake.",
    fails="flows: {extra: {steps: [{do: list_orders, with: {customer: =customer.id}, into: orders}]}}",
    passes="flows: {extra: {steps: [{do: list_orders, with: {customer_id: =customer.id}, into: orders}]}}",
)
def wrong_arguments(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """An operation is given what it declares: nothing missing, nothing else, of the right type."""
    for flow, step in _dos(draft):
        operation = draft.dialplan.operations.get(step.operation)
        if operation is None:
            continue
        unknown = [name for name in step.arguments if name not in operation.arguments]
        for name in unknown:
            yield Finding(
                draft.spot("flow", flow.name, step.id, "with", name),
                f'operation "{step.operation}" has no argument "{name}"',
                suggest(name, operation.arguments, otherwise="it takes none"),
            )
        missing = [
            name
            for name, declared in operation.arguments.items()
            if not declared.is_optional and name not in step.arguments
        ]
        if missing and not unknown:
            yield Finding(
                step.place,
                f'operation "{step.operation}" is not given {", ".join(missing)}',
                f"write with: {{{missing[0]}: =...}}",
            )
        for name, value in step.arguments.items():
            declared = operation.arguments.get(name)
            if declared is not None:
                yield from _argument(draft, step, name, declared, value)


_FAMILIES = (
    frozenset({"text", "digits", "phone", "choice"}),
    frozenset({"number", "money", "percent"}),
    frozenset({"date", "datetime"}),
)


def _argument(draft: Draft, step: Do, name: str, declared: FieldType, value: Expression) -> Iterator[Finding]:
    given = typecheck.type_of(value, draft.scope)[0]
    if given.name == NONE and not declared.is_optional:
        yield Finding(
            value.place, f'argument "{name}" must not be none', "give it a value, or leave the step out"
        )
    if given.name in (ANY, NONE):
        return
    wanted = draft.scope.known_type(of_field(declared, step.operation))
    if wanted.name != ANY and not _fits(given, wanted):
        yield Finding(
            value.place,
            f'argument "{name}" of "{step.operation}" must be {wanted}, and {value.text} is {given}',
            f"give it a value of type {wanted}",
        )
        return
    if not wanted.choices:
        return
    literal = value.tree.value if isinstance(value.tree, ast.Constant) else None
    offered = (literal,) if isinstance(literal, str) else given.choices
    for choice in offered:
        if choice not in wanted.choices:
            yield Finding(
                value.place,
                f'argument "{name}" of "{step.operation}" cannot be "{choice}"',
                suggest(choice, wanted.choices, otherwise="it can be: " + ", ".join(wanted.choices)),
            )


def _fits(given: Type, wanted: Type) -> bool:
    if given.is_list != wanted.is_list:
        return False
    return given.name == wanted.name or any(
        given.name in family and wanted.name in family for family in _FAMILIES
    )


@rule(
    "undeclared-error",
    why="The branch waits for a refusal that never comes by that name.",
    fails="""
flows:
  extra:
    steps:
      - do: book_refund
        with: {order_id: =order.id, method: =method}
        errors: {already_refundet: [say: already_refunded]}
""",
    passes="""
flows:
  extra:
    steps:
      - do: book_refund
        with: {order_id: =order.id, method: =method}
        errors: {already_refunded: [say: already_refunded]}
""",
)
def undeclared_error(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every refusal that is branched on is declared, or always possible."""
    for flow, step in _dos(draft):
        operation = draft.dialplan.operations.get(step.operation)
        if operation is None:
            continue
        known = (*operation.errors, *ALWAYS_POSSIBLE, "any")
        for code in step.errors:
            if code not in known:
                yield Finding(
                    draft.spot("flow", flow.name, step.id, "errors", code),
                    f'operation "{step.operation}" never refuses with "{code}"',
                    suggest(code, known),
                )


@rule(
    "unhandled-error",
    why="A refusal with a good reason would reach the caller as a problem with our system.",
    fails="flows: {extra: {steps: [{do: book_refund, with: {order_id: =order.id, method: =method}}]}}",
    passes="""
flows:
  extra:
    steps:
      - do: book_refund
        with: {order_id: =order.id, method: =method}
        errors: {already_refunded: [say: already_refunded]}
""",
    warns=True,
)
def unhandled_error(draft: Draft, _around: Surroundings) -> Iterator[Finding]:
    """Every declared refusal is answered, by name or by `any`."""
    for _, step in _dos(draft):
        operation = draft.dialplan.operations.get(step.operation)
        codes = operation.errors if operation is not None and "any" not in step.errors else ()
        missing = [code for code in codes if code not in step.errors]
        if missing:
            yield Finding(
                step.place,
                f'nothing follows when "{step.operation}" refuses with: {", ".join(missing)}',
                f"write errors: {{{missing[0]}: [steps]}}",
            )


@rule(
    "write-without-confirm",
    why="Something would be booked that the caller never said yes to.",
    fails="""
flows:
  extra:
    steps:
      - do: book_refund
        with: {order_id: =order.id, method: original}
        errors: {any: [say: trouble]}
""",
    passes="""
flows:
  extra:
    steps:
      - confirm: [confirm_refund, confirm_refund_again]
        no: [return]
      - do: book_refund
        with: {order_id: =order.id, method: original}
        errors: {any: [say: trouble]}
""",
    warns=True,
)
def write_without_confirm(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """Every way to a write passes a question that the caller answers with yes."""
    for flow, step in _dos(draft):
        operation = draft.dialplan.operations.get(step.operation)
        if operation is None or not operation.is_write:
            continue
        asked = {other.id for other in flow.steps.values() if _is_yes_no(draft, other)}
        if step.id in reachable(flow, without=asked):
            yield Finding(
                step.place,
                f'"{step.operation}" changes something, and can be reached without a confirm',
                "put a confirm before it, or write # allow: write-without-confirm and why",
            )


def _is_yes_no(draft: Draft, step: Step) -> bool:
    if isinstance(step, Confirm):
        return True
    slot = draft.dialplan.slots.get(step.slot) if isinstance(step, Ask) else None
    return slot is not None and slot.type == "yes_no"


# --- Values that are not there yet -----------------------------------------------------------


@rule(
    "used-before-filled",
    why="The sentence has a hole where a value should be, and cannot be said.",
    fails="""
flows: {extra: {steps: [say: told, set: {total: =order.amount}]}}
# prompts.zh.yaml
told: 一共{total}。
# prompts.en.yaml
told: "{total} in all."
""",
    passes="""
flows: {extra: {steps: [set: {total: =order.amount}, say: told]}}
# prompts.zh.yaml
told: 一共{total}。
# prompts.en.yaml
told: "{total} in all."
""",
    warns=True,
)
def used_before_filled(draft: Draft, _: Surroundings) -> Iterator[Finding]:
    """What a prompt or operation needs has been filled on the way there."""
    dialplan = draft.dialplan
    fillers: dict[str, set[str]] = {}
    for flow in dialplan.flows.values():
        for step in flow.steps.values():
            for name in fills(step):
                fillers.setdefault(name, set()).add(flow.name)
    for flow in dialplan.flows.values():
        runs = {step.flow for step in flow.steps.values() if isinstance(step, Run)} | set(flow.needs)
        for step in flow.steps.values():
            if step.id not in reachable(flow):
                continue
            for name in sorted(_needed(draft, step)):
                by = fillers.get(name, set())
                # What another task fills may well be there; only our own order can be judged.
                if not by or by - {flow.name} or by & runs or _can_be_filled(flow, step, name):
                    continue
                yield Finding(
                    step.place,
                    f'step "{step.id}" uses "{name}" before any step has filled it',
                    f'move it behind the step that fills "{name}"',
                )


def _can_be_filled(flow: Flow, step: Step, name: str) -> bool:
    """Does some way from the start to this step pass one that fills the name?"""
    return any(
        step.id in reached(flow, successors(other)) for other in flow.steps.values() if name in fills(other)
    )


def _needed(draft: Draft, step: Step) -> set[str]:
    """Slots and facts without which the step cannot do its work."""
    if isinstance(step, Do):
        return {
            name for value in step.arguments.values() for name in value.names if name in draft.scope.names
        }
    names: tuple[str, ...] = ()
    if isinstance(step, Say):
        names = (step.prompt,)
    elif isinstance(step, Confirm):
        names = step.prompts
    found: set[str] = set()
    for name in names:
        for prompts in draft.dialplan.prompts.values():
            if name in prompts:
                found |= _always_read(prompts[name])
    return {name for name in found if name in draft.scope.names}


def _always_read(prompt: Prompt) -> set[str]:
    """Names that every wording of a prompt needs."""
    each = [{part.path[0] for part in variant.parts if isinstance(part, Hole)} for variant in prompt.variants]
    return set.intersection(*each) if each else set()
