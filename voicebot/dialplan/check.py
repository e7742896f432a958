"""All rules over one dialplan, and what can only be seen between lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.dialplan.load import Loaded
from voicebot.dialplan.model import Dialplan
from voicebot.dialplan.report import ERROR, Problem, tidy
from voicebot.dialplan.rules import RULES, Surroundings

READING_RULES: Mapping[str, str] = {
    "bad-expression": "A condition that cannot be read cannot be decided in a call.",
    "bad-hole": "The bot would say the braces.",
    "bad-include": "Half of the line would be missing.",
    "bad-key": "No telephone has such a key.",
    "bad-name": "A name with spaces cannot be used anywhere else.",
    "bad-type": "The bot would not know how to speak the value.",
    "duplicate-key": "Only one of the two could count, and not always the one that was meant.",
    "duplicate-saying": "It changes nothing, and hides that another wording is missing.",
    "duplicate-step": "A goto would not know which of the two is meant.",
    "full-width-comma": "Two wordings would become one that no caller says.",
    "missing-key": "Without it the entry means nothing.",
    "missing-value": "The step would do nothing.",
    "no-line": "No call could be answered.",
    "not-utf8": "Callers would hear nonsense.",
    "number-taken": "A call could be answered by one line today and by another tomorrow.",
    "out-of-range": "The caller would be cut off, or wait for ever.",
    "reserved-name": "The bot fills this name itself, and would overwrite yours.",
    "too-large": "Reading it could stop the server.",
    "unknown-file": "What is written in it would never be read.",
    "unknown-key": "A key that is misspelled is a wish that is not heard.",
    "unknown-step": "The script would have a hole here.",
    "unknown-value": "The wish is not understood.",
    "unreadable-file": "What is written in it cannot be read.",
    "useless-key": "It reads as if it did something.",
    "wrong-form": "The bot would speak an amount as a date.",
    "wrong-line": "The line would be served under another name.",
    "wrong-value": "The wish is not understood.",
    "yaml-key": "YAML would read something else than is written.",
    "yaml-syntax": "The file cannot be read from here on.",
    "yaml-tag": "Tags can run programs.",
}
"""What is found while reading, before any rule runs, and why it matters."""


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
    allowed = loaded.draft.allowed
    problems = [
        problem
        for problem in problems
        if problem.is_error or problem.rule not in allowed.get((problem.place.file, problem.place.line), ())
    ]
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
