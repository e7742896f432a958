"""Dialplans on disk: folders to texts, texts to checked dialplans, examples to their meanings.

Used by everything that serves, tries or checks a line. The heart reads no files; this does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from voicebot.dialplan import check, load, report
from voicebot.dialplan.model import Dialplan, Intent, Knowledge, Phrases, Place
from voicebot.dialplan.report import ERROR, Problem
from voicebot.engines.base import Embedder
from voicebot.events import Vector

MAX_BYTES = 2_000_000
"""of one file; a dialplan needs far less"""

_FOLDER = re.compile(r"\w[\w-]*\Z")
"""one plain name: an include never leaves the folder of dialplans"""


def read_line(
    dialplans_dir: Path, line: str, *, voices_dir: Path | None, embedder: Embedder | None
) -> Dialplan:
    """One hotline, checked and ready to serve.

    voices_dir: where persona files are; None leaves the voices unchecked.
    embedder: gives examples their meanings; None for programs that need none.
    Raises DialplanError that lists every error of the line.
    """
    loaded = check_line(dialplans_dir, line, voices_dir=voices_dir)
    if loaded.dialplan is None:
        raise report.failure(loaded.problems)
    return with_meanings(loaded.dialplan, embedder)


def read_all(
    dialplans_dir: Path, *, voices_dir: Path | None, embedder: Embedder | None
) -> dict[str, Dialplan]:
    """Every hotline under a folder, by line.

    Raises DialplanError that lists every error of every line.
    """
    lines = line_names(dialplans_dir)
    loaded = {line: check_line(dialplans_dir, line, voices_dir=voices_dir) for line in lines}
    problems = [problem for one in loaded.values() for problem in one.problems]
    dialplans = {line: one.dialplan for line, one in loaded.items() if one.dialplan is not None}
    problems += check.between_lines(dialplans)
    if not lines:
        problems.append(
            _problem(
                Place(_shown(dialplans_dir), 1, 1),
                "there is no dialplan here",
                "make a folder with a flow.yaml that says line: and its own name",
                "no-line",
            )
        )
    if any(problem.is_error for problem in problems):
        raise report.failure(report.tidy(problems))
    known: dict[str, Vector] = {}
    return {line: with_meanings(dialplan, embedder, known) for line, dialplan in dialplans.items()}


def check_line(dialplans_dir: Path, line: str, *, voices_dir: Path | None) -> load.Loaded:
    """Read and check one line; problems, warnings too, are in the result."""
    files, problems = read_folders(dialplans_dir, line)
    loaded = load.load(files, line, root=_shown(dialplans_dir) + "/")
    if problems:
        return replace(loaded, dialplan=None, problems=report.tidy([*problems, *loaded.problems]), draft=None)
    return check.checked(loaded, voices=None if voices_dir is None else voice_names(voices_dir))


def line_names(dialplans_dir: Path) -> tuple[str, ...]:
    """Folders that are hotlines, not parts for including."""
    found = []
    for path in sorted(dialplans_dir.glob("*/flow.yaml")):
        text, _ = _text(path, "")
        if text is None or load.is_line(text):
            found.append(path.parent.name)
    return tuple(found)


def voice_names(voices_dir: Path) -> frozenset[str]:
    """Personas that can be named in `voices:`."""
    return frozenset(path.stem for path in voices_dir.glob("*.yaml"))


def read_folders(dialplans_dir: Path, line: str) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """Texts of a line's folder and of every folder it includes, by folder and path within it."""
    files: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    waiting = [line]
    while waiting:
        folder = waiting.pop()
        if folder in files or not _FOLDER.match(folder) or not (dialplans_dir / folder).is_dir():
            continue
        files[folder] = {}
        for path in sorted((dialplans_dir / folder).rglob("*")):
            within = path.relative_to(dialplans_dir / folder)
            if path.suffix not in (".yaml", ".yml") or any(part.startswith(".") for part in within.parts):
                continue
            text, problem = _text(path, f"{_shown(dialplans_dir)}/{folder}/{within.as_posix()}")
            if problem is not None:
                problems.append(problem)
            if text is not None:
                files[folder][within.as_posix()] = text
        waiting += load.included(files[folder].get("flow.yaml", ""))
    return files, problems


def _text(path: Path, shown: str) -> tuple[str | None, Problem | None]:
    place = Place(shown, 1, 1)
    try:
        data = path.read_bytes()
    except OSError as error:
        return None, _problem(
            place, f"cannot be read: {error.strerror}", "check the file's rights", "unreadable-file"
        )
    if len(data) > MAX_BYTES:
        return None, _problem(place, "the file is too large", "split it into smaller files", "too-large")
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        return None, _problem(
            Place(shown, line, column),
            f"the file is not UTF-8{_likely_encoding(data)}",
            "save it as UTF-8 in your editor",
            "not-utf8",
        )


def _likely_encoding(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ", it looks like UTF-16"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return ", it looks like GBK"


def _shown(folder: Path) -> str:
    """The folder as it is written in messages: from here, where that is short."""
    try:
        return folder.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return folder.as_posix()


def _problem(place: Place, message: str, remedy: str, rule: str) -> Problem:
    return Problem(place, ERROR, message, remedy, rule)


# --- Meanings ----------------------------------------------------------------------------


def with_meanings(
    dialplan: Dialplan, embedder: Embedder | None, known: dict[str, Vector] | None = None
) -> Dialplan:
    """The dialplan with a sentence vector beside every example, question and out-of-scope sentence.

    known: vectors already made, shared between lines; filled here.
    """
    if embedder is None:
        return dialplan
    made = {} if known is None else known

    def meaning(text: str) -> Vector:
        if text not in made:
            made[text] = embedder.embed(text)
        return made[text]

    return replace(
        dialplan,
        phrases={language: _phrases(phrases, meaning) for language, phrases in dialplan.phrases.items()},
        knowledge={
            language: tuple(_knowledge(entry, meaning) for entry in entries)
            for language, entries in dialplan.knowledge.items()
        },
    )


def _phrases(phrases: Phrases, meaning: Callable[[str], Vector]) -> Phrases:
    intents: Mapping[str, Intent] = {
        name: replace(intent, vectors=tuple(meaning(text) for text in intent.examples))
        for name, intent in phrases.intents.items()
    }
    outside = tuple(meaning(text) for text in phrases.out_of_scope)
    return replace(phrases, intents=intents, out_of_scope_vectors=outside)


def _knowledge(entry: Knowledge, meaning: Callable[[str], Vector]) -> Knowledge:
    return replace(entry, vectors=tuple(meaning(text) for text in entry.questions))
