"""Fill the demo back office from a YAML file: all mistakes at once, all or nothing, again and again.

The format is in the README, "Business data". Loading the same file twice changes nothing;
loading a changed one updates by id.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from voicebot.backoffice.dates import resolve
from voicebot.errors import ConfigError
from voicebot.phones import to_e164
from voicebot.store.database import Database
from voicebot.store.models import (
    Base,
    Customer,
    Order,
    OrderItem,
    Payment,
    Phone,
    Refund,
    Shipment,
    ShipmentEvent,
)

ORDER_STATES = ("paid", "packed", "shipped", "delivered", "refunding", "refunded", "cancelled")
SHIPMENT_STATES = ("waiting", "in_transit", "out_for_delivery", "delivered", "stuck", "lost", "returned")
REFUND_STATES = ("processing", "sent", "arrived", "failed")
METHODS = ("original", "balance")
PAYMENT_METHODS = ("card", "balance")

Shape = Mapping[str, tuple[str, bool]]
"""key -> (kind, required); a kind is one of `_parser`, "phones", a shape, or "list:" and a shape"""

SHAPES: dict[str, Shape] = {
    "file": {"customers": ("list:customer", True)},
    "customer": {
        "id": ("text", True),
        "title": ("text", True),
        "account": ("digits", True),
        "phones": ("phones", True),
        "language": ("choice:zh|en", False),
        "accepts_messages": ("flag", False),
        "orders": ("list:order", False),
    },
    "order": {
        "id": ("text", True),
        "number": ("digits", True),
        "merchant": ("text", True),
        "amount": ("money", True),
        "placed_at": ("moment", True),
        "status": (f"choice:{'|'.join(ORDER_STATES)}", True),
        "ships_on": ("day", False),
        "arrives_on": ("day", False),
        "items": ("list:item", True),
        "paid_by": (f"choice:{'|'.join(PAYMENT_METHODS)}", False),
        "shipment": ("shipment", False),
        "refund": ("refund", False),
    },
    "item": {
        "title": ("text", True),
        "item": ("text", True),
        "color": ("text", False),
        "size": ("text", False),
        "quantity": ("count", False),
        "returnable": ("flag", False),
    },
    "shipment": {
        "carrier": ("text", True),
        "status": (f"choice:{'|'.join(SHIPMENT_STATES)}", True),
        "reason": ("text", False),
        "expected_on": ("day", False),
        "events": ("list:event", False),
    },
    "event": {"at": ("moment", True), "place": ("text", True), "text": ("text", True)},
    "refund": {
        "method": (f"choice:{'|'.join(METHODS)}", True),
        "status": (f"choice:{'|'.join(REFUND_STATES)}", True),
        "requested_at": ("moment", True),
        "expected_on": ("day", False),
    },
}


@dataclass(slots=True)
class _Reading:
    """One file being read: its name, its day, and what is wrong with it."""

    file: str
    now: datetime
    problems: list[str] = field(default_factory=list)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def wrong(self, node: yaml.Node, message: str, remedy: str = "") -> None:
        mark = node.start_mark
        place = f"{self.file}:{mark.line + 1}:{mark.column + 1}"
        self.problems.append(f"{place}: error: {message}" + (f"\n    {remedy}" if remedy else ""))


def load(database: Database, text: str, *, file: str, now: datetime) -> dict[str, int]:
    """Check and load one file in one transaction. Returns how many rows of each kind it holds.

    Raises ConfigError that lists every mistake; then nothing was changed.
    """
    content = read(text, file=file, now=now)
    rows = _rows(content)
    with database.session() as session:
        for customer in content["customers"]:
            for order in customer.get("orders", ()):
                session.query(OrderItem).filter(OrderItem.order_id == order["id"]).delete()
        for row in rows:
            session.merge(row)
            session.flush()
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.__tablename__] = counts.get(row.__tablename__, 0) + 1
    return counts


def read(text: str, *, file: str, now: datetime) -> dict[str, Any]:
    """Parse and check a file; values are ready for the tables. Raises ConfigError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise ConfigError(f"{place}: error: this is not YAML: {getattr(error, 'problem', error)}") from error
    reading = _Reading(file, now)
    if root is None:
        raise ConfigError(f"{file}:1:1: error: the file is empty", remedy="It needs `customers:`.")
    content = _mapping(reading, root, "file")
    if reading.problems:
        count = len(reading.problems)
        raise ConfigError(
            "\n".join(reading.problems) + f"\n{count} mistake{'s' if count > 1 else ''}; nothing was loaded.",
            code="E-DATA",
        )
    return content


def _mapping(reading: _Reading, node: yaml.Node, shape_name: str) -> dict[str, Any]:
    shape = SHAPES[shape_name]
    if not isinstance(node, yaml.MappingNode):
        reading.wrong(node, f"{shape_name} must be a mapping", f"Keys: {', '.join(shape)}.")
        return {}
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        if key in result:
            reading.wrong(key_node, f"{key!r} stands here twice", "Keep one of them.")
            continue
        if key not in shape:
            near = difflib.get_close_matches(key, shape, 1)
            remedy = f'Did you mean "{near[0]}"?' if near else f"Known keys: {', '.join(shape)}."
            reading.wrong(key_node, f"{shape_name} has no key {key!r}", remedy)
            continue
        result[key] = _value(reading, value_node, shape[key][0], key)
    for key, (_, is_required) in shape.items():
        if is_required and key not in result:
            reading.wrong(node, f"{shape_name} needs {key!r}", "Add it.")
    _only_once(reading, node, shape_name, result)
    return result


