"""Tables. Money is integer cents, phones are E.164 text, times are the business's local time.

Business tables belong to the demo back office; `calls`, `turns`, `actions` and `handoffs` are the
hotline's own. No relationship is loaded lazily: whoever needs a row asks for it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID = String(64)


class Base(DeclarativeBase):
    """All tables of the store."""

    type_annotation_map = {dict[str, Any]: JSON, datetime: DateTime(), date: Date()}  # noqa: RUF012


# --- Business -----------------------------------------------------------------------------


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    """how to address them: 王先生"""
    account: Mapped[str] = mapped_column(String(20), unique=True)
    language: Mapped[str] = mapped_column(String(8), default="zh")
    accepts_messages: Mapped[bool] = mapped_column(default=True)


class Phone(Base):
    """A customer may ring from several numbers; a number belongs to one customer."""

    __tablename__ = "phones"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    is_main: Mapped[bool] = mapped_column(default=False)


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_customer_placed", "customer_id", "placed_at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(32), unique=True)
    merchant: Mapped[str] = mapped_column(String(80))
    amount: Mapped[int]
    placed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    """paid · packed · shipped · delivered · refunding · refunded · cancelled"""
    ships_on: Mapped[date | None]
    arrives_on: Mapped[date | None]


class OrderItem(Base):
    __tablename__ = "order_items"

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    """黑色L码衬衫"""
    item: Mapped[str] = mapped_column(String(60))
    """衬衫"""
    color: Mapped[str | None] = mapped_column(String(30))
    size: Mapped[str | None] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(default=1)
    is_returnable: Mapped[bool] = mapped_column(default=True)


class Payment(Base):
    __tablename__ = "payments"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), unique=True)
    amount: Mapped[int]
    method: Mapped[str] = mapped_column(String(16))
    """card · balance"""
    paid_at: Mapped[datetime]


class Shipment(Base):
    __tablename__ = "shipments"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), unique=True)
    carrier: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(120))
    expected_on: Mapped[date | None]


class ShipmentEvent(Base):
    __tablename__ = "shipment_events"

    shipment_id: Mapped[str] = mapped_column(ForeignKey("shipments.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    """order within the shipment: two things may happen in one minute"""
    at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(120))


class Refund(Base):
    """Money going back. One an order: the database itself refuses a second."""

    __tablename__ = "refunds"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), unique=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    amount: Mapped[int]
    method: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    """processing · sent · arrived · failed"""
    requested_at: Mapped[datetime]
    expected_on: Mapped[date | None]


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    customer_id: Mapped[str | None] = mapped_column(ID, index=True)
    order_id: Mapped[str | None] = mapped_column(ID)
    phone: Mapped[str | None] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime]
    promise_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(12), default="open")


class Message(Base):
    """A text message to a customer."""

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(ID)
    phone: Mapped[str] = mapped_column(String(20))
    template: Mapped[str] = mapped_column(String(40))
    about: Mapped[str | None] = mapped_column(String(120))
    queued_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(12), default="queued")


class Action(Base):
    """The ledger of writes: what was done under which key, and what was answered."""

    __tablename__ = "actions"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    operation: Mapped[str] = mapped_column(String(60))
    arguments: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    done_at: Mapped[datetime]


# --- The hotline's own ----------------------------------------------------------------------


class Call(Base):
    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    line: Mapped[str] = mapped_column(String(40))
    ani: Mapped[str] = mapped_column(String(32), index=True)
    dnis: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seed: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(40), default="")
    turns: Mapped[int] = mapped_column(default=0)


class Turn(Base):
    """One line of a call's journal."""

    __tablename__ = "turns"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(24))
    data: Mapped[dict[str, Any]]


class HandoffRow(Base):
    """What an agent is told about a call."""

    __tablename__ = "handoffs"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    call_id: Mapped[str] = mapped_column(ID, index=True)
    created_at: Mapped[str] = mapped_column(String(40))
    queue: Mapped[str] = mapped_column(String(40))
    recap: Mapped[dict[str, Any]]
