"""Tables on SQLite here, and on PostgreSQL where one can be started."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from voicebot.errors import ConfigError
from voicebot.store.database import Database
from voicebot.store.models import Base, Customer


def test_the_migrations_make_the_tables_the_program_expects(database: Database) -> None:
    with database.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_twice_changes_nothing(database: Database) -> None:
    database.migrate()


def test_an_error_leaves_nothing_behind(database: Database) -> None:
    def fails_half_way() -> None:
        with database.session() as session:
            session.add(Customer(id="c", title="x", account="1", language="zh", accepts_messages=True))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_half_way()
    with database.session() as session:
        assert session.get(Customer, "c") is None


@pytest.mark.parametrize("url", ["", "nonsense", "://"])
def test_a_url_that_is_none_is_refused_with_a_way_out(url: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Database(url)


def test_a_folder_that_cannot_be_written_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ConfigError, match="database"):
        Database(f"sqlite:///{tmp_path}/file/x.db").migrate()
