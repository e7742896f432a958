"""A little language for the tests of dialplans: the shop line, changed in one place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from voicebot import dialplan_files
from voicebot.dialplan import check, load
from voicebot.dialplan.load import Draft, Loaded

HERE = Path(__file__).parent
LINES = HERE / "lines"
VOICES = frozenset({"nuan", "joe"})


@lru_cache(maxsize=1)
def _shop() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    files, problems = dialplan_files.read_folders(LINES, "shop")
    assert not problems
    return tuple((folder, tuple(texts.items())) for folder, texts in files.items())


def shop_files() -> dict[str, dict[str, str]]:
    """Texts of the shop line and of what it includes; free to change."""
    return {folder: dict(texts) for folder, texts in _shop()}


def checked(files: Mapping[str, Mapping[str, str]], line: str = "shop") -> Loaded:
    """Load and check one line from texts, with short paths in messages."""
    return check.checked(load.load(files, line, root=""), voices=VOICES)


def case_files(snippet: str) -> dict[str, dict[str, str]]:
    """A line called `case` that is the shop with a few lines of its own.

    snippet: flow.yaml, unless a line like `# prompts.zh.yaml` begins another file.
    A snippet that writes `line:` is the whole head.
    """
    own: dict[str, str] = {}
    name = "flow.yaml"
    for text in snippet.splitlines():
        if text.startswith("# ") and text.endswith(".yaml"):
            name = text.removeprefix("# ")
        else:
            own[name] = own.get(name, "") + text + "\n"
    flow = own.get("flow.yaml", "")
    if "line: case" not in flow:
        own["flow.yaml"] = f"line: case\ninclude: [shop]\n{flow}"
    return {**shop_files(), "case": own}


def shop() -> Loaded:
    return checked(shop_files())


def draft_of(snippet: str = "") -> Draft:
    """The draft of the shop with a few lines of its own."""
    draft = checked(case_files(snippet), "case").draft
    assert draft is not None
    return draft
