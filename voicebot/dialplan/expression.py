"""Conditions and values in the script: parsed once when the dialplan is loaded, evaluated in the call.

The text looks like Python and is parsed by Python, but only the few forms below are let through,
and evaluation is our own, so that nothing can be reached but the values given. Data of business
systems is full of holes: a missing field or empty fact is none, none.anything is none, and a
comparison that makes no sense is false. So evaluation never raises.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from voicebot.dialplan.model import Expression, Place
from voicebot.dialplan.report import suggest
from voicebot.errors import DialplanError
from voicebot.events import Value

FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "count": ("list",),
    "first": ("list",),
    "days_until": ("date",),
    "days_since": ("date",),
    "where": ("list", "field", "value"),
}
"""Name -> arguments."""

CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "none": None}

MAX_CHARACTERS = 500
MAX_DEPTH = 25

_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)


class ExpressionError(DialplanError):
    """An expression that cannot be evaluated; found when the dialplan is loaded."""

    def __init__(self, place: Place, message: str, remedy: str = "") -> None:
        super().__init__(f"{place}: {message}", remedy=remedy)
        self.place = place
        self.message = message


# --- Parsing ---------------------------------------------------------------------------


def parse(text: str, place: Place) -> Expression:
    """Parse one expression.

    place: where its first character stands, so that an error can point into it.
    Raises ExpressionError.
    """
    if not text.strip():
        raise ExpressionError(place, "the expression is empty", "write a name or a condition")
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            place, "the expression is too long", "split it into several steps with `set` and `if`"
        )
    lead = len(text) - len(text.lstrip())
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        column = lead + max((error.offset or 1) - 1, 0) if (error.lineno or 1) == 1 else 0
        raise _syntax(text, _at(place, column)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(place, "the expression cannot be read", "write it with simple parts") from error
    names: set[str] = set()
    start = Place(place.file, place.line, place.column + lead)
    _check(tree, text.strip(), start, names, 0)
    return Expression(text=text.strip(), place=start, tree=tree, names=frozenset(names))


def place_of(expression: Expression, node: ast.AST) -> Place:
    """Where a part of the expression stands."""
    return _at(expression.place, _column(expression.text, node))


def path_of(node: ast.AST) -> tuple[str, ...] | None:
    """("order", "amount") for `order.amount`; None for anything that is not a dotted name."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id in CONSTANTS:
        return None
    return (node.id, *reversed(path))


def field_of(node: ast.AST) -> str:
    """The field named in `where(list, field, value)`, quoted or not; "" when it is neither."""
    if isinstance(node, ast.Name):
        return node.id
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _at(place: Place, offset: int) -> Place:
    return Place(place.file, place.line, place.column + offset)


