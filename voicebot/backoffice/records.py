"""Rows of the shop as the records that `operations.yaml` promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from voicebot.store.models import Customer, Order, OrderItem, Phone, Refund, Shipment, ShipmentEvent, Ticket

Record = dict[str, Any]
TAIL = 4
RETURN_DAYS = 7
"""days after arrival in which goods can be sent back"""
NOT_REFUNDABLE = {
    "too_late": {"zh": "已经超过七天了", "en": "more than seven days have passed"},
    "not_returnable": {"zh": "这类商品不支持退款", "en": "this kind of item can't be returned"},
    "cancelled": {"zh": "这笔订单已经取消了", "en": "the order was cancelled"},
    "refunded": {"zh": "这笔已经在退款了", "en": "a refund was already requested"},
}


def customer_record(session: Session, customer: Customer) -> Record:
    """A caller, with the number we would ring them on."""
    numbers = (
        select(Phone).where(Phone.customer_id == customer.id).order_by(Phone.is_main.desc(), Phone.number)
    )
    phone = session.scalars(numbers).first()
    return {
        "id": customer.id,
        "title": customer.title,
        "phone": phone.number if phone else "",
        "account": customer.account,
        "language": customer.language,
    }


def refusal(order: Order, items: Sequence[OrderItem], shipment: Shipment | None, today: date) -> str:
    """Why this order cannot be refunded: a code, or "" when it can."""
    if order.status in ("refunding", "refunded"):
        return "refunded"
    if order.status == "cancelled":
        return "cancelled"
    if any(not item.is_returnable for item in items):
        return "not_returnable"
    if order.status == "delivered":
        arrived = order.arrives_on or (order.placed_at + timedelta(days=4)).date()
        if (today - arrived).days > RETURN_DAYS:
            return "too_late"
    return ""


def order_record(session: Session, order: Order, today: date, language: str) -> Record:
    """An order with its first item's looks and what can be done with it."""
    items = session.scalars(
        select(OrderItem).where(OrderItem.order_id == order.id).order_by(OrderItem.line)
    ).all()
    shipment = session.scalars(select(Shipment).where(Shipment.order_id == order.id)).first()
    first = items[0] if items else None
    code = refusal(order, items, shipment, today)
    reason = NOT_REFUNDABLE.get(code, {})
    return {
        "id": order.id,
        "tail": order.number[-TAIL:],
        "title": first.title if first else order.merchant,
        "item": first.item if first else order.merchant,
        "color": first.color if first else None,
        "size": first.size if first else None,
        "merchant": order.merchant,
        "amount": order.amount,
        "placed_at": order.placed_at,
        "status": order.status,
        "ships_on": order.ships_on,
        "arrives_on": order.arrives_on,
        "is_late": is_late(order, shipment, today),
        "refundable": not code,
        "refund_reason": reason.get(language, reason.get("zh")),
    }


def is_late(order: Order, shipment: Shipment | None, today: date) -> bool:
    """Is the parcel behind its promise, or going nowhere?"""
    if order.status not in ("paid", "packed", "shipped"):
        return False
    if shipment is not None and shipment.status in ("stuck", "lost"):
        return True
    return order.arrives_on is not None and order.arrives_on < today


def refund_record(session: Session, refund: Refund) -> Record:
    order = session.get_one(Order, refund.order_id)
    item = session.scalars(
        select(OrderItem).where(OrderItem.order_id == order.id).order_by(OrderItem.line)
    ).first()
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "order_tail": order.number[-TAIL:],
        "title": item.title if item else order.merchant,
        "merchant": order.merchant,
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
        .order_by(ShipmentEvent.at.desc())
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
