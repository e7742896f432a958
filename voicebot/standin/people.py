"""How the people behave whom the bot rings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Pickup(Enum):
    """What happens when the phone rings."""

    PICKS_UP = "picks_up"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILS = "fails"
    MAILBOX = "mailbox"


@dataclass(frozen=True, slots=True)
class Person:
    """One agent at a telephone. Times are seconds of the stand-in's clock."""

    pickup: Pickup = Pickup.PICKS_UP
    rings_s: float = 2.0
    """time until the phone is picked up, or until busy or failure is told"""
    key: str = "1"
    """pressed at a question; "" presses nothing"""
    key_after_s: float | None = None
    """seconds into the question; None waits until everything has been said"""
    hangs_up_after_s: float | None = None
    """seconds after picking up, whatever goes on; None stays"""
    talks_s: float = 3.0
    """length of the conversation with the caller, until the agent hangs up"""


PEOPLE: dict[str, Person] = {
    "accepts": Person(),
    "accepts_at_once": Person(key_after_s=0.3),
    "declines": Person(key="2"),
    "no_key": Person(key=""),
    "wrong_key": Person(key="7"),
    "busy": Person(pickup=Pickup.BUSY, rings_s=0.5),
    "no_answer": Person(pickup=Pickup.NO_ANSWER),
    "fails": Person(pickup=Pickup.FAILS, rings_s=0.5),
    "mailbox": Person(pickup=Pickup.MAILBOX, rings_s=4.0, key=""),
    "hangs_up": Person(key="", hangs_up_after_s=1.0),
    "slow": Person(rings_s=12.0),
}
"""ready-made behaviours by name, for scripts"""


def person(name: str, **changes: float | str) -> Person:
    """A ready-made behaviour, with changes. Raises KeyError for an unknown name."""
    return replace(PEOPLE[name], **changes)  # type: ignore[arg-type]
