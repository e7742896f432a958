"""Flows and prompts that the bot itself uses, whatever the line is about."""

from __future__ import annotations

SYSTEM_FLOWS = ("agent", "repeat", "wait", "slower", "louder", "goodbye", "cancel", "trouble")
"""must exist in every line; `switch_language` too when it speaks more than one language"""

SWITCH_LANGUAGE = "switch_language"

SPOKEN_FLOWS = ("agent", "repeat", "wait", "slower", "louder", "goodbye", "cancel")
"""of these, the ones callers ask for, in every language"""

SYSTEM_PROMPTS = (
    "acknowledge",
    "acknowledge_correction",
    "agent_on_the_line",
    "back_to_question",
    "confirm_value",
    "empathy_angry",
    "empathy_worried",
    "implied_value",
    "keys_only",
    "multi_intent",
    "nothing_to_repeat",
    "out_of_scope",
    "recap",
    "sorry_not_heard",
    "sorry_not_understood",
    "still_there",
    "trouble",
    "what_to_change",
    "which_one",
    "which_option",
)
"""must exist in every language of a line"""

OPTIONAL_PROMPTS = ("next_request", "please_go_on", "still_ringing", "wrong_key")
"""said where they exist"""

RESERVED_KEY = "0"
"""fetches an agent at any moment"""
