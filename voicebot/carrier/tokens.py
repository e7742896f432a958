"""One-time tokens that let a stream in.

The webhook that answers a call issues a token; the stream brings it back in its parameters. It
opens one stream of one call, once, within a minute. So a stream cannot be opened by somebody who
has only seen the address, nor be replayed by somebody who has seen the messages.

Kept in memory: after a restart no stream is let in by an old token, and the carrier asks for a
new one through the `<Connect>` action.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

LIVES_S = 60.0


@dataclass(frozen=True, slots=True)
class _Issued:
    call_id: str
    resume: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a token stood for."""

    call_id: str
    resume: str
    """why the stream was opened again; "" for the first"""


class StreamTokens:
    """Issues tokens and takes each back once. Only their hashes are kept."""

    def __init__(self, *, lives_s: float = LIVES_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._lives_s = lives_s
        self._clock = clock
        self._issued: dict[str, _Issued] = {}

    def issue(self, call_id: str, resume: str = "") -> str:
        """A new token. Webhooks are repeated by the carrier, so a call may have several."""
        self._drop_expired()
        token = secrets.token_urlsafe(24)
        self._issued[_hash(token)] = _Issued(call_id, resume, self._clock() + self._lives_s)
        return token

    def redeem(self, token: str, call_id: str) -> Redeemed | None:
        """Take a token back; None when it is unknown, used, expired or another call's.

        The other tokens of the call for the same purpose are spent with it.
        """
        self._drop_expired()
        issued = self._issued.get(_hash(token))
        if issued is None or issued.call_id != call_id:
            return None
        self._issued = {
            key: other
            for key, other in self._issued.items()
            if (other.call_id, other.resume) != (issued.call_id, issued.resume)
        }
        return Redeemed(issued.call_id, issued.resume)

    def __len__(self) -> int:
        self._drop_expired()
        return len(self._issued)

    def _drop_expired(self) -> None:
        now = self._clock()
        if any(issued.expires_at <= now for issued in self._issued.values()):
            self._issued = {key: issued for key, issued in self._issued.items() if issued.expires_at > now}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
