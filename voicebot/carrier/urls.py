"""Every address the carrier or an agent's browser uses, built from the public URL only.

Nothing of a caller is ever part of an address: transfers are named by random ids.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VOICE = "/twilio/voice"
MEDIA = "/twilio/media"
STATUS = "/twilio/status"
CONNECT_ENDED = "/twilio/connect-ended"
TRANSFER = "/twilio/transfer/{transfer_id}/{attempt}"
HANDOFF = "/handoff/{transfer_id}"


def websocket_base(url: str) -> str:
    """The same place for WebSockets.

    >>> websocket_base("https://voice.example.com")
    'wss://voice.example.com'
    """
    return re.sub(r"^http", "ws", url)


@dataclass(frozen=True, slots=True)
class Urls:
    """Absolute addresses of one deployment.

    >>> Urls("https://voice.example.com").media
    'wss://voice.example.com/twilio/media'
    >>> Urls("https://voice.example.com").transfer("4f2a", 1, "recap")
    'https://voice.example.com/twilio/transfer/4f2a/1/recap'
    """

    public_url: str
    """without a slash at the end"""

    @property
    def media(self) -> str:
        return websocket_base(self.public_url) + MEDIA

    @property
    def status(self) -> str:
        return self.public_url + STATUS

    @property
    def connect_ended(self) -> str:
        return self.public_url + CONNECT_ENDED

    def transfer(self, transfer_id: str, attempt: int, step: str) -> str:
        """step: recap · accept · agent-status · room · caller-left"""
        return self.public_url + TRANSFER.format(transfer_id=transfer_id, attempt=attempt) + "/" + step

    def handoff(self, transfer_id: str) -> str:
        return self.public_url + HANDOFF.format(transfer_id=transfer_id)
