"""The demo back office in memory, for calls in text: filled anew for each, gone with the program."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from voicebot.backoffice import data
from voicebot.backoffice.demo import DemoBackOffice
from voicebot.events import Request, Value
from voicebot.store.database import Database
from voicebot.store.threads import Workers

DEMO_DATA = Path(data.__file__).with_name("demo_data.yaml")


class DemoShop:
    """One shop of one moment. `perform` is what a text call needs; nothing outlives `close`."""

    def __init__(self, now: datetime, file: Path | None = None) -> None:
        """now: the shop's wall clock, which stands still. file: other data than the demo's."""
        logging.getLogger("alembic").setLevel(logging.WARNING)
        path = file or DEMO_DATA
        self._database = Database("sqlite://")
        self._runner = asyncio.Runner()
        self._workers = Workers(1)
        self._database.migrate()
        data.load(self._database, path.read_text(encoding="utf-8"), file=str(path), now=now)
        self._office = DemoBackOffice(self._database, self._workers, lambda: now)
        with self._raw() as raw:
            self._filled = raw.serialize()

    def perform(self, request: Request) -> Value:
        """Carry out one operation. Raises BackOfficeError."""
        return self._runner.run(
            self._office.perform(
                request.operation, dict(request.arguments), idempotency_key=request.idempotency_key
            )
        )

    def read(self, operation: str, arguments: Mapping[str, Value]) -> Value:
        """The same, for something that changes nothing."""
        return self._runner.run(self._office.perform(operation, arguments))

    def fill_anew(self) -> None:
        """As if nothing had been done since it was opened."""
        with self._raw() as raw:
            raw.deserialize(self._filled)

    def close(self) -> None:
        self._workers.close()
        self._runner.close()
        self._database.close()

    def __enter__(self) -> DemoShop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _raw(self) -> Any:
        return _Raw(self._database)


class _Raw:
    """The one connection of a database in memory, for copying it whole."""

    def __init__(self, database: Database) -> None:
        self._connection = database.engine.raw_connection()

    def __enter__(self) -> sqlite3.Connection:
        raw = self._connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        return raw

    def __exit__(self, *_: object) -> None:
        self._connection.close()
