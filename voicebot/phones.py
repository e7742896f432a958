"""Telephone numbers as E.164 text: one form, so that a caller is found by any way of writing theirs."""

from __future__ import annotations

import re

_LONGEST = 15
_SHORTEST = 7


def to_e164(text: str, *, home: str = "86") -> str | None:
    """Bring a number to E.164; None for what is no number, such as "anonymous" or a SIP address.

    home: country code of numbers written without one.

    >>> to_e164("138 0000 1234")
    '+8613800001234'
    >>> to_e164("anonymous") is None
    True
    """
    if re.search(r"[A-Za-z@:]", text):
        return None
    digits = re.sub(r"[\s().\-]", "", text)
    if not re.fullmatch(r"\+?\d+", digits):
        return None
    if digits.startswith("+"):
        number = digits[1:]
    elif digits.startswith("00"):
        number = digits[2:]
    else:
        number = home + digits.removeprefix("0")
    if number.startswith("0") or not _SHORTEST <= len(number) <= _LONGEST:
        return None
    return f"+{number}"
