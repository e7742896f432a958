"""Problems found in a dialplan, written for the person who mends it: place, what, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from rapidfuzz import fuzz

from voicebot.dialplan.model import Place
from voicebot.errors import DialplanError

ERROR = "error"
WARNING = "warning"
LIKE = 60
"""likeness in percent from which a name may be a misspelling of another"""
TIE = 8
"""two names as like as this are both suggested"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. Errors keep the line from being served; warnings do not."""

    place: Place
    severity: str
    message: str
    remedy: str
    rule: str

    @property
    def is_error(self) -> bool:
        return self.severity == ERROR

    def __str__(self) -> str:
        head = f"{self.place}: {self.severity}: {self.message} [{self.rule}]"
        return f"{head}\n    {self.remedy}" if self.remedy else head


def tidy(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """In reading order, each once: a shared part is read for every line that includes it."""
    return tuple(
        sorted(
            set(problems),
            key=lambda p: (p.place.file, p.place.line, p.place.column, p.severity, p.rule, p.message),
        )
    )


def render(problems: Sequence[Problem]) -> str:
    """All problems as text, followed by a count."""
    return "\n".join([*map(str, problems), count(problems)])


def count(problems: Sequence[Problem]) -> str:
    """ "2 errors, 1 warning" """
    errors = sum(problem.is_error for problem in problems)
    return f"{_number(errors, 'error')}, {_number(len(problems) - errors, 'warning')}"


def rows(problems: Sequence[Problem]) -> list[dict[str, str | int]]:
    """All problems for a program: {file, line, column, severity, message, remedy, rule} each."""
    found = []
    for problem in problems:
        row = asdict(problem)
        found.append({**row.pop("place"), **row})
    return found


def failure(problems: Sequence[Problem]) -> DialplanError:
    """The exception that refuses to serve: lists every error, and leaves out warnings."""
    return DialplanError("the dialplan cannot be served:\n" + render([p for p in problems if p.is_error]))


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that were probably meant, best first; none when nothing is like it."""
    scores = {candidate: fuzz.ratio(name.lower(), candidate.lower()) for candidate in known}
    best = max(scores.values(), default=0.0)
    if best < LIKE:
        return ()
    near = [candidate for candidate, score in scores.items() if score >= max(LIKE, best - TIE)]
    return tuple(sorted(near, key=lambda candidate: (-scores[candidate], candidate))[:2])


def suggest(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """ "did you mean ...?", or all known names when they are few, or `otherwise`."""
    names = sorted(set(known))
    near = nearest(name, names)
    if near:
        return "did you mean " + " or ".join(f'"{candidate}"' for candidate in near) + "?"
    if names and len(names) <= 12 and not otherwise:
        return "known: " + ", ".join(names)
    return otherwise


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
