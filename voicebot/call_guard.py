"""Looks after what should never happen: dead air, and calls that never end."""

from __future__ import annotations

from enum import Enum

from voicebot.call_config import CallConfig

MOST_DEAD_AIR = 3
"""a dialogue that is stuck this often is beyond help: the call ends"""
LAST_MINUTE_MS = 60_000


class Alarm(Enum):
    DEAD_AIR = "E-CALL-DEAD-AIR"
    """nothing said, asked or awaited"""
    TOO_LONG = "E-CALL-LONG"
    BEYOND_HELP = "beyond_help"
    """told so before, and nothing came of it"""


class Guard:
    """Two clocks of one call."""

    def __init__(self, config: CallConfig) -> None:
        self._dead_air_ms = config.dead_air_ms
        self._dead_since: int | None = None
        self._dead_airs = 0
        self._ends_at = config.longest_call_ms
        self._is_last_minute = False

    def asked(self) -> None:
        """A question was put: the dialogue is alive."""
        self._dead_airs = 0

    def look(self, now_ms: int, *, is_dead: bool) -> None:
        """is_dead: nothing is being said, asked or awaited at this moment."""
        if not is_dead:
            self._dead_since = None
        elif self._dead_since is None:
            self._dead_since = now_ms

    def due_ms(self) -> int:
        dead_ms = self._dead_since + self._dead_air_ms if self._dead_since is not None else self._ends_at
        return min(self._ends_at, dead_ms)

    def alarm(self, now_ms: int, *, is_transferring: bool) -> Alarm | None:
        """What is wrong by now, told once."""
        if now_ms >= self._ends_at:
            self._ends_at = now_ms + LAST_MINUTE_MS
            if is_transferring:
                return None
            if self._is_last_minute:
                return Alarm.BEYOND_HELP
            self._is_last_minute = True
            return Alarm.TOO_LONG
        if self._dead_since is not None and now_ms >= self._dead_since + self._dead_air_ms:
            self._dead_since = None
            self._dead_airs += 1
            return Alarm.BEYOND_HELP if self._dead_airs >= MOST_DEAD_AIR else Alarm.DEAD_AIR
        return None