def _column(text: str, node: ast.AST) -> int:
    """Python counts UTF-8 bytes; people count characters."""
    return len(text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore"))


_ADVICE: tuple[tuple[str, str, str], ...] = (
    (r"(?<![=!<>])=(?!=)", "a single = does not compare", "write =="),
    (r"&&|\|\|", "&& and || are not known", "write `and`, `or`"),
    (r"!(?!=)", "! is not known", "write `not`"),
    (r"[“”‘’]", "curly quotes do not mark text", 'use straight quotes: "..."'),
    (r"[（），。：＝＞＜！]", "full-width punctuation", "use ( ) , = > < of the Latin keyboard"),
    (r"\{|\}", "an expression has no braces", "write the bare name: order.amount"),
)


def _syntax(text: str, place: Place) -> ExpressionError:
    for pattern, what, remedy in _ADVICE:
        if re.search(pattern, re.sub(r'"[^"]*"|\'[^\']*\'', "", text)):
            return ExpressionError(place, f"cannot read {text!r}: {what}", remedy)
    return ExpressionError(
        place,
        f"cannot read {text!r}",
        'write it like: order.refundable and order.status == "paid"',
    )


def _check(node: ast.AST, text: str, place: Place, names: set[str], depth: int) -> None:
    """Let through what FORMS allow, collect the names read."""

    def refuse(message: str, remedy: str = "", where: ast.AST = node) -> ExpressionError:
        return ExpressionError(_at(place, _column(text, where)), message, remedy)

    if depth > MAX_DEPTH:
        raise refuse("the expression is nested too deeply", "split it with `set`")
    children: list[ast.expr] = []
    match node:
        case ast.BoolOp():
            children = node.values
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            children = [node.operand]
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            children = [node.left, node.right]
        case ast.Compare():
            for op in node.ops:
                if isinstance(op, ast.Is | ast.IsNot):
                    raise refuse("`is` is not known", "write == or !=")
                if not isinstance(op, _COMPARISONS):  # pragma: no cover - Python has no others
                    raise refuse("this comparison is not known")
            children = [node.left, *node.comparators]
        case ast.List() | ast.Tuple():
            children = node.elts
        case ast.Constant():
            if not isinstance(node.value, str | int | float | bool | None):
                raise refuse("this constant is not known", "write text, a number, true, false or none")
        case ast.Name():
            if node.id not in CONSTANTS:
                names.add(node.id)
        case ast.Attribute():
            if node.attr.startswith("_"):
                raise refuse(f'a field name cannot begin with "_": {node.attr}')
            children = [node.value]
        case ast.Call(func=ast.Name(id=function), keywords=[]) if function in FUNCTIONS:
            wanted = FUNCTIONS[function]
            if len(node.args) != len(wanted):
                raise refuse(f"{function} takes {len(wanted)}: {function}({', '.join(wanted)})")
            children = list(node.args)
            if function == "where":
                if not field_of(node.args[1]):
                    raise refuse("where needs the name of a field", 'write where(orders, status, "paid")')
                children.pop(1)
        case ast.Call():
            called = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
            raise refuse(f'there is no function "{called}"', suggest(called, FUNCTIONS))
        case ast.Set() | ast.Dict():
            raise refuse("an expression has no braces", "write the bare name: order.amount")
        case _:
            raise refuse(
                f"this form is not known: {ast.unparse(node)}",
                "known: and or not == != < <= > >= in + - dotted names, text, numbers, lists, functions",
            )
    for child in children:
        _check(child, text, place, names, depth + 1)


# --- Evaluation ------------------------------------------------------------------------


def evaluate(expression: Expression, values: Mapping[str, Value]) -> Value:
    """Value of the expression in a call. Never raises.

    values: every name the script may read; `call.today` is the day that days_until counts from.

    >>> here = Place("flow.yaml", 1, 1)
    >>> evaluate(parse("order.amount > 10000", here), {"order": {"amount": 29900}})
    True
    >>> evaluate(parse("order.amount > 10000", here), {})
    False
    """
    return _value(expression.tree, values)


def is_true(expression: Expression, values: Mapping[str, Value]) -> bool:
    """Does the condition hold in this call?"""
    return bool(evaluate(expression, values))


def _value(node: ast.AST, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.BoolOp():
            stops_on = isinstance(node.op, ast.Or)
            result: Value = None
            for part in node.values:
                result = _value(part, values)
                if bool(result) is stops_on:
                    break
            return result
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, values)
        case ast.UnaryOp():
            return _minus(0, _value(node.operand, values))
        case ast.BinOp(op=ast.Add()):
            return _plus(_value(node.left, values), _value(node.right, values))
        case ast.BinOp():
            return _minus(_value(node.left, values), _value(node.right, values))
        case ast.Compare():
            left = _value(node.left, values)
            for op, right_node in zip(node.ops, node.comparators, strict=True):
                right = _value(right_node, values)
                if not _holds(op, left, right):
                    return False
                left = right
            return True
        case ast.List() | ast.Tuple():
            return [_value(item, values) for item in node.elts]
        case ast.Constant():
            return node.value
        case ast.Name():
            return CONSTANTS[node.id] if node.id in CONSTANTS else values.get(node.id)
        case ast.Attribute():
            owner = _value(node.value, values)
            return owner.get(node.attr) if isinstance(owner, Mapping) else None
        case ast.Call(func=ast.Name(id=function)):
            return _call(function, node.args, values)
    return None  # pragma: no cover - _check lets nothing else through


def _call(function: str, arguments: list[ast.expr], values: Mapping[str, Value]) -> Value:
    given = _value(arguments[0], values)
    if function == "count":
        return len(_items(given))
    if function == "first":
        return next(iter(_items(given)), None)
    if function == "where":
        field, wanted = field_of(arguments[1]), _value(arguments[2], values)
        return [
            item for item in _items(given) if isinstance(item, Mapping) and _same(item.get(field), wanted)
        ]
    today, day = _today(values), _day(given)
    if today is None or day is None:
        return None
    return (day - today).days if function == "days_until" else (today - day).days


def _items(value: Value) -> list[Value]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _today(values: Mapping[str, Value]) -> date | None:
    call = values.get("call")
    if not isinstance(call, Mapping):
        return None
    return _day(call.get("today")) or _day(call.get("started_at"))


def _day(value: Value) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plus(left: Value, right: Value) -> Value:
    if _is_number(left) and _is_number(right):
        return left + right
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    if isinstance(right, date):
        left, right = right, left
    return _shifted(left, right, 1)


def _minus(left: Value, right: Value) -> Value:
    if _is_number(left) and _is_number(right):
        return left - right
    first, second = _day(left), _day(right)
    if first is not None and second is not None:
        return (first - second).days
    return _shifted(left, right, -1)


def _shifted(day: Value, days: Value, sign: int) -> Value:
    """A date some days later, or earlier."""
    if not isinstance(day, date) or not _is_number(days):
        return None
    try:
        return day + timedelta(days=sign * days)
    except (OverflowError, ValueError):
        return None


def _same(left: Value, right: Value) -> bool:
    left, right = _like(left, right)
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _like(left: Value, right: Value) -> tuple[Value, Value]:
    """A moment and a day are compared as days."""
    if isinstance(left, datetime) is not isinstance(right, datetime):
        first, second = _day(left), _day(right)
        if first is not None and second is not None:
            return first, second
    return left, right


def _contains(container: Value, item: Value) -> bool:
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    if isinstance(container, Mapping):
        return isinstance(item, str) and item in container
    if isinstance(container, list | tuple):
        return any(_same(inside, item) for inside in container)
    return False


def _ordered(left: Value, right: Value) -> tuple[Value, Value] | None:
    left, right = _like(left, right)
    same_kind = (
        (_is_number(left) and _is_number(right))
        or (isinstance(left, str) and isinstance(right, str))
        or (isinstance(left, date) and isinstance(right, date))
    )
    return (left, right) if same_kind else None


_HOLDS: Mapping[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Lt: lambda left, right: bool(left < right),
    ast.LtE: lambda left, right: bool(left <= right),
    ast.Gt: lambda left, right: bool(left > right),
    ast.GtE: lambda left, right: bool(left >= right),
}


def _holds(op: ast.cmpop, left: Value, right: Value) -> bool:
    match op:
        case ast.Eq():
            return _same(left, right)
        case ast.NotEq():
            return not _same(left, right)
        case ast.In():
            return _contains(right, left)
        case ast.NotIn():
            return not _contains(right, left)
    pair = _ordered(left, right)
    if pair is None:
        return False
    try:
        return _HOLDS[type(op)](*pair)
    except TypeError:  # a moment with a zone against one without
        return False