def _only_once(reading: _Reading, node: yaml.Node, shape_name: str, result: dict[str, Any]) -> None:
    marks = {"customer": ("id", "account"), "order": ("id", "number")}.get(shape_name, ())
    for key in marks:
        value = result.get(key)
        if isinstance(value, str):
            place = f"line {node.start_mark.line + 1}"
            first = reading.seen.setdefault((f"{shape_name} {key}", value), place)
            if first != place:
                reading.wrong(node, f"this {shape_name} has the same {key} as the one at {first}")


def _value(reading: _Reading, node: yaml.Node, kind: str, key: str) -> Any:
    if kind in SHAPES:
        return _mapping(reading, node, kind)
    if kind.startswith("list:"):
        if not isinstance(node, yaml.SequenceNode):
            reading.wrong(node, f"{key!r} must be a list", 'Start each entry with "- ".')
            return []
        return [_mapping(reading, entry, kind[5:]) for entry in node.value]
    if kind == "phones":
        return _phones(reading, node)
    if not isinstance(node, yaml.ScalarNode):
        reading.wrong(node, f"{key!r} must be one value")
        return None
    parser, remedy = _parser(reading, kind)
    value = parser(node.value)
    if value is None:
        # What was written may be somebody's number: the place is enough.
        reading.wrong(node, f"the value of {key!r} does not fit", remedy)
    return value


def _phones(reading: _Reading, node: yaml.Node) -> list[str]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        reading.wrong(node, "'phones' must be a list of numbers", 'Write ["+8613800000000"].')
        return []
    numbers = []
    for entry in node.value:
        number = to_e164(entry.value) if isinstance(entry, yaml.ScalarNode) else None
        if number is None:
            reading.wrong(
                entry, "this is no telephone number", 'Write it in full and in quotes: "+86138...".'
            )
            continue
        place = f"line {entry.start_mark.line + 1}, column {entry.start_mark.column + 1}"
        first = reading.seen.setdefault(("phone", number), place)
        if first != place:
            reading.wrong(entry, f"this number already belongs to the customer at {first}")
        numbers.append(number)
    return numbers


def _parser(reading: _Reading, kind: str) -> tuple[Callable[[str], Any], str]:
    if kind.startswith("choice:"):
        choices = kind[7:].split("|")
        return (lambda text: text if text in choices else None), f"One of: {', '.join(choices)}."
    moment = "Such as today-1d 14:05, last wednesday 10:00 or 2026-11-11 20:00."
    return {
        "text": (lambda text: text.strip() or None, "It must not be empty."),
        "digits": (lambda text: text if text.isdigit() else None, "Digits only, in quotes."),
        "money": (_cents, "Yuan with at most two decimals, such as 299 or 299.50."),
        "flag": (lambda text: {"true": True, "false": False}.get(text.lower()), "true or false."),
        "count": (
            lambda text: int(text) if text.isdigit() and int(text) > 0 else None,
            "A whole number above 0.",
        ),
        "moment": (lambda text: resolve(text, reading.now), moment),
        "day": (lambda text: found.date() if (found := resolve(text, reading.now)) else None, moment),
    }[kind]


def _cents(text: str) -> int | None:
    whole, _, part = text.partition(".")
    if not whole.isdigit() or len(part) > 2 or (part and not part.isdigit()):
        return None
    return int(whole) * 100 + int((part + "00")[:2])


def _rows(content: dict[str, Any]) -> list[Base]:
    rows: list[Base] = []
    for given in content["customers"]:
        rows.append(
            Customer(
                id=given["id"],
                title=given["title"],
                account=given["account"],
                language=given.get("language", "zh"),
                accepts_messages=given.get("accepts_messages", True),
            )
        )
        rows.extend(
            Phone(number=number, customer_id=given["id"], is_main=at == 0)
            for at, number in enumerate(given["phones"])
        )
        for order in given.get("orders", ()):
            rows.extend(_order_rows(given["id"], order))
    return rows


def _order_rows(customer_id: str, given: dict[str, Any]) -> list[Base]:
    order_id = given["id"]
    kept = ("number", "merchant", "amount", "placed_at", "status", "ships_on", "arrives_on")
    rows: list[Base] = [
        Order(id=order_id, customer_id=customer_id, **{name: given.get(name) for name in kept}),
        Payment(
            id=f"p-{order_id}",
            order_id=order_id,
            amount=given["amount"],
            method=given.get("paid_by", "card"),
            paid_at=given["placed_at"],
        ),
    ]
    for line, item in enumerate(given["items"], start=1):
        rows.append(
            OrderItem(
                order_id=order_id,
                line=line,
                title=item["title"],
                item=item["item"],
                color=item.get("color"),
                size=item.get("size"),
                quantity=item.get("quantity", 1),
                is_returnable=item.get("returnable", True),
            )
        )
    if shipment := given.get("shipment"):
        shipment_id = f"s-{order_id}"
        rows.append(
            Shipment(
                id=shipment_id,
                order_id=order_id,
                carrier=shipment["carrier"],
                status=shipment["status"],
                reason=shipment.get("reason"),
                expected_on=shipment.get("expected_on"),
            )
        )
        rows.extend(
            ShipmentEvent(shipment_id=shipment_id, at=event["at"], place=event["place"], text=event["text"])
            for event in shipment.get("events", ())
        )
    if refund := given.get("refund"):
        rows.append(
            Refund(
                id=f"r-{order_id}",
                order_id=order_id,
                customer_id=customer_id,
                amount=given["amount"],
                method=refund["method"],
                status=refund["status"],
                requested_at=refund["requested_at"],
                expected_on=refund.get("expected_on"),
            )
        )
    return rows
