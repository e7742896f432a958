"""The arrows point inwards: the heart imports no edge, and no edge imports another.

Read from the source with `ast`, also inside functions and under `if TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parent.parent / "voicebot"

HEART = {
    "voicebot",
    "events",
    "errors",
    "audio",
    "mediastream",
    "turns",
    "keypad",
    "playout",
    "transfer",
    "call",
    "virtual",
    "language",
    "dialplan",
    "dialogue",
    # file formats without files: bytes and text in, bytes and text out
    "wav",
    "eventlog",
    "masking",
    "phones",
    # contracts between edges and the heart, and words for errors
    "ports",
    "faults",
}
"""modules and packages; `call_*` and `transfer_*` belong to them"""

TOGETHER = {"engine_pool": "driver", "switchboard": "driver"}
"""modules that belong to an edge of another name"""

EXCEPTIONS = {("vocabulary.py", "logging"): "silences a library that logs while it is imported"}

PROGRAMS = {"app", "__main__", "bench", "commands", "demo", "record_fixtures", "settings"}
"""know every concrete class; nobody imports them but each other"""

PURE_LIBRARIES = {"numpy", "rapidfuzz", "yaml", "pypinyin", "opencc", "wetext", "jionlp", "cn2an"}

NEIGHBOURS = {("backoffice", "store"): "the demo back office keeps its records in the store's tables"}
"""(edge, edge it may import) -> why; every entry is a debt"""

CONTRACTS = {"voicebot.engines.base", "voicebot.backoffice.base"}
"""protocols any edge may name"""

FORBIDDEN_STANDARD = {
    "asyncio",
    "concurrent",
    "threading",
    "multiprocessing",
    "queue",
    "socket",
    "socketserver",
    "ssl",
    "select",
    "selectors",
    "http",
    "urllib",
    "time",
    "sched",
    "random",
    "secrets",
    "os",
    "pathlib",
    "shutil",
    "tempfile",
    "glob",
    "subprocess",
    "signal",
    "sqlite3",
    "logging",
}
"""clocks, chance, threads, files and networks"""

FORBIDDEN_CALLS = {"open", "input", "print", "now", "today", "utcnow"}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p.read_text(encoding="utf-8").strip())


def part_of(path: Path) -> str:
    """The part of the package a file belongs to: "call", "carrier", "dialogue" ..."""
    relative = path.relative_to(PACKAGE)
    if relative == Path("__init__.py"):
        return "voicebot"
    name = relative.parts[0].removesuffix(".py")
    for stem in ("call", "transfer", "driver"):
        if name.startswith(stem + "_"):
            return stem
    return TOGETHER.get(name, name)


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, dotted name) of everything a file imports."""
    found: list[tuple[int, str]] = []
    package = ["voicebot", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [
                (node.lineno, f"{module}.{alias.name}" if module == "voicebot" else module)
                for alias in node.names
            ]
    return found


def complaints_about_heart(path: Path) -> list[str]:
    wrong = []
    for line, name in imports(path):
        top, _, rest = name.partition(".")
        if top == "voicebot":
            part = part_of(PACKAGE / f"{rest.partition('.')[0]}.py") if rest else ""
            if part and part not in HEART and not part.startswith("_"):
                wrong.append(f"{path.name}:{line} imports the edge {name}")
        elif (path.name, top) in EXCEPTIONS:
            continue
        elif top in FORBIDDEN_STANDARD:
            wrong.append(f"{path.name}:{line} imports {name}: no I/O, clock, threads or chance in the heart")
        elif top not in sys.stdlib_module_names and top not in PURE_LIBRARIES:
            wrong.append(f"{path.name}:{line} imports {name}, which is not a pure text library")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            is_method = isinstance(node.func, ast.Attribute) and not (
                isinstance(node.func.value, ast.Name) and node.func.value.id in ("io", "builtins")
            )
            if called in FORBIDDEN_CALLS and not (called in ("open", "input", "print") and is_method):
                wrong.append(f"{path.name}:{node.lineno} calls {called}()")
    return wrong


def complaints_about_edge(path: Path) -> list[str]:
    own = part_of(path)
    wrong = []
    for line, name in imports(path):
        top, _, rest = name.partition(".")
        part = part_of(PACKAGE / f"{rest.partition('.')[0]}.py") if rest else ""
        if top == "voicebot" and part and part not in HEART and part != own and name not in CONTRACTS:
            if (own, part) in NEIGHBOURS:
                continue
            wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {name}, another edge")
    return wrong


@pytest.mark.parametrize("path", [p for p in modules() if part_of(p) in HEART], ids=lambda p: p.name)
def test_the_heart_reaches_nothing_outside(path: Any) -> None:
    assert complaints_about_heart(path) == []


@pytest.mark.parametrize(
    "path", [p for p in modules() if part_of(p) not in HEART | PROGRAMS], ids=lambda p: p.name
)
def test_edges_do_not_import_one_another(path: Any) -> None:
    assert complaints_about_edge(path) == []


@pytest.mark.parametrize(
    ("source", "is_fine"),
    [
        ("import numpy as np", True),
        ("from voicebot.events import Event", True),
        ("from datetime import datetime", True),
        ("keypad.open(keys)", True),  # a method of ours, not the file opener
        ("import asyncio", False),
        ("from time import monotonic", False),
        ("import os.path", False),
        ("def f():\n    import random", False),  # hidden in a function
        ("from voicebot.carrier import socket", False),
        ("from voicebot import store", False),
        ("import httpx", False),
        ("open('x')", False),
        ("import io\nio.open('x')", False),
        ("import io\nio.StringIO()", True),
        ("datetime.now()", False),
        ("date.today()", False),
    ],
)
def test_this_test_can_fail(tmp_path: Any, monkeypatch: Any, source: Any, is_fine: Any) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    path = tmp_path / "turns.py"
    path.write_text(source)
    assert (complaints_about_heart(path) == []) is is_fine


def test_an_edge_that_reaches_over_is_caught(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    path = tmp_path / "recorder.py"
    path.write_text("from voicebot.carrier.rest import hang_up\nfrom voicebot.engines.base import Recogniser")
    assert len(complaints_about_edge(path)) == 1
