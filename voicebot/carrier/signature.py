"""Is it really the carrier who calls? Fails closed.

Theory of operation
-------------------
Twilio signs the URL it was given, followed by all form fields, with the account's auth token.
The URL it was given is ours to know: it is built from the configured public URL plus the raw
path and query of the request, byte for byte. `Host`, `X-Forwarded-*` and the scheme that the
server sees are never read: a proxy changes them, and so can a stranger.

A media stream's handshake is a GET without fields. Which form of the URL is signed depends on
the account: `wss://` as in the TwiML, or `https://`, each with or without a `/` at the end.
All of them need the auth token, so all are accepted.

Source: Twilio's security documentation, and the behaviour of public projects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from voicebot.carrier.urls import websocket_base

Fields = Mapping[str, str] | ImmutableMultiDict[str, object]

SIGNATURE_HEADER = "x-twilio-signature"


class SignatureCheck:
    """Checks everything that arrives, against one auth token and one public URL."""

    def __init__(self, public_url: str, auth_token: str) -> None:
        if not auth_token:
            raise ValueError("an empty auth token would let everybody in")
        self._base = public_url.rstrip("/")
        self._validator = RequestValidator(auth_token)

    def is_webhook_signed(self, path_and_query: str, fields: Fields, signature: str | None) -> bool:
        """Did the carrier post this form?

        path_and_query: as requested, still percent-encoded. fields: all of them, blank ones too.
        """
        return self._is_any_signed([self._base + path_and_query], fields, signature)

    def is_handshake_signed(self, path_and_query: str, signature: str | None) -> bool:
        """Did the carrier open this WebSocket?"""
        path = path_and_query.rstrip("/")
        bases = (websocket_base(self._base), self._base, *self._with_tls_port())
        return self._is_any_signed(
            [base + path + ending for base in bases for ending in ("", "/")], {}, signature
        )

    def _with_tls_port(self) -> tuple[str, ...]:
        """`wss://host:443`: the SDK tries the port for https by itself, but takes 80 for wss."""
        scheme, _, rest = websocket_base(self._base).partition("://")
        host, slash, path = rest.partition("/")
        if scheme != "wss" or ":" in host.rpartition("]")[2]:
            return ()
        return (f"wss://{host}:443{slash}{path}",)

    def _is_any_signed(self, urls: Iterable[str], fields: Fields, signature: str | None) -> bool:
        if not signature or not signature.isascii():
            return False
        return any(self._validator.validate(url, fields, signature) for url in urls)
