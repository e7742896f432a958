"""Holding an expression against the names and types it uses, when the dialplan is loaded.

A comparison that can never be true is the quiet kind of mistake: nothing fails, and the caller
is told the wrong thing. So `order.status == "payed"` and `order.tail == 1234` are refused here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from voicebot.dialplan import expression as expressions
from voicebot.dialplan.model import Expression, Place
from voicebot.dialplan.report import suggest
from voicebot.dialplan.types import ANY, FLAG, NONE, NUMBER, TEXT, UNKNOWN, NameProblem, Scope, Type, joined

_NUMBERS = frozenset({"number", "money", "percent"})
_TEXTS = frozenset({"text", "digits", "phone", "choice"})
_DATES = frozenset({"date", "datetime"})
_FAMILIES = (_NUMBERS, _TEXTS, _DATES)
_ORDERED = _NUMBERS | _DATES | {"time"}

UNKNOWN_NAME = "unknown-name"
UNKNOWN_FIELD = "unknown-field"
IMPOSSIBLE = "impossible-comparison"
IMPOSSIBLE_SUM = "impossible-sum"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One mistake in an expression."""

    place: Place
    message: str
    remedy: str
    rule: str


@dataclass(slots=True)
class _Typing:
    expression: Expression
    scope: Scope
    flaws: list[Flaw] = field(default_factory=list)

    def flaw(self, node: ast.AST, message: str, remedy: str, rule: str, offset: int = 0) -> None:
        place = expressions.place_of(self.expression, node)
        self.flaws.append(Flaw(Place(place.file, place.line, place.column + offset), message, remedy, rule))


def type_of(expression: Expression, scope: Scope) -> tuple[Type, list[Flaw]]:
    """Type of an expression's value, and everything wrong in it."""
    if expression.tree is None:
        return UNKNOWN, []
    typing = _Typing(expression, scope)
    return _type(expression.tree, typing), typing.flaws


def _type(node: ast.AST, typing: _Typing) -> Type:
    path = expressions.path_of(node)
    if path is not None:
        return _named(node, path, typing)
    match node:
        case ast.Name(id=name):
            return Type(NONE, is_optional=True) if name == "none" else FLAG
        case ast.Attribute():
            owner = _type(node.value, typing)
            try:
                return typing.scope.field(owner, node.attr, ast.unparse(node.value))
            except NameProblem as problem:
                typing.flaw(node, problem.message, problem.remedy, UNKNOWN_FIELD)
                return UNKNOWN
        case ast.Constant():
            return _constant(node.value)
        case ast.List() | ast.Tuple():
            return _list(node.elts, typing)
        case ast.BoolOp():
            return _either([_type(part, typing) for part in node.values])
        case ast.UnaryOp(op=ast.Not()):
            _type(node.operand, typing)
            return FLAG
        case ast.UnaryOp():
            return _type(node.operand, typing)
        case ast.BinOp():
            return _sum(node, _type(node.left, typing), _type(node.right, typing), typing)
        case ast.Compare():
            _compare(node, typing)
            return FLAG
        case ast.Call(func=ast.Name(id=function)):
            return _call(node, function, typing)
    return UNKNOWN  # pragma: no cover - parse lets nothing else through


def _named(node: ast.AST, path: tuple[str, ...], typing: _Typing) -> Type:
    try:
        return typing.scope.type_of(path)
    except NameProblem as problem:
        offset = sum(len(part) + 1 for part in path[: problem.index])
        rule = UNKNOWN_FIELD if problem.index else UNKNOWN_NAME
        typing.flaw(node, problem.message, problem.remedy, rule, offset)
        return UNKNOWN


def _constant(value: object) -> Type:
    if value is None:
        return Type(NONE, is_optional=True)
    if isinstance(value, bool):
        return FLAG
    return TEXT if isinstance(value, str) else NUMBER


def _list(items: list[ast.expr], typing: _Typing) -> Type:
    types = [_type(item, typing) for item in items]
    inside = UNKNOWN
    for at, found in enumerate(types):
        inside = found if at == 0 else joined(inside, found)
    return Type(inside.name, is_list=True, choices=inside.choices, wording=inside.wording)


def _either(types: list[Type]) -> Type:
    """`a or b`, `a and b`: one of the two."""
    found = types[0]
    for other in types[1:]:
        found = joined(found, other)
    return found


def _sum(node: ast.BinOp, left: Type, right: Type, typing: _Typing) -> Type:
    names = {left.name, right.name}
    if ANY in names or NONE in names:
        return UNKNOWN
    if not left.is_list and not right.is_list:
        if names <= _NUMBERS:
            return left if right.name == "number" else right
        minus = isinstance(node.op, ast.Sub)
        if left.name in _DATES and right.name in _DATES and minus:
            return NUMBER
        if left.name in _DATES and right.name == "number":
            return left
        if right.name in _DATES and left.name == "number" and not minus:
            return right
        if names <= _TEXTS and not minus:
            return TEXT
    elif left.is_list and right.is_list and isinstance(node.op, ast.Add):
        return joined(left, right)
    sign = "+" if isinstance(node.op, ast.Add) else "-"
    typing.flaw(node, f"{left} {sign} {right} has no value", "add only what can be added", IMPOSSIBLE_SUM)
    return UNKNOWN


