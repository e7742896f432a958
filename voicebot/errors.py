"""Five families of error, by who can mend them.

Every error is read by somebody at three in the morning: it names the place,
what is wrong and what to do, and never contains a caller's digits or names.
"""

from __future__ import annotations


class VoicebotError(Exception):
    """Base of all errors this package raises on purpose.

    code: stable, upper case, such as "E-ASR-LATE"; operators search for it.
    remedy: one sentence telling what to do next; may be empty.
    """

    code = "E-VOICEBOT"

    def __init__(self, message: str, *, code: str | None = None, remedy: str = "") -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.remedy = remedy

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text}\n    {self.remedy}" if self.remedy else text


class DialplanError(VoicebotError):
    """The script is wrong: a script writer mends it."""

    code = "E-DIALPLAN"


class ConfigError(VoicebotError):
    """A setting, secret, file or model is missing or wrong: the operator mends it."""

    code = "E-CONFIG"


class CarrierError(VoicebotError):
    """The phone provider refused or broke its protocol."""

    code = "E-CARRIER"


class EngineError(VoicebotError):
    """Recogniser, synthesiser, detector or embedder failed."""

    code = "E-ENGINE"


class BackOfficeError(VoicebotError):
    """A business system was slow, down, or refused.

    code is what the dialplan branches on: "timeout", "unavailable", "invalid",
    or a refusal the operation declares, such as "already_refunded".
    """

    code = "unavailable"
