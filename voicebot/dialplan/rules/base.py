"""What a rule is, and the register of all rules.

A rule is one function that looks at a draft and yields what is wrong. Its registration says
why the mistake matters to a caller and shows one script that fails and one that passes; the
manual for script writers is made from these, and a test runs both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import Place, Prompt
from voicebot.dialplan.report import ERROR, WARNING, nearest


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found."""

    place: Place
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule may know beside the dialplan itself."""

    voices: frozenset[str] | None = None
    """personas there are; None when that is not known"""


Look = Callable[[Draft, Surroundings], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule and its manual."""

    name: str
    severity: str
    why: str
    """what a caller would have to suffer"""
    fails: str
    """a few lines of script that break it"""
    passes: str
    """the same lines, mended"""
    look: Look


RULES: dict[str, Rule] = {}
"""All rules by name, in the order of their files."""


def rule(name: str, *, why: str, fails: str, passes: str, warns: bool = False) -> Callable[[Look], Look]:
    """Register a rule."""

    def register(look: Look) -> Look:
        assert name not in RULES, f"two rules are called {name}"
        RULES[name] = Rule(
            name, WARNING if warns else ERROR, why, fails.strip("\n"), passes.strip("\n"), look
        )
        return look

    return register


def all_prompts(draft: Draft, language: str) -> Iterator[Prompt]:
    """Everything the bot can say in one language, answers of the knowledge file too."""
    yield from draft.dialplan.prompts.get(language, {}).values()
    for entry in draft.dialplan.knowledge.get(language, ()):
        yield entry.answer


def meant(draft: Draft, kind: str, known: Iterable[str]) -> set[str]:
    """Names that a misspelt reference probably means: to call them unused too would be noise."""
    names = set(known)
    missing = [ref.name for ref in draft.references if ref.kind == kind and ref.name not in names]
    return {near for name in missing for near in nearest(name, names)}
