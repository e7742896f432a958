"""What callers say and what they hear, as rules over text: no models, no clock, no files of our own.

normalise.py   one plain form of an utterance            pinyin.py    how it sounds
match.py       which of these wordings was meant          values.py    slot types: parse, or tell why not
records.py     which of the caller's records was meant    speak.py     values and prompts as spoken
mood.py        calm, worried or angry, by words

`warm_up()` loads the dictionaries of the libraries, so that no call pays for it.
"""

from __future__ import annotations


def warm_up() -> None:
    """Load and exercise every library and dictionary this package uses, about two seconds once."""
    from datetime import datetime

    from voicebot.language import dates, normalise, pinyin, speak, vocabulary

    vocabulary.is_word("原路")
    pinyin.syllables(normalise.normalise("魚聞 warm up"))
    dates.find("去年中秋", today=datetime(2026, 1, 1), language="zh")
    for language in ("zh", "en"):
        speak.spoken("满300减50, 3:30", "text", language=language)
