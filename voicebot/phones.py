"""Telephone numbers as E.164 text: one form, so that a caller is found by any way of writing theirs."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 15
_SHORTEST = 7
_LONGEST_AT_HOME = 11
"""digits of the longest number written without its country code, a leading 0 not counted"""


def to_e164(text: str, *, home: str = "86") -> str | None:
    """Bring a number to E.164; None for what is no number, such as "anonymous" or a SIP address.

    home: country code of numbers written without one.

    >>> to_e164("138 0000 1234")
    '+8613800001234'
    >>> to_e164("8613800001234")
    '+8613800001234'
    >>> to_e164("anonymous") is None
    True
    """
    digits = re.sub(r"[\s().\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(r"\+?[0-9]+", digits):
        return None
    if digits.startswith("+"):
        number = digits[1:]
    elif digits.startswith("00"):
        number = digits[2:]
    elif digits.startswith(home) and len(digits) > _LONGEST_AT_HOME:
        number = digits
    else:
        number = home + digits.removeprefix("0")
    if number.startswith("0") or not _SHORTEST <= len(number) <= _LONGEST:
        return None
    return f"+{number}"
