"""Business answers for dialogue tests: one caller, some orders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tests.dialogue.line import Refusal
from voicebot.events import Value

WANG: dict[str, Any] = {
    "id": "c1",
    "title": "王先生",
    "phone": "+8613800001234",
    "account": "88012345",
    "language": "zh",
}


def order(tail: str, title: str, placed_at: datetime, **more: Any) -> dict[str, Any]:
    """One order as the shop's system would give it."""
    return {
        "id": f"o{tail}",
        "tail": tail,
        "title": title,
        "item": title,
        "color": None,
        "size": None,
        "merchant": "优衣良品",
        "amount": 29900,
        "placed_at": placed_at,
        "status": "packed",
        "ships_on": date(2026, 11, 22),
        "arrives_on": date(2026, 11, 24),
        "is_late": False,
        "refundable": True,
        "refund_reason": None,
        **more,
    }


SHIRT = order("1234", "黑色L码衬衫", datetime(2026, 11, 20, 14, 5), color="黑色", size="L", item="衬衫")
SHOES = order("5678", "白色跑鞋", datetime(2026, 11, 18, 9, 30), color="白色", item="跑鞋", amount=45900)
LAMP = order("9012", "台灯", datetime(2026, 11, 11, 20, 0), item="台灯", amount=12950, status="shipped")


class Shop:
    """Keeps what was booked; books a refund once an order."""

    def __init__(
        self, *orders: dict[str, Any], situation: str = "order_packed", customer: Any = WANG
    ) -> None:
        self.orders = list(orders) or [SHIRT, SHOES, LAMP]
        self.customer = customer
        self.situation = situation
        self.refunds: list[dict[str, Any]] = []

    def answers(self) -> dict[str, Value]:
        first = self.orders[0]
        return {
            "find_customer": self.customer,
            "find_customer_by_account": lambda account: WANG if account == "88012345" else None,
            "describe_situation": {"kind": self.situation, "order": first, "refund": None},
            "list_orders": self.orders,
            "list_refunds": self.refunds,
            "track_shipment": lambda order_id: {
                "id": "s1",
                "carrier": "顺达",
                "status": "stuck",
                "last_place": "上海",
                "last_at": datetime(2026, 11, 19, 8, 0),
                "reason": "分拣中心爆仓",
                "expected_on": date(2026, 11, 24),
            },
            "book_refund": self.book,
            "urge_shipment": {"id": "t1", "number": "20261", "promise_at": None},
            "send_message": {"id": "m1"},
            "open_ticket": {"id": "t2", "number": "20262", "promise_at": datetime(2026, 11, 21, 18, 0)},
        }

    def book(self, order_id: str, method: str) -> dict[str, Any]:
        if any(refund["order_id"] == order_id for refund in self.refunds):
            raise Refusal("already_refunded")
        found = next(one for one in self.orders if one["id"] == order_id)
        refund = {
            "id": "r1",
            "order_id": order_id,
            "order_tail": found["tail"],
            "title": found["title"],
            "merchant": found["merchant"],
            "amount": found["amount"],
            "method": method,
            "status": "processing",
            "requested_at": datetime(2026, 11, 21, 12, 0),
            "expected_on": date(2026, 11, 24),
        }
        self.refunds.append(refund)
        return refund
