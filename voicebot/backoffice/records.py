"""Rows of the shop as the records that `operations.yaml` promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from voicebot.store.models import Customer, Order, OrderItem, Phone, Refund, Shipment, ShipmentEvent, Ticket

Record = dict[str, Any]
TAIL = 4
RETURN_DAYS = 7
"""days after arrival in which goods can be sent back"""
USUAL_WAY = timedelta(days=4)
"""from order to door, for orders whose day of arrival nobody wrote down"""
NOT_REFUNDABLE = {
    "too_late": {"zh": "已经超过七天了", "en": "more than seven days have passed"},
    "not_returnable": {"zh": "这类商品不支持退款", "en": "this kind of item can't be returned"},
    "cancelled": {"zh": "这笔订单已经取消了", "en": "the order was cancelled"},
    "refunded": {"zh": "这笔已经在退款了", "en": "a refund was already requested"},
}


def customer_record(session: Session, customer: Customer) -> Record:
    """A caller, with the number we would ring them on."""
    phone = session.scalars(
        select(Phone)
        .where(Phone.customer_id == customer.id)
        .order_by(Phone.is_main.desc(), Phone.number)
        .limit(1)
    ).first()
    return {
        "id": customer.id,
        "title": customer.title,
        "phone": phone.number if phone else "",
        "account": customer.account,
        "language": customer.language,
    }


@dataclass(frozen=True, slots=True)
class Bought:
    """An order with all that hangs on it."""

    order: Order
    items: tuple[OrderItem, ...]
    shipment: Shipment | None
    refund: Refund | None

    @property
    def tail(self) -> str:
        return self.order.number[-TAIL:]

    @property
    def title(self) -> str:
        """What the caller would call it: its first item."""
        return self.items[0].title if self.items else self.order.merchant


def all_bought(session: Session, orders: Sequence[Order]) -> list[Bought]:
    """What hangs on these orders, in their order; three queries, however many there are."""
    ids = [order.id for order in orders]
    items: dict[str, list[OrderItem]] = {}
    for item in session.scalars(
        select(OrderItem).where(OrderItem.order_id.in_(ids)).order_by(OrderItem.order_id, OrderItem.line)
    ):
        items.setdefault(item.order_id, []).append(item)
    shipments = {
        found.order_id: found for found in session.scalars(select(Shipment).where(Shipment.order_id.in_(ids)))
    }
    refunds = {
        found.order_id: found for found in session.scalars(select(Refund).where(Refund.order_id.in_(ids)))
    }
    return [
        Bought(order, tuple(items.get(order.id, ())), shipments.get(order.id), refunds.get(order.id))
        for order in orders
    ]


def refusal(bought: Bought, today: date) -> str:
    """Why this order cannot be refunded: a code of NOT_REFUNDABLE, or "" when it can."""
    order = bought.order
    if bought.refund is not None or order.status in ("refunding", "refunded"):
        return "refunded"
    if order.status == "cancelled":
        return "cancelled"
    if any(not item.is_returnable for item in bought.items):
        return "not_returnable"
    if order.status == "delivered":
        arrived = order.arrives_on or (order.placed_at + USUAL_WAY).date()
        if (today - arrived).days > RETURN_DAYS:
            return "too_late"
    return ""


def order_record(bought: Bought, today: date, language: str) -> Record:
    """An order with its first item's looks and what can be done with it."""
    order = bought.order
    first = bought.items[0] if bought.items else None
    code = refusal(bought, today)
    reason = NOT_REFUNDABLE.get(code, {})
    return {
        "id": order.id,
        "tail": bought.tail,
        "title": bought.title,
        "item": first.item if first else order.merchant,
        "color": first.color if first else None,
        "size": first.size if first else None,
        "merchant": order.merchant,
        "amount": order.amount,
        "placed_at": order.placed_at,
        "status": order.status,
        "ships_on": order.ships_on,
        "arrives_on": order.arrives_on,
        "is_late": is_late(bought, today),
        "refundable": not code,
        "refund_reason": reason.get(language, reason.get("zh")),
    }


def is_late(bought: Bought, today: date) -> bool:
    """Is the parcel behind its promise, or going nowhere?"""
    order = bought.order
    if order.status not in ("paid", "packed", "shipped"):
        return False
    if bought.shipment is not None and bought.shipment.status in ("stuck", "lost"):
        return True
    return order.arrives_on is not None and order.arrives_on < today


def refund_record(refund: Refund, bought: Bought) -> Record:
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "order_tail": bought.tail,
        "title": bought.title,
        "merchant": bought.order.merchant,
        "amount": refund.amount,
        "method": refund.method,
        "status": refund.status,
        "requested_at": refund.requested_at,
        "expected_on": refund.expected_on,
    }


def shipment_record(session: Session, shipment: Shipment) -> Record:
    last = session.scalars(
        select(ShipmentEvent)
        .where(ShipmentEvent.shipment_id == shipment.id)
        .order_by(ShipmentEvent.at.desc(), ShipmentEvent.line.desc())
        .limit(1)
    ).first()
    return {
        "id": shipment.id,
        "carrier": shipment.carrier,
        "status": shipment.status,
        "last_place": last.place if last else None,
        "last_at": last.at if last else None,
        "reason": shipment.reason,
        "expected_on": shipment.expected_on,
    }


def ticket_record(ticket: Ticket) -> Record:
    return {"id": ticket.id, "number": ticket.number, "promise_at": ticket.promise_at}


def thaw(record: Record) -> Record:
    """A record back from the ledger, where dates are ISO text."""
    return {name: _thawed(name, value) for name, value in record.items()}


def _thawed(name: str, value: Any) -> Any:
    if isinstance(value, str) and name.endswith("_at"):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and name.endswith("_on"):
        return date.fromisoformat(value)
    return value
