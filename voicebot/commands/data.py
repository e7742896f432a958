"""`voicebot data`: fill the demo back office, look into it, bring its tables up to date."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from voicebot.backoffice import data
from voicebot.commands.settings import load_settings
from voicebot.errors import ConfigError
from voicebot.store.database import Database
from voicebot.store.models import Base

DEMO_DATA = Path(data.__file__).with_name("demo_data.yaml")

data_app = typer.Typer(help="Fill and look into the demo back office.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(data_app, name="data")


def _open() -> Database:
    database = Database(load_settings().database_url)
    database.migrate()
    return database


@data_app.command()
def load(
    file: Annotated[Path | None, typer.Argument(help="YAML file; without one, the demo data.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a data file and load it; all mistakes are shown, and then nothing is loaded."""
    path = file or DEMO_DATA
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}.") from error
    database = _open()
    try:
        now = datetime.now()  # noqa: DTZ005 - the business's local time
        counts = data.load(database, text, file=str(path), now=now)
    finally:
        database.close()
    if as_json:
        typer.echo(json.dumps(counts))
        return
    typer.echo(f"{path}: loaded " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")


@data_app.command()
def show(as_json: AsJson = False) -> None:
    """Count the rows of each table."""
    database = _open()
    try:
        with database.session() as session:
            counts = {
                name: session.scalar(select(func.count()).select_from(table)) or 0
                for name, table in sorted(Base.metadata.tables.items())
            }
    finally:
        database.close()
    if as_json:
        typer.echo(json.dumps(counts))
        return
    for name, count in counts.items():
        typer.echo(f"{count:>8}  {name}")


@data_app.command()
def migrate() -> None:
    """Bring the tables to this version of the program."""
    _open().close()
    typer.echo("The tables are up to date.")