def _call(node: ast.Call, function: str, typing: _Typing) -> Type:
    given = _type(node.args[0], typing)
    called = ast.unparse(node.args[0])
    if function in ("days_until", "days_since"):
        if given.name not in _DATES | {ANY, NONE} or given.is_list:
            typing.flaw(node, f"{function} needs a date, and {called} is {given}", "name a date", IMPOSSIBLE)
        return replace(NUMBER, is_optional=given.is_optional)
    if not given.is_list and given.name not in (ANY, NONE):
        typing.flaw(node, f"{function} needs a list, and {called} is {given}", "name a list", IMPOSSIBLE)
    if function == "count":
        return NUMBER
    if function == "first":
        return replace(given, is_list=False, is_optional=True)
    element = replace(given, is_list=False)
    try:
        declared = typing.scope.field(element, expressions.field_of(node.args[1]), f"an entry of {called}")
    except NameProblem as problem:
        typing.flaw(node.args[1], problem.message, problem.remedy, UNKNOWN_FIELD)
    else:
        _pair(node.args[2], declared, node.args[2], _type(node.args[2], typing), ast.Eq(), typing)
    return replace(given, is_list=True)


# --- Comparisons -----------------------------------------------------------------------


def _compare(node: ast.Compare, typing: _Typing) -> None:
    sides = [node.left, *node.comparators]
    types = [_side(side, sides, typing) for side in sides]
    for at, op in enumerate(node.ops):
        left, right = types[at], types[at + 1]
        if isinstance(op, ast.In | ast.NotIn):
            _contained(sides[at], left, sides[at + 1], right, typing)
        else:
            _pair(sides[at], left, sides[at + 1], right, op, typing)


def _side(side: ast.expr, sides: list[ast.expr], typing: _Typing) -> Type:
    """Type of one side; a bare word that is a choice of the other side lacks its quotes."""
    if isinstance(side, ast.Name) and side.id not in (*typing.scope.known(), *expressions.CONSTANTS):
        for other in sides:
            path = expressions.path_of(other) if other is not side else None
            if path is None:
                continue
            try:
                choices = typing.scope.type_of(path).choices
            except NameProblem:
                continue
            if side.id in choices:
                typing.flaw(
                    side, f'nothing fills "{side.id}"', f'write it in quotes: "{side.id}"', UNKNOWN_NAME
                )
                return UNKNOWN
    return _type(side, typing)


def _contained(left_node: ast.expr, left: Type, right_node: ast.expr, right: Type, typing: _Typing) -> None:
    if isinstance(right_node, ast.List | ast.Tuple):
        for item in right_node.elts:
            _pair(left_node, left, item, _constant_or_unknown(item, right), ast.Eq(), typing)
        return
    if right.name in (ANY, NONE) or right.is_list:
        return
    if right.name in _TEXTS and left.name in _TEXTS | {ANY, NONE}:
        return
    typing.flaw(
        right_node,
        f"nothing can be in {ast.unparse(right_node)}, which is {right}",
        "name a list",
        IMPOSSIBLE,
    )


def _constant_or_unknown(node: ast.expr, listed: Type) -> Type:
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    return replace(listed, is_list=False)


def _pair(
    left_node: ast.expr, left: Type, right_node: ast.expr, right: Type, op: ast.cmpop, typing: _Typing
) -> None:
    """One comparison: can it ever be true?"""
    if {left.name, right.name} & {ANY, NONE}:
        return
    is_ordering = isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
    for node, found in ((left_node, left), (right_node, right)):
        if is_ordering and (found.name not in _ORDERED or found.is_list):
            typing.flaw(
                node,
                f"{ast.unparse(node)} is {found} and has no order",
                "compare it with == or !=",
                IMPOSSIBLE,
            )
            return
    if left.is_list or right.is_list:
        if left.is_list is not right.is_list:
            typing.flaw(
                left_node, "a list is never equal to one value", "use `in`, or count(list)", IMPOSSIBLE
            )
        return
    if _choice(left, right_node, right, typing) or _choice(right, left_node, left, typing):
        return
    if not _alike(left.name, right.name):
        typing.flaw(left_node, *_why_never(left_node, left, right_node, right), IMPOSSIBLE)


def _alike(left: str, right: str) -> bool:
    return left == right or any(left in family and right in family for family in _FAMILIES)


def _choice(choice: Type, other_node: ast.expr, other: Type, typing: _Typing) -> bool:
    """A choice against a text that is none of its values; True when that was wrong."""
    if choice.name != "choice" or not choice.choices:
        return False
    if isinstance(other_node, ast.Constant) and isinstance(other_node.value, str):
        if other_node.value in choice.choices:
            return False
        typing.flaw(
            other_node,
            f'it is never "{other_node.value}"',
            suggest(other_node.value, choice.choices, otherwise="it can be: " + ", ".join(choice.choices)),
            IMPOSSIBLE,
        )
        return True
    if other.name == "choice" and other.choices and not set(other.choices) & set(choice.choices):
        typing.flaw(
            other_node, "the two have no choice in common", "compare it with text in quotes", IMPOSSIBLE
        )
        return True
    return False


def _why_never(left_node: ast.expr, left: Type, right_node: ast.expr, right: Type) -> tuple[str, str]:
    for choice, other in ((left, right), (right, left)):
        if choice.choices == ("yes", "no") and other.name == "flag":
            return "a yes/no answer is never true or false", 'compare it with "yes" or "no"'
    for node, found, other in ((left_node, left, right), (right_node, right, left)):
        if found.name == "number" and other.name in _TEXTS and isinstance(node, ast.Constant):
            return f"{other} is text and never equal to a number", f'write it in quotes: "{node.value!s}"'
    return f"{left} is never equal to {right}", "compare values of the same type"
