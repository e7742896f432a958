"""The database: an engine, one session per task, migrations.

SQLite by default, PostgreSQL by URL. SQLite runs in WAL mode: readers never wait. Writers wait
for each other and take the write lock at the start of a transaction, so that two of them queue
up instead of failing half way; transactions here are milliseconds long.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from voicebot.errors import ConfigError
from voicebot.store.models import Base

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 15
CONNECT_TIMEOUT_S = 5
_MIGRATING = 0x766F696365
"""number of the PostgreSQL lock under which tables are changed: "voice" in ASCII"""


class Database:
    """One engine for the process; sessions are short and belong to one task each."""

    def __init__(self, url: str) -> None:
        """url: SQLAlchemy's, such as "sqlite:///voicebot.db" or "postgresql+psycopg://host/name".

        Raises ConfigError when it cannot be understood.
        """
        try:
            parsed = make_url(url)
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            # Parameters of a statement may be a caller's number: no error repeats them.
            options: dict[str, Any] = {"hide_parameters": True}
            # One connection for all threads, so one transaction at a time.
            self._one_at_a_time: threading.Lock | None = None
            if parsed.get_backend_name() == "sqlite":
                options["connect_args"] = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
                if not parsed.database or parsed.database == ":memory:":
                    options["poolclass"] = StaticPool
                    self._one_at_a_time = threading.Lock()
                else:
                    _make_folder(Path(parsed.database).parent)
            else:
                options["connect_args"] = {"connect_timeout": CONNECT_TIMEOUT_S}
                options.update(pool_size=8, max_overflow=8, pool_pre_ping=True)
            self.engine: Engine = create_engine(parsed, **options)
        except (ArgumentError, ImportError) as error:
            raise ConfigError(
                "DATABASE_URL cannot be understood.",
                remedy='Write it like "sqlite:///voicebot.db" or "postgresql+psycopg://host/name".',
            ) from error
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        reading: dict[str, Any] = {"is_reading": True}
        if not self.is_sqlite:
            reading.update(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._reading_sessions = sessionmaker(
            self.engine.execution_options(**reading), expire_on_commit=False
        )

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        with self._one_at_a_time or nullcontext(), self._sessions() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One view of the data that stays the same throughout, and keeps no writer waiting."""
        with self._one_at_a_time or nullcontext(), self._reading_sessions() as session, session.begin():
            yield session

    def lock_for_writing(self, session: Session, table: type[Base]) -> None:
        """Let no other writer of this table in before this transaction ends; readers go on.

        SQLite has locked already, when the transaction began.
        """
        if not self.is_sqlite:
            session.execute(text(f"LOCK TABLE {table.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))

    def migrate(self) -> None:
        """Bring the tables to this version of the program; several servers may start at once.

        Raises ConfigError when the database is out of reach, is none, or is newer than the program.
        """
        logging.getLogger("alembic").setLevel(logging.WARNING)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        try:
            with self.engine.begin() as connection:
                if not self.is_sqlite:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigError(
                "The database has tables of another version of this program.",
                remedy="Run the version that wrote it, or point DATABASE_URL to another database.",
            ) from error
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise ConfigError(
                f"The database cannot be used: {type(cause).__name__}.",
                remedy="Check DATABASE_URL, that the server runs and lets this user in, or that the file "
                "is a database and its folder can be written.",
            ) from error

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder of the database, {folder}, cannot be made: {error.strerror}.",
            remedy="Point DATABASE_URL to a place that can be written.",
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
