"""Webhooks are delivered as the provider delivers them: signed, blanks included, tried twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qsl

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from voicebot.standin.webhooks import Reply, Webhooks

URL = "https://b.example/voice?x=1"


def deliver(
    answer: Callable[[httpx.Request], httpx.Response], url: str = URL, *, repeats: bool = False
) -> Reply:
    async def test() -> Reply:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            return await Webhooks(http, "AC1", "secret", repeats=repeats).post(url, {"CallSid": "CA1"})

    return asyncio.run(test())


def test_all_fields_are_signed_the_fragment_is_not_sent() -> None:
    def check(request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        assert (form["CallSid"], form["AccountSid"], form["FromCity"]) == ("CA1", "AC1", "")
        signature = request.headers["X-Twilio-Signature"]
        assert RequestValidator("secret").validate(URL, form, signature)
        assert str(request.url) == URL
        return httpx.Response(200, text="<Response/>")

    assert deliver(check, URL + "#rc=2") == Reply(200, "<Response/>")


def test_a_server_that_cannot_be_reached_is_tried_twice() -> None:
    tries: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        tries.append(request.headers["I-Twilio-Idempotency-Token"])
        raise httpx.ConnectError("refused")

    assert deliver(refuse) == Reply(0, "")
    assert len(tries) == 2
    assert len(set(tries)) == 1  # the same request, as its token says


def test_an_error_page_is_not_tried_again() -> None:
    tries: list[int] = []

    def fail(request: httpx.Request) -> httpx.Response:
        tries.append(1)
        return httpx.Response(500)

    assert deliver(fail).status == 500
    assert len(tries) == 1


def test_on_request_everything_comes_twice() -> None:
    tries: list[int] = []

    def accept(request: httpx.Request) -> httpx.Response:
        tries.append(1)
        return httpx.Response(204)

    deliver(accept, repeats=True)
    assert len(tries) == 2
