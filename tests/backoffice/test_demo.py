"""The demo back office keeps its promises, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select

from voicebot import dialplan_files
from voicebot.backoffice.demo import DemoBackOffice
from voicebot.dialplan.model import FieldType, RecordType
from voicebot.errors import BackOfficeError
from voicebot.store.database import Database
from voicebot.store.models import Order, Refund, Ticket

ROOT = Path(__file__).parents[2]
Result = TypeVar("Result")


def do(work: Awaitable[Result]) -> Result:
    async def run() -> Result:
        return await work

    return asyncio.run(run())


def refusal_of(office: DemoBackOffice, operation: str, key: str | None = "k", **arguments: Any) -> str:
    with pytest.raises(BackOfficeError) as caught:
        do(office.perform(operation, arguments, idempotency_key=key))
    return caught.value.code


@pytest.mark.parametrize("phone", ["+8613800001234", "138 0000 1234", "008613800001234", "+861065529988"])
def test_a_customer_is_found_by_any_of_their_numbers(office: DemoBackOffice, phone: str) -> None:
    assert do(office.perform("find_customer", {"phone": phone}))["title"] == "王先生"


@pytest.mark.parametrize("phone", ["", "anonymous", "+8613800009999", "client:bob"])
def test_a_stranger_is_nobody(office: DemoBackOffice, phone: str) -> None:
    assert do(office.perform("find_customer", {"phone": phone})) is None


@pytest.mark.parametrize(
    ("customer", "kind"),
    [
        ("wang", "order_packed"),
        ("li", "refund_pending"),
        ("chen", "order_late"),
        ("zhao", "order_shipped"),
        ("sun", "none"),
        ("zhou", "none"),
    ],
)
def test_the_newest_unusual_fact_makes_the_guess(office: DemoBackOffice, customer: str, kind: str) -> None:
    assert do(office.perform("describe_situation", {"customer_id": customer}))["kind"] == kind


def test_a_refund_is_booked_with_the_right_amount_and_day(office: DemoBackOffice) -> None:
    refund = do(
        office.perform("book_refund", {"order_id": "wang-shirt", "method": "original"}, idempotency_key="k1")
    )
    assert (refund["amount"], refund["method"], refund["expected_on"]) == (
        29900,
        "original",
        date(2026, 11, 24),
    )
    orders = do(office.perform("list_orders", {"customer_id": "wang"}))
    assert [order["status"] for order in orders] == ["refunding", "delivered"]


def test_fifty_at_once_with_one_key_book_one_refund(office: DemoBackOffice, database: Database) -> None:
    async def storm() -> list[Any]:
        arguments = {"order_id": "wang-shirt", "method": "balance"}
        return await asyncio.gather(
            *(office.perform("book_refund", arguments, idempotency_key="k") for _ in range(50))
        )

    results = asyncio.run(storm())
    assert all(result == results[0] for result in results)
    with database.session() as session:
        found = select(func.count()).select_from(Refund).where(Refund.order_id == "wang-shirt")
        assert session.scalar(found) == 1


def test_twenty_at_once_with_different_keys_book_one_refund(
    office: DemoBackOffice, database: Database
) -> None:
    async def one(number: int) -> str:
        try:
            await office.perform(
                "book_refund", {"order_id": "wang-shirt", "method": "balance"}, idempotency_key=f"k{number}"
            )
        except BackOfficeError as error:
            return error.code
        return "booked"

    async def storm() -> list[str]:
        return list(await asyncio.gather(*(one(number) for number in range(20))))

    outcomes = asyncio.run(storm())
    assert outcomes.count("booked") == 1
    assert set(outcomes) == {"booked", "already_refunded"}


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ("li-kettle", "already_refunded"),
        ("zhou-tent", "not_refundable"),
        ("wu-fruit", "not_refundable"),
        ("no-such-order", "invalid"),
    ],
)
def test_a_refund_the_rules_refuse_changes_nothing(
    office: DemoBackOffice, database: Database, order: str, code: str
) -> None:
    with database.session() as session:
        before = session.scalar(select(func.count()).select_from(Refund))
    assert refusal_of(office, "book_refund", order_id=order, method="original") == code
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Refund)) == before
        assert session.scalars(select(Order.status).where(Order.id == "zhou-tent")).one() == "delivered"


def test_a_write_needs_a_key(office: DemoBackOffice) -> None:
    assert refusal_of(office, "open_ticket", None, topic="callback") == "invalid"


def test_an_unknown_operation_and_wrong_arguments_are_refused(office: DemoBackOffice) -> None:
    assert refusal_of(office, "make_coffee") == "invalid"
    assert refusal_of(office, "list_orders", customer="wang") == "invalid"


def test_messages_need_consent_and_a_mobile(office: DemoBackOffice) -> None:
    given = {"template": "refund_steps"}
    assert (
        refusal_of(office, "send_message", customer_id="zheng", phone="+8613100009012", **given)
        == "no_consent"
    )
    assert refusal_of(office, "send_message", phone="+861065529988", **given) == "not_a_mobile"
    assert do(office.perform("send_message", {"phone": "+8613800001234", **given}, idempotency_key="m"))[
        "id"
    ].startswith("m-")


def test_tickets_are_numbered_apart_and_promise_a_decent_hour(
    office: DemoBackOffice, database: Database
) -> None:
    async def open_many() -> list[Any]:
        return await asyncio.gather(
            *(office.perform("open_ticket", {"topic": "callback"}, idempotency_key=f"t{n}") for n in range(5))
        )

    tickets = asyncio.run(open_many())
    assert len({ticket["number"] for ticket in tickets}) == 5
    assert all(ticket["promise_at"] == datetime(2026, 11, 21, 14) for ticket in tickets)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 5


# --- operations.yaml and the demo office describe the same thing ---


@pytest.fixture(scope="module")
def business() -> Any:
    return dialplan_files.read_line(ROOT / "dialplans", "payments", voices_dir=ROOT / "voices", embedder=None)


def test_it_can_do_everything_that_is_promised(office: DemoBackOffice, business: Any) -> None:
    assert set(office.operations) == set(business.operations)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("find_customer", {"phone": "+8613800001234"}),
        ("find_customer_by_account", {"account": "88012345"}),
        ("describe_situation", {"customer_id": "wang"}),
        ("describe_situation", {"customer_id": "li"}),
        ("list_orders", {"customer_id": "zhou"}),
        ("list_refunds", {"customer_id": "zhang"}),
        ("track_shipment", {"order_id": "chen-lamp"}),
        ("book_refund", {"order_id": "wang-shirt", "method": "balance"}),
        ("urge_shipment", {"order_id": "chen-lamp"}),
        ("send_message", {"phone": "+8613800001234", "template": "refund_steps"}),
        ("open_ticket", {"topic": "callback"}),
    ],
)
def test_what_it_answers_has_the_promised_shape(
    office: DemoBackOffice, business: Any, operation: str, arguments: dict[str, str]
) -> None:
    declared = business.operations[operation]
    assert set(arguments) <= set(declared.arguments)
    key = "k" if declared.is_write else None
    result = do(office.perform(operation, arguments, idempotency_key=key))
    for record in result if declared.returns.is_list else [result]:
        _fits(record, business.types[declared.returns.type], business.types)


def _fits(record: dict[str, Any], kind: RecordType, types: dict[str, RecordType]) -> None:
    assert set(record) == set(kind.fields)
    for name, field in kind.fields.items():
        value = record[name]
        if value is None:
            assert field.is_optional, f"{kind.name}.{name} is missing"
        elif field.type in types:
            _fits(value, types[field.type], types)
        else:
            assert _is(value, field), f"{kind.name}.{name}: {value!r}"


def _is(value: Any, field: FieldType) -> bool:
    if field.choices:
        return value in field.choices
    wanted = {"flag": bool, "number": int, "money": int, "date": date, "datetime": datetime}
    return isinstance(value, wanted.get(field.type, str))
