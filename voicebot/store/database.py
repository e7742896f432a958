"""The database: an engine, one session per task, migrations.

SQLite by default, PostgreSQL by URL. SQLite runs in WAL mode, waits for a busy writer and
takes the write lock at the start of a transaction, so that two writers queue up instead of
failing half way; transactions here are milliseconds long.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from voicebot.errors import ConfigError
from voicebot.store.models import Base

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 15


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
            options: dict[str, Any] = {}
            if parsed.get_backend_name() == "sqlite":
                options["connect_args"] = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
                if not parsed.database or parsed.database == ":memory:":
                    options["poolclass"] = StaticPool
                else:
                    _make_folder(Path(parsed.database).parent)
            else:
                options.update(pool_size=8, max_overflow=8, pool_pre_ping=True)
            self.engine: Engine = create_engine(parsed, **options)
        except ArgumentError as error:
            raise ConfigError(
                "DATABASE_URL cannot be understood.",
                remedy='Write it like "sqlite:///voicebot.db" or "postgresql+psycopg://host/name".',
            ) from error
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        with self._sessions() as session, session.begin():
            yield session

    def lock_for_writing(self, session: Session, table: type[Base]) -> None:
        """Let no other writer of this table in before this transaction ends; readers go on.

        SQLite has locked already, when the transaction began.
        """
        if not self.is_sqlite:
            session.execute(text(f"LOCK TABLE {table.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))

    def migrate(self) -> None:
        """Bring the tables to this version of the program. Raises ConfigError when out of reach."""
        logging.getLogger("alembic").setLevel(logging.WARNING)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        try:
            with self.engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except OperationalError as error:
            raise ConfigError(
                f"The database cannot be reached: {type(error.orig).__name__}.",
                remedy="Check DATABASE_URL, that the server runs, and that its folder can be written.",
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


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
