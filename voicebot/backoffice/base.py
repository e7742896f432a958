"""The business systems, behind one method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from voicebot.events import Value


class BackOffice(Protocol):
    """Orders, payments, customers: whatever the dialplan's operations name."""

    async def perform(
        self, operation: str, arguments: Mapping[str, Value], *, idempotency_key: str | None = None
    ) -> Value:
        """Carry out one operation of `operations.yaml`.

        Returns what the operation declares: a record (dict), a list of records, or None.
        A write repeated with the same key returns the first result and changes nothing.
        Raises BackOfficeError, whose code the dialplan can branch on. The caller of this
        method applies the time-out; cancellation must leave no half-written data.
        """
        ...
