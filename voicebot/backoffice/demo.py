"""The built-in demo back office: a small shop with a payments company, on real tables.

Reads are plain queries. Every write runs in one transaction together with its line in the
ledger (`actions`), whose primary key is the idempotency key: the same key can take effect
once, whoever else tries at the same moment, and a repetition is given the first result.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from voicebot.backoffice.records import (
    Record,
    customer_record,
    is_late,
    order_record,
    refund_record,
    refusal,
    shipment_record,
    thaw,
    ticket_record,
)
from voicebot.errors import BackOfficeError
from voicebot.events import Value
from voicebot.phones import to_e164
from voicebot.store.calls import plain
from voicebot.store.database import Database
from voicebot.store.models import Action, Customer, Message, Order, OrderItem, Phone, Refund, Shipment, Ticket
from voicebot.store.threads import Workers

SETTLES_IN_DAYS = {"balance": 1, "original": 3}
GUESS_WITHIN = timedelta(days=14)
CHINESE_MOBILE = re.compile(r"\+861[3-9]\d{9}")
CALLBACK_HOURS = (9, 20)
"""promises are made for these hours of the day"""


class DemoBackOffice:
    """Fits `BackOffice`. Share one among all calls; blocking work runs in `workers`."""

    def __init__(self, database: Database, workers: Workers, clock: Callable[[], datetime]) -> None:
        """clock: the business's local time; injected, so that demos and tests choose their day."""
        self._database = database
        self._workers = workers
        self._clock = clock
        self._reads: dict[str, Callable[..., Value]] = {
            "find_customer": self._find_customer,
            "find_customer_by_account": self._find_customer_by_account,
            "describe_situation": self._describe_situation,
            "list_orders": self._list_orders,
            "list_refunds": self._list_refunds,
            "track_shipment": self._track_shipment,
        }
        self._writes: dict[str, Callable[..., Record]] = {
            "book_refund": self._book_refund,
            "urge_shipment": self._urge_shipment,
            "send_message": self._send_message,
            "open_ticket": self._open_ticket,
        }

    @property
    def operations(self) -> tuple[str, ...]:
        """Everything it can do."""
        return (*self._reads, *self._writes)

    async def perform(
        self, operation: str, arguments: Mapping[str, Value], *, idempotency_key: str | None = None
    ) -> Value:
        """Carry out one operation; see `BackOffice.perform`."""
        if operation not in self._reads and operation not in self._writes:
            raise BackOfficeError(f"The demo back office has no operation {operation!r}.", code="invalid")
        if operation in self._writes and not idempotency_key:
            raise BackOfficeError(f"{operation} changes something and needs a key.", code="invalid")
        return await self._workers.run(
            lambda: self._perform(operation, dict(arguments), idempotency_key or "")
        )

    def _perform(self, operation: str, arguments: dict[str, Value], key: str) -> Value:
        try:
            if operation in self._reads:
                with self._database.session() as session:
                    return self._reads[operation](session, **arguments)
            return self._write(operation, arguments, key)
        except TypeError as error:
            raise BackOfficeError(f"{operation} was given the wrong arguments.", code="invalid") from error
        except SQLAlchemyError as error:
            raise BackOfficeError(
                f"{operation}: the database failed ({type(error).__name__}).", code="unavailable"
            ) from error

    def _write(self, operation: str, arguments: dict[str, Value], key: str) -> Value:
        for _ in range(2):
            try:
                with self._database.session() as session:
                    self._database.lock_for_writing(session, Action)
                    before = session.get(Action, key)
                    if before is not None:
                        return thaw(before.result)
                    result = self._writes[operation](session, **arguments)
                    session.add(
                        Action(
                            key=key,
                            operation=operation,
                            arguments=plain(arguments),
                            result=plain(result),
                            done_at=self._clock(),
                        )
                    )
                    return result
            except IntegrityError:
                # Somebody did the same at the same moment: their result, or a plain refusal, is read next.
                continue
        raise BackOfficeError(f"{operation} could not be settled.", code="unavailable")

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
            select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at.desc()).limit(20)
        ).all()
        language = self._language(session, customer_id)
        today = self._clock().date()
        return [order_record(session, order, today, language) for order in orders]

    def _list_refunds(self, session: Session, customer_id: str) -> list[Record]:
        refunds = session.scalars(
            select(Refund)
            .where(Refund.customer_id == customer_id)
            .order_by(Refund.requested_at.desc())
            .limit(10)
        ).all()
        return [refund_record(session, refund) for refund in refunds]

    def _track_shipment(self, session: Session, order_id: str) -> Record | None:
        found = session.scalars(select(Shipment).where(Shipment.order_id == order_id)).first()
        return shipment_record(session, found) if found else None

    def _describe_situation(self, session: Session, customer_id: str) -> Record:
        """The newest unusual fact: a late parcel or a refund under way; else what is on its way."""
        now, language = self._clock(), self._language(session, customer_id)
        unusual: list[tuple[datetime, str, Record]] = []
        usual: list[tuple[datetime, str, Record]] = []
        refunds = select(Refund).where(
            Refund.customer_id == customer_id, Refund.status.in_(("processing", "sent"))
        )
        for refund in session.scalars(refunds):
            unusual.append(
                (refund.requested_at, "refund_pending", {"refund": refund_record(session, refund)})
            )
        for order in session.scalars(select(Order).where(Order.customer_id == customer_id)):
            shipment = session.scalars(select(Shipment).where(Shipment.order_id == order.id)).first()
            entry = {"order": order_record(session, order, now.date(), language)}
            if is_late(order, shipment, now.date()):
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
        items = session.scalars(select(OrderItem).where(OrderItem.order_id == order_id)).all()
        shipment = session.scalars(select(Shipment).where(Shipment.order_id == order_id)).first()
        now = self._clock()
        existing = session.scalars(select(Refund).where(Refund.order_id == order_id)).first()
        code = refusal(order, items, shipment, now.date())
        if existing is not None or code == "refunded":
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
        return refund_record(session, refund)

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
        count = len(session.scalars(select(Ticket.id)).all())
        number = f"{now:%m%d}{count + 1:03d}"
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
        count = len(session.scalars(select(Message.id)).all())
        message = Message(
            id=_id("m", f"{now.isoformat()}/{count}"),
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


def _promise(now: datetime) -> datetime:
    """Two hours from now, within the hours in which people may be rung."""
    opens, closes = CALLBACK_HOURS
    promised = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    if promised.hour >= closes or promised.date() > now.date():
        return datetime.combine(now.date() + timedelta(days=1), time(opens + 2))
    return max(promised, datetime.combine(now.date(), time(opens + 2)))
