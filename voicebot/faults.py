"""Telling of unknown errors without repeating what a caller said."""

from __future__ import annotations

import traceback


def place_of(error: BaseException) -> str:
    """Where an error arose, and who in this package called: innermost first, never its message.

    The message of an exception may quote the caller, so it is left out.
    """
    frames = [
        (frame.f_code.co_filename.replace("\\", "/"), line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    ours = [frame for frame in frames[:-1] if "/voicebot/" in frame[0]]
    told = [*frames[-1:], *reversed(ours[-2:])]
    return " < ".join(f"{name.rpartition('/')[2]}:{line}" for name, line in told)
