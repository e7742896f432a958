"""What every back office on our own tables does alike: find the operation, run it, do nothing twice.

Reads are plain queries. Every write runs in one transaction together with its line in the
ledger (`actions`), whose primary key is the idempotency key: the same key can take effect
once, whoever else tries at the same moment, and a repetition is given the first result.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from voicebot.backoffice.records import Record, thaw
from voicebot.errors import BackOfficeError
from voicebot.events import Value
from voicebot.store.calls import plain
from voicebot.store.database import Database
from voicebot.store.models import Action
from voicebot.store.threads import Workers

HIDDEN = "***"
ATTEMPTS = 3
LONGEST_KEY = 80
"""characters of a key in the ledger"""


class TableBackOffice:
    """Fits `BackOffice`. A subclass fills `_reads` and `_writes`: name -> function of a session."""

    secret_arguments: ClassVar[frozenset[str]] = frozenset()
    """arguments that the ledger must not keep"""

    def __init__(self, database: Database, workers: Workers, clock: Callable[[], datetime]) -> None:
        """clock: the business's local time; injected, so that demos and tests choose their day."""
        self._database = database
        self._workers = workers
        self._clock: Callable[[], datetime] = lambda: clock().replace(microsecond=0)
        self._reads: dict[str, Callable[..., Value]] = {}
        self._writes: dict[str, Callable[..., Record]] = {}

    @property
    def operations(self) -> dict[str, dict[str, bool]]:
        """Everything it can do: the arguments of each operation, True where one is required."""
        return {name: _arguments_of(function) for name, function in (self._reads | self._writes).items()}

    async def perform(
        self, operation: str, arguments: Mapping[str, Value], *, idempotency_key: str | None = None
    ) -> Value:
        """Carry out one operation; see `BackOffice.perform`."""
        if operation not in self._reads and operation not in self._writes:
            raise BackOfficeError(f"The demo back office has no operation {operation!r}.", code="invalid")
        given, key = dict(arguments), idempotency_key or ""
        if operation in self._writes:
            if not key:
                raise BackOfficeError(f"{operation} changes something and needs a key.", code="invalid")
            _check_arguments(operation, self._writes[operation], given)
            return await self._workers.run(lambda: self._write(operation, given, key))
        _check_arguments(operation, self._reads[operation], given)
        return await self._workers.run(lambda: self._read(operation, given))

    def _read(self, operation: str, arguments: dict[str, Value]) -> Value:
        try:
            with self._database.reading() as session:
                return self._reads[operation](session, **arguments)
        except SQLAlchemyError as error:
            raise _out_of_order(operation, error) from error

    def _write(self, operation: str, arguments: dict[str, Value], key: str) -> Value:
        for _ in range(ATTEMPTS):
            try:
                with self._database.session() as session:
                    self._database.lock_for_writing(session, Action)
                    return self._write_once(session, operation, arguments, key)
            except IntegrityError:
                # Somebody did the same at the same moment: their result, or a plain refusal, is read next.
                continue
            except SQLAlchemyError as error:
                raise _out_of_order(operation, error) from error
        raise BackOfficeError(f"{operation} could not be settled.", code="unavailable")

    def _write_once(self, session: Session, operation: str, arguments: dict[str, Value], key: str) -> Value:
        ledger_key = _ledger_key(key)
        kept = plain(
            {name: HIDDEN if name in self.secret_arguments else arguments[name] for name in arguments}
        )
        before = session.get(Action, ledger_key)
        if before is not None:
            if (before.operation, before.arguments) != (operation, kept):
                raise BackOfficeError(
                    f"The key of this {operation} was used before for something else.", code="invalid"
                )
            return thaw(before.result)
        result = self._writes[operation](session, **arguments)
        done_at = self._clock()
        session.add(
            Action(key=ledger_key, operation=operation, arguments=kept, result=plain(result), done_at=done_at)
        )
        return result


def _check_arguments(operation: str, function: Callable[..., Value], arguments: dict[str, Value]) -> None:
    """Before anything is done: a TypeError from inside an operation is a mistake of ours."""
    accepted = _arguments_of(function)
    unknown = ", ".join(sorted(set(arguments) - set(accepted)))
    if unknown:
        raise BackOfficeError(f"{operation} has no argument {unknown}.", code="invalid")
    missing = ", ".join(name for name in accepted if accepted[name] and arguments.get(name) is None)
    if missing:
        raise BackOfficeError(f"{operation} needs {missing}.", code="invalid")


def _arguments_of(function: Callable[..., Value]) -> dict[str, bool]:
    """Its arguments beside the session; True where one is required."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {one.name: one.default is inspect.Parameter.empty for one in parameters}


def _ledger_key(key: str) -> str:
    """As it stands in the ledger: keys of any length fit."""
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _out_of_order(operation: str, error: SQLAlchemyError) -> BackOfficeError:
    return BackOfficeError(f"{operation}: the database failed ({type(error).__name__}).", code="unavailable")
