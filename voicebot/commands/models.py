"""`voicebot models`: which speech models there are, and whether their files are whole."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from voicebot.commands.settings import load_settings
from voicebot.models import CATALOGUE, Model, ModelStore

AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON list.")]


def register(app: typer.Typer) -> None:
    """Add the command and its three actions."""
    models_app = typer.Typer(help="List, check and fetch speech models.", invoke_without_command=True)
    app.add_typer(models_app, name="models")

    @models_app.callback()
    def default(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            _list(as_json=False)

    @models_app.command("list")
    def list_command(as_json: AsJson = False) -> None:
        """Show every embedded model, its licence, size and state. Exit code 0."""
        _list(as_json=as_json)

    @models_app.command("check")
    def check_command(as_json: AsJson = False) -> None:
        """Read every file and compare its sha256. Exit codes: 0 all whole, 1 missing or wrong files."""
        store = _store()
        found = {name: store.problems(name, thorough=True) for name in CATALOGUE}
        if as_json:
            rows = [{**_row(CATALOGUE[name]), "problems": problems} for name, problems in found.items()]
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            for name, problems in found.items():
                typer.echo(f"{'BROKEN ' if problems else 'ok     '} {name}")
                for problem in problems:
                    typer.echo(f"        {problem}")
        if any(found.values()):
            typer.echo("`voicebot models fetch` puts missing and broken files right.", err=True)
            raise typer.Exit(1)

    @models_app.command("fetch")
    def fetch_command(
        names: Annotated[list[str] | None, typer.Argument(help="Which; all when none is named.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Assemble, download and check models; what is whole is left alone.

        Besides embedded names, a name of the model hub is fetched where the hub can be reached.
        Exit codes: 0 all there, 2 one cannot be had.
        """
        store = _store()
        rows = []
        for name in names or CATALOGUE:
            started = time.perf_counter()
            path = store.resolve(name, progress=lambda line: typer.echo(f"  {line}", err=True))
            rows.append({"name": name, "path": str(path)})
            if not as_json:
                typer.echo(f"{name}: {path} ({time.perf_counter() - started:.1f} s)")
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))


def _store() -> ModelStore:
    return ModelStore(load_settings().models_dir)


def _row(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "purpose": model.purpose,
        "licence": model.licence,
        "size_bytes": sum(file.size_bytes for file in model.files),
        "from": model.packages,
    }


def _list(*, as_json: bool) -> None:
    store = _store()
    rows = []
    for name, model in CATALOGUE.items():
        problems = store.problems(name)
        state = "ready" if not problems else "not assembled" if _is_absent(problems, model) else "broken"
        rows.append({**_row(model), "state": state})
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        size = f"{int(str(row['size_bytes'])) / 1e6:.0f} MB"
        typer.echo(f"{row['name']:<14} {row['state']:<14} {size:>7}  {row['purpose']}; {row['licence']}")


def _is_absent(problems: list[str], model: Model) -> bool:
    return len(problems) == len(model.files) and all(problem.endswith(": missing") for problem in problems)
