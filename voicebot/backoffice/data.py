"""Fill the demo back office from a YAML file, and write it out again: all or nothing, any number of times.

The format is in the README, "Business data"; `datafile.py` reads it. Loading a file twice changes
nothing. The file is the truth about the customers and orders it names: their phones, items and
shipments are replaced. A refund that a caller has booked is kept, whatever the file says of its
order: money on its way is not taken back by a file. `fresh` empties the shop first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import yaml
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from voicebot.backoffice.datafile import Content, Problems, read
from voicebot.errors import ConfigError
from voicebot.store.database import Database
from voicebot.store.models import (
    Action,
    Base,
    Customer,
    Message,
    Order,
    OrderItem,
    Payment,
    Phone,
    Refund,
    Shipment,
    ShipmentEvent,
    Ticket,
)

SHOP: tuple[type[Base], ...] = (
    Customer,
    Phone,
    Order,
    OrderItem,
    Payment,
    Shipment,
    ShipmentEvent,
    Refund,
    Ticket,
    Message,
    Action,
)
"""tables of the shop, in an order in which they can be filled"""
AT_ONCE = 500
"""ids in one query"""


def load(database: Database, text: str, *, file: str, now: datetime, fresh: bool = False) -> dict[str, int]:
    """Check and load one file in one transaction. Returns how many rows of each table it holds.

    Raises ConfigError that lists every mistake; then nothing was changed.
    """
    content = read(text, file=file, now=now)
    rows = _rows(content)
    try:
        with database.session() as session:
            database.lock_for_writing(session, Action)
            if fresh:
                clear(session)
            else:
                _check_owners(session, content)
            _put(session, content, rows)
    except IntegrityError as error:
        raise ConfigError(
            f"{file}: two rows exchange something that must be unique; nothing was loaded.",
            code="E-DATA",
            remedy="Load it in two steps, or empty the shop first (--fresh).",
        ) from error
    except SQLAlchemyError as error:
        raise ConfigError(
            f"{file}: the database failed ({type(error).__name__}); nothing was loaded."
        ) from error
    return {table.__tablename__: len(rows[table]) for table in SHOP if rows.get(table)}


def clear(session: Session) -> None:
    """Empty the shop: customers, what they have, and the ledger. Calls and handoffs stay."""
    for table in reversed(SHOP):
        session.execute(delete(table))


# --- loading ------------------------------------------------------------------------------

Rows = dict[type[Base], list[Base]]


def _check_owners(session: Session, content: Content) -> None:
    """What must be unique must not belong to somebody in the store whom the file does not name."""
    customers = {customer["id"] for customer in content.customers}
    orders = {order["id"] for customer in content.customers for order in customer.get("orders", ())}
    claims = (
        ("customer account", Customer.account, Customer.id, customers, "customer"),
        ("phone", Phone.number, Phone.customer_id, customers, "customer"),
        ("order id", Order.id, Order.customer_id, customers, "customer"),
        ("order number", Order.number, Order.id, orders, "order"),
    )
    problems = Problems(content.file)
    for what, column, owner, named, whose in claims:
        values = [value for kind, value in content.places if kind == what]
        for some in _chunks(values):
            for value, who in session.execute(select(column, owner).where(column.in_(some))):
                if who not in named:
                    problems.add(
                        content.places[what, value],
                        f"this {what} belongs to another {whose} in the store, {who!r}",
                        f"Give it to one of them, or name {who!r} in the file too.",
                    )
    problems.stop_if_any()


def _put(session: Session, content: Content, rows: Rows) -> None:
    customers = [customer["id"] for customer in content.customers]
    orders = [order["id"] for customer in content.customers for order in customer.get("orders", ())]
    told = {row.order_id for row in rows.get(Refund, ()) if isinstance(row, Refund)}
    booked: dict[str, str] = {}
    for some in _chunks(customers):
        session.execute(delete(Phone).where(Phone.customer_id.in_(some)))
        session.scalars(select(Customer).where(Customer.id.in_(some))).all()
    for some in _chunks(orders):
        for part in (OrderItem, Payment, Shipment):
            session.execute(delete(part).where(part.order_id.in_(some)))
        session.execute(delete(Refund).where(Refund.order_id.in_([one for one in some if one in told])))
        known = select(Order).join(Refund, Refund.order_id == Order.id).where(Order.id.in_(some))
        booked.update((order.id, order.status) for order in session.scalars(known))
        session.scalars(select(Order).where(Order.id.in_(some))).all()
    for table in SHOP:
        for row in rows.get(table, ()):
            if isinstance(row, Order) and row.id in booked:
                row.status = booked[row.id]
            if isinstance(row, Customer | Order):
                session.merge(row)
            else:
                session.add(row)
        session.flush()
    for some in _chunks(list(booked)):  # a refund goes with its order when that changes hands
        for refund in session.scalars(select(Refund).where(Refund.order_id.in_(some))):
            refund.customer_id = session.get_one(Order, refund.order_id).customer_id


def _chunks(values: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _rows(content: Content) -> Rows:
    rows: Rows = {}

    def add(row: Base) -> None:
        rows.setdefault(type(row), []).append(row)

    for given in content.customers:
        kept = {name: given[name] for name in ("id", "title", "account")}
        language, accepts = given.get("language", "zh"), given.get("accepts_messages", True)
        add(Customer(**kept, language=language, accepts_messages=accepts))
        for at, number in enumerate(given["phones"]):
            add(Phone(number=number, customer_id=given["id"], is_main=at == 0))
        for order in given.get("orders", ()):
            for row in _order_rows(given["id"], order):
                add(row)
    return rows


def _order_rows(customer_id: str, given: dict[str, Any]) -> Iterator[Base]:
    order_id, amount = given["id"], given["amount"]
    about = _some(given, "number", "merchant", "amount", "placed_at", "status", "ships_on", "arrives_on")
    yield Order(id=order_id, customer_id=customer_id, **about)
    method, paid_at = given.get("paid_by", "card"), given["placed_at"]
    yield Payment(id=f"p-{order_id}", order_id=order_id, amount=amount, method=method, paid_at=paid_at)
    for line, item in enumerate(given["items"], start=1):
        looks = _some(item, "title", "item", "color", "size")
        quantity, is_returnable = item.get("quantity", 1), item.get("returnable", True)
        yield OrderItem(order_id=order_id, line=line, quantity=quantity, is_returnable=is_returnable, **looks)
    if shipment := given.get("shipment"):
        shipment_id = f"s-{order_id}"
        about = _some(shipment, "carrier", "status", "reason", "expected_on")
        yield Shipment(id=shipment_id, order_id=order_id, **about)
        for line, event in enumerate(shipment.get("events", ()), start=1):
            yield ShipmentEvent(shipment_id=shipment_id, line=line, **event)
    if refund := given.get("refund"):
        about = _some(refund, "method", "status", "requested_at", "expected_on")
        refund_id = f"r-{order_id}"
        yield Refund(id=refund_id, order_id=order_id, customer_id=customer_id, amount=amount, **about)


def _some(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given.get(name) for name in names}


# --- writing out --------------------------------------------------------------------------


def export(database: Database) -> str:
    """The shop as a data file that loads to the same; days are written out in full."""
    with database.reading() as session:
        phones = _by(session, Phone, "customer_id", Phone.is_main.desc(), Phone.number)
        orders = _by(session, Order, "customer_id", Order.placed_at.desc(), Order.id)
        parts = {
            "items": _by(session, OrderItem, "order_id", OrderItem.line),
            "payment": _by(session, Payment, "order_id", Payment.id),
            "shipment": _by(session, Shipment, "order_id", Shipment.id),
            "refund": _by(session, Refund, "order_id", Refund.id),
            "events": _by(session, ShipmentEvent, "shipment_id", ShipmentEvent.line),
        }
        customers = [
            {
                **_told(customer, "id", "title", "account"),
                "phones": [phone.number for phone in phones.get(customer.id, ())],
                **_told(customer, "language", "accepts_messages"),
                "orders": [_exported(order, parts) for order in orders.get(customer.id, ())],
            }
            for customer in session.scalars(select(Customer).order_by(Customer.id))
        ]
    return yaml.safe_dump({"customers": customers}, allow_unicode=True, sort_keys=False, width=110)


def _by(session: Session, table: type[Any], owner: str, *order: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in session.scalars(select(table).order_by(*order)):
        found.setdefault(getattr(row, owner), []).append(row)
    return found


def _exported(order: Order, parts: dict[str, dict[str, list[Any]]]) -> dict[str, Any]:
    told = {
        **_told(order, "id", "number", "merchant"),
        "amount": _yuan(order.amount),
        **_told(order, "placed_at", "status", "ships_on", "arrives_on"),
        "items": [
            {
                **_told(item, "title", "item", "color", "size", "quantity"),
                "returnable": item.is_returnable,
            }
            for item in parts["items"].get(order.id, ())
        ],
    }
    for payment in parts["payment"].get(order.id, ()):
        told["paid_by"] = payment.method
    for shipment in parts["shipment"].get(order.id, ()):
        told["shipment"] = _told(shipment, "carrier", "status", "reason", "expected_on")
        told["shipment"]["events"] = [
            _told(event, "at", "place", "text") for event in parts["events"].get(shipment.id, ())
        ]
    for refund in parts["refund"].get(order.id, ()):
        told["refund"] = _told(refund, "method", "status", "requested_at", "expected_on")
    return told


def _told(row: Base, *names: str) -> dict[str, Any]:
    """These columns as the file writes them; what is missing is left out."""
    values = {name: getattr(row, name) for name in names}
    return {name: _written(value) for name, value in values.items() if value is not None}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        is_whole_minute = value.time() == time(value.hour, value.minute)
        return f"{value:%Y-%m-%d %H:%M}" if is_whole_minute else f"{value:%Y-%m-%d %H:%M:%S}"
    return value.isoformat() if isinstance(value, date) else value


def _yuan(cents: int) -> int | float | str:
    return cents // 100 if cents % 100 == 0 else f"{cents // 100}.{cents % 100:02d}"
