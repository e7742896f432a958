"""The built-in demo back office: a small shop with a payments company, on real tables."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from voicebot.backoffice.records import (
    Record,
    all_bought,
    customer_record,
    is_late,
    order_record,
    refund_record,
    refusal,
    shipment_record,
    ticket_record,
)
from voicebot.backoffice.tables import TableBackOffice
from voicebot.errors import BackOfficeError
from voicebot.phones import to_e164
from voicebot.store.database import Database
from voicebot.store.models import Customer, Message, Order, Phone, Refund, Shipment, Ticket
from voicebot.store.threads import Workers

SETTLES_IN_DAYS = {"balance": 1, "original": 3}
GUESS_WITHIN = timedelta(days=14)
"""older facts are no reason to ring today"""
MOST_ORDERS, MOST_REFUNDS = 20, 10
"""more than a caller could choose from"""
CHINESE_MOBILE = re.compile(r"\+861[3-9]\d{9}")
CALLBACK_HOURS = (9, 20)
"""promises are made for these hours of the day"""


class DemoBackOffice(TableBackOffice):
    """Fits `BackOffice`. Share one among all calls; blocking work runs in `workers`."""

    def __init__(self, database: Database, workers: Workers, clock: Callable[[], datetime]) -> None:
        """clock: the business's local time; injected, so that demos and tests choose their day."""
        super().__init__(database, workers, clock)
        self._reads = {
            "find_customer": self._find_customer,
            "find_customer_by_account": self._find_customer_by_account,
            "describe_situation": self._describe_situation,
            "list_orders": self._list_orders,
            "list_refunds": self._list_refunds,
            "track_shipment": self._track_shipment,
        }
        self._writes = {
            "book_refund": self._book_refund,
            "urge_shipment": self._urge_shipment,
            "send_message": self._send_message,
            "open_ticket": self._open_ticket,
        }

    # --- reads ---

    def _find_customer(self, session: Session, phone: str) -> Record | None:
        number = to_e164(phone) or phone
        found = session.get(Phone, number)
        return customer_record(session, session.get_one(Customer, found.customer_id)) if found else None

    def _find_customer_by_account(self, session: Session, account: str) -> Record | None:
        found = session.scalars(select(Customer).where(Customer.account == account)).first()
        return customer_record(session, found) if found else None

    def _list_orders(self, session: Session, customer_id: str) -> list[Record]:
        orders = session.scalars(
            select(Order)
            .where(Order.customer_id == customer_id)
            .order_by(Order.placed_at.desc(), Order.id)
            .limit(MOST_ORDERS)
        ).all()
        language = self._language(session, customer_id)
        today = self._clock().date()
        return [order_record(bought, today, language) for bought in all_bought(session, orders)]

    def _list_refunds(self, session: Session, customer_id: str) -> list[Record]:
        orders = session.scalars(
            select(Order)
            .join(Refund, Refund.order_id == Order.id)
            .where(Refund.customer_id == customer_id)
            .order_by(Refund.requested_at.desc(), Refund.id)
            .limit(MOST_REFUNDS)
        ).all()
        return [
            refund_record(bought.refund, bought) for bought in all_bought(session, orders) if bought.refund
        ]

    def _track_shipment(self, session: Session, order_id: str) -> Record | None:
        found = session.scalars(select(Shipment).where(Shipment.order_id == order_id)).first()
        return shipment_record(session, found) if found else None

    def _describe_situation(self, session: Session, customer_id: str) -> Record:
        """The newest unusual fact: a late parcel or a refund under way; else what is on its way."""
        now, language = self._clock(), self._language(session, customer_id)
        unusual: list[tuple[datetime, str, Record]] = []
        usual: list[tuple[datetime, str, Record]] = []
        orders = session.scalars(
            select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at, Order.id)
        ).all()
        for bought in all_bought(session, orders):
            order, refund = bought.order, bought.refund
            entry = {"order": order_record(bought, now.date(), language)}
            if refund is not None and refund.status in ("processing", "sent"):
                about = {"refund": refund_record(refund, bought)}
                unusual.append((refund.requested_at, "refund_pending", about))
            elif is_late(bought, now.date()):
                due = order.arrives_on or order.placed_at.date()
                unusual.append((datetime.combine(min(due, now.date()), time()), "order_late", entry))
            elif order.status in ("packed", "shipped"):
                usual.append((order.placed_at, f"order_{order.status}", entry))
        recent = [fact for fact in (unusual or usual) if now - fact[0] <= GUESS_WITHIN]
        if not recent:
            return {"kind": "none", "order": None, "refund": None}
        _, kind, about = max(recent, key=lambda fact: fact[0])
        return {"kind": kind, "order": about.get("order"), "refund": about.get("refund")}

    @staticmethod
    def _language(session: Session, customer_id: str) -> str:
        customer = session.get(Customer, customer_id)
        return customer.language if customer else "zh"

    # --- writes ---

    def _book_refund(self, session: Session, order_id: str, method: str) -> Record:
        order = session.get(Order, order_id, with_for_update=True)
        if order is None or method not in SETTLES_IN_DAYS:
            raise BackOfficeError("book_refund: no such order or method.", code="invalid")
        [bought] = all_bought(session, [order])
        now = self._clock()
        code = refusal(bought, now.date())
        if code == "refunded":
            raise BackOfficeError("A refund for this order was booked before.", code="already_refunded")
        if code:
            raise BackOfficeError(f"This order cannot be refunded: {code}.", code="not_refundable")
        refund = Refund(
            id=_id("r", order_id),
            order_id=order_id,
            customer_id=order.customer_id,
            amount=order.amount,
            method=method,
            status="processing",
            requested_at=now,
            expected_on=(now + timedelta(days=SETTLES_IN_DAYS[method])).date(),
        )
        session.add(refund)
        order.status = "refunding"
        session.flush()
        return refund_record(refund, bought)

    def _urge_shipment(self, session: Session, order_id: str) -> Record:
        order = session.get(Order, order_id)
        if order is None:
            raise BackOfficeError("urge_shipment: no such order.", code="invalid")
        return self._ticket(session, topic="urge", customer_id=order.customer_id, order_id=order_id)

    def _open_ticket(
        self,
        session: Session,
        topic: str,
        customer_id: str | None = None,
        phone: str | None = None,
        note: str | None = None,
    ) -> Record:
        return self._ticket(session, topic=topic, customer_id=customer_id, phone=phone, note=note)

    def _ticket(self, session: Session, **fields: Any) -> Record:
        now = self._clock()
        number = _free_number(session, f"{now:%m%d}")
        ticket = Ticket(
            id=_id("t", number),
            number=number,
            opened_at=now,
            promise_at=_promise(now),
            status="open",
            **fields,
        )
        session.add(ticket)
        session.flush()
        return ticket_record(ticket)

    def _send_message(
        self,
        session: Session,
        phone: str,
        template: str,
        customer_id: str | None = None,
        about: str | None = None,
    ) -> Record:
        customer = session.get(Customer, customer_id) if customer_id else None
        if customer is not None and not customer.accepts_messages:
            raise BackOfficeError("The customer takes no text messages.", code="no_consent")
        number = to_e164(phone)
        if number is None or (number.startswith("+86") and not CHINESE_MOBILE.fullmatch(number)):
            raise BackOfficeError("This number cannot get text messages.", code="not_a_mobile")
        now = self._clock()
        message = Message(
            id=f"m-{secrets.token_hex(6)}",
            customer_id=customer_id,
            phone=number,
            template=template,
            about=about,
            queued_at=now,
            status="queued",
        )
        session.add(message)
        session.flush()
        return {"id": message.id}


def _id(kind: str, text: str) -> str:
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _free_number(session: Session, day: str) -> str:
    """The next ticket number of a day: month, day, and a count; short enough to be written down.

    Writers come one at a time (see `lock_for_writing`), so nobody takes it meanwhile.
    """
    taken = set(session.scalars(select(Ticket.number).where(Ticket.number.startswith(day))))
    count = len(taken) + 1
    while (number := f"{day}{count:03d}") in taken:
        count += 1
    return number


def _promise(now: datetime) -> datetime:
    """Two hours from now, within the hours in which people may be rung."""
    opens, closes = CALLBACK_HOURS
    promised = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    if promised.hour >= closes or promised.date() > now.date():
        return datetime.combine(now.date() + timedelta(days=1), time(opens + 2))
    return max(promised, datetime.combine(now.date(), time(opens + 2)))
