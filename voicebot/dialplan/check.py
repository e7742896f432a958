"""All rules over one dialplan, and what can only be seen between lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.dialplan.load import Loaded
from voicebot.dialplan.model import Dialplan
from voicebot.dialplan.report import ERROR, Problem, tidy
from voicebot.dialplan.rules.base import RULES, Surroundings


def checked(loaded: Loaded, *, voices: frozenset[str] | None = None) -> Loaded:
    """The same, held against every rule; the dialplan is gone when a rule finds an error.

    voices: personas there are; None leaves them unchecked.
    """
    if loaded.draft is None:
        return loaded
    around = Surroundings(voices)
    problems = list(loaded.problems)
    for rule in RULES.values():
        for finding in rule.look(loaded.draft, around):
            problems.append(Problem(finding.place, rule.severity, finding.message, finding.remedy, rule.name))
    broken = any(problem.is_error for problem in problems)
    return replace(loaded, dialplan=None if broken else loaded.dialplan, problems=tidy(problems))


def between_lines(dialplans: Mapping[str, Dialplan]) -> list[Problem]:
    """What is wrong only because of another line: one number dialled cannot reach two."""
    problems: list[Problem] = []
    taken: dict[str, str] = {}
    for line, dialplan in sorted(dialplans.items()):
        for number in dialplan.numbers or ("",):
            other = taken.setdefault(number, line)
            if other == line:
                continue
            what = f'is answered by "{number}"' if number else "has no numbers"
            problems.append(
                Problem(
                    dialplan.place,
                    ERROR,
                    f'the line "{line}" {what}, and so does the line "{other}"',
                    "give each line its own numbers; only one line may have none and answers all others",
                    "number-taken",
                )
            )
    return problems
