"""The hotline's own memory: calls, their journals, and what agents are told."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from voicebot.events import CallStarted, Recap
from voicebot.ports import Handoff, JournalEntry
from voicebot.store.database import Database
from voicebot.store.models import Call, HandoffRow, Turn
from voicebot.store.threads import Workers

log = logging.getLogger(__name__)


def plain(value: Any) -> Any:
    """As JSON keeps it: dates become ISO text."""
    return json.loads(json.dumps(value, default=_iso))


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


class SqlCallLog:
    """Writes calls and their journal lines. Fits `ports.CallLog`."""

    def __init__(self, database: Database, workers: Workers) -> None:
        self._database = database
        self._workers = workers

    async def begin(self, started: CallStarted, line: str) -> None:
        await self._workers.run(lambda: self._begin(started, line))

    async def write(self, call_id: str, entries: Sequence[JournalEntry]) -> None:
        await self._workers.run(lambda: self._write(call_id, entries))

    def _begin(self, started: CallStarted, line: str) -> None:
        with self._database.session() as session:
            if session.get(Call, started.call_id) is None:
                session.add(
                    Call(
                        id=started.call_id,
                        line=line,
                        ani=started.ani,
                        dnis=started.dnis,
                        started_at=started.started_at,
                        seed=started.seed,
                        outcome="",
                        turns=0,
                    )
                )

    def _write(self, call_id: str, entries: Sequence[JournalEntry]) -> None:
        with self._database.session() as session:
            call = session.get(Call, call_id)
            if call is None:
                log.error(
                    "E-STORE-CALL call=%s: %d journal lines of a call that was never begun.",
                    call_id,
                    len(entries),
                )
                return
            last = session.scalar(select(func.max(Turn.number)).where(Turn.call_id == call_id))
            number = 0 if last is None else last
            for entry in entries:
                number += 1
                kind, data = entry.journal.kind, plain(dict(entry.journal.data))
                session.add(Turn(call_id=call_id, number=number, at_ms=entry.at_ms, kind=kind, data=data))
                if kind == "turn":
                    call.turns += 1
                if kind == "outcome":
                    call.outcome = str(data.get("outcome", ""))[:40]
                    call.ended_at = call.started_at + timedelta(milliseconds=entry.at_ms)

    async def recent_call(self, ani: str, *, before: datetime, within: timedelta) -> Call | None:
        """The last call this number made before that moment, or None; "" is nobody's number."""
        return await self._workers.run(lambda: self._recent_call(ani, before, within)) if ani else None

    def _recent_call(self, ani: str, before: datetime, within: timedelta) -> Call | None:
        with self._database.reading() as session:
            return session.scalars(
                select(Call)
                .where(Call.ani == ani, Call.started_at < before, Call.started_at >= before - within)
                .order_by(Call.started_at.desc())
                .limit(1)
            ).first()


class SqlHandoffStore:
    """Keeps handoffs. Fits `ports.HandoffStore`."""

    def __init__(self, database: Database, workers: Workers) -> None:
        self._database = database
        self._workers = workers

    async def save(self, handoff: Handoff) -> None:
        await self._workers.run(lambda: self._save(handoff))

    async def load(self, handoff_id: str) -> Handoff | None:
        return await self._workers.run(lambda: self._load(handoff_id))

    def _save(self, handoff: Handoff) -> None:
        row = HandoffRow(
            id=handoff.id,
            call_id=handoff.call_id,
            created_at=handoff.created_at,
            queue=handoff.queue,
            recap=plain(asdict(handoff.recap)),
        )
        with self._database.session() as session:
            session.merge(row)

    def _load(self, handoff_id: str) -> Handoff | None:
        with self._database.reading() as session:
            row = session.get(HandoffRow, handoff_id)
            if row is None:
                return None
            given = dict(row.recap)
            given["done"] = tuple(given.get("done", ()))
            given["transcript"] = tuple((who, text) for who, text in given.get("transcript", ()))
            return Handoff(row.id, row.call_id, row.created_at, row.queue, Recap(**given))
