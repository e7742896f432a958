"""Questions to the business systems that are not answered yet."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.dialogue.api import Fetch


@dataclass(slots=True)
class _Pending:
    fetch: Fetch
    late_ms: int
    deadline_ms: int
    is_told_late: bool = False


class Requests:
    """Keeps time for each request: exactly one answer is let through, however many come."""

    def __init__(self, grace_ms: int) -> None:
        self._grace_ms = grace_ms
        self._pending: dict[int, _Pending] = {}

    @property
    def is_pending(self) -> bool:
        return bool(self._pending)

    @property
    def is_writing(self) -> bool:
        """Something is being booked: it must be known to have happened before anything else does."""
        return any(p.fetch.is_write for p in self._pending.values())

    def add(self, fetch: Fetch, now_ms: int) -> None:
        self._pending[fetch.request_id] = _Pending(
            fetch, now_ms + fetch.late_after_ms, now_ms + fetch.timeout_ms + self._grace_ms
        )

    def settle(self, request_id: int) -> bool:
        """An answer came; False when nobody waits for it."""
        return self._pending.pop(request_id, None) is not None

    def drop(self) -> None:
        self._pending.clear()

    def take_late(self, now_ms: int) -> list[int]:
        """Requests that have become late since the last time."""
        late = [i for i, p in self._pending.items() if not p.is_told_late and p.late_ms <= now_ms]
        for request_id in late:
            self._pending[request_id].is_told_late = True
        return late

    def take_overdue(self, now_ms: int) -> list[int]:
        """Requests nobody will answer any more; they are forgotten."""
        overdue = [i for i, p in self._pending.items() if p.deadline_ms <= now_ms]
        for request_id in overdue:
            del self._pending[request_id]
        return overdue

    def due_ms(self, *, counts_late: bool) -> int | None:
        """When a request will become overdue, or late where that matters now."""
        due = [p.deadline_ms for p in self._pending.values()]
        if counts_late:
            due += [p.late_ms for p in self._pending.values() if not p.is_told_late]
        return min(due, default=None)
