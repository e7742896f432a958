"""The agents being rung: which leg belongs to which attempt of which call.

A transfer has a random id; with the number of the attempt it makes the addresses and the room
name, so that word from the carrier always says what it is about, in whatever order it comes.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from voicebot.events import Recap, RingAgent

KEPT_S = 4 * 3600.0
"""as long as a conversation with an agent may take"""


@dataclass(eq=False, slots=True)
class Attempt:
    """One agent rung for one call."""

    transfer_id: str
    call_id: str
    order: RingAgent
    ordered_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    agent_sid: str = ""
    """the agent's leg; "" until the carrier has named it"""
    named: asyncio.Event = field(default_factory=asyncio.Event)
    is_accepted: bool = False
    is_closed: bool = False
    """let go, refused, or ended: whoever still comes is sent away"""
    farewell: str = "taken"
    """the sentence for it, a name in `twiml.SENTENCES` """
    was_moved: bool = False
    """the caller has been sent to the room, or may have been"""
    was_bridged: bool = False
    in_room: set[str] = field(default_factory=set)
    """labels of those who are in: "caller", "agent" """

    @property
    def number(self) -> int:
        return self.order.attempt

    def name(self, agent_sid: str) -> None:
        """The carrier has told the id of the agent's leg."""
        if agent_sid and not self.agent_sid:
            self.agent_sid = agent_sid
            self.named.set()


class Transfers:
    """All attempts of this process; each is forgotten after a few hours."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._newest: dict[str, tuple[str, Recap]] = {}
        """call -> its transfer and what is told in it"""

    def open(self, call_id: str, order: RingAgent) -> tuple[Attempt, bool]:
        """A new attempt; True when it begins a transfer, that is, a new recap."""
        known = self._newest.get(call_id)
        is_new = known is None or known[1] != order.recap
        transfer_id = secrets.token_hex(8) if known is None or is_new else known[0]
        self._newest[call_id] = (transfer_id, order.recap)
        attempt = Attempt(transfer_id, call_id, order)
        self._attempts[transfer_id, order.attempt] = attempt
        asyncio.get_running_loop().call_later(KEPT_S, self._forget, attempt)
        return attempt, is_new

    def find(self, transfer_id: str, number: int) -> Attempt | None:
        return self._attempts.get((transfer_id, number))

    def of_call(self, call_id: str, number: int) -> Attempt | None:
        """The attempt with this number; numbers are never used twice in a call."""
        return next((a for a in self._attempts.values() if (a.call_id, a.number) == (call_id, number)), None)

    def is_known_leg(self, sid: str) -> bool:
        return any(attempt.agent_sid == sid for attempt in self._attempts.values())

    def _forget(self, attempt: Attempt) -> None:
        self._attempts.pop((attempt.transfer_id, attempt.number), None)
        if self._newest.get(attempt.call_id, ("", None))[0] == attempt.transfer_id:
            del self._newest[attempt.call_id]
