"""The webhooks: signed or refused, answered again when asked again, never an error to the carrier."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.carrier.stand_in import CALLER, LINE, PUBLIC, TOKEN
from tests.carrier.test_socket import Desk
from voicebot.carrier.routes import House, carrier_routes
from voicebot.carrier.signature import SignatureCheck
from voicebot.carrier.tokens import StreamTokens
from voicebot.carrier.urls import Urls
from voicebot.ports import Admission, AfterStream

RINGING = {"CallSid": "CA1", "From": CALLER, "To": LINE, "CallStatus": "ringing", "FromCity": ""}


class Reception(Desk):
    """Live calls that decide as told."""

    def __init__(
        self, admission: Admission = Admission.WELCOME, after: AfterStream = AfterStream.HANG_UP
    ) -> None:
        super().__init__()
        self.admission, self.after = admission, after
        self.rang: list[tuple[str, str, str]] = []
        self.gone: list[str] = []

    def admit(self, call_id: str, ani: str, dnis: str) -> Admission:
        self.rang.append((call_id, ani, dnis))
        return self.admission

    def after_stream(self, call_id: str, ani: str, dnis: str) -> AfterStream:
        return self.after

    def caller_gone(self, call_id: str) -> None:
        self.gone.append(call_id)


class Bell:
    """Rings the webhooks of one reception."""

    def __init__(self, reception: Reception | None = None, *, checks: bool = True) -> None:
        self.reception = reception or Reception()
        self.tokens = StreamTokens()
        check = SignatureCheck(PUBLIC, TOKEN) if checks else None
        self.app = FastAPI()
        self.app.include_router(carrier_routes(House(Urls(PUBLIC), check, self.tokens, self.reception)))

    def post(
        self,
        path: str,
        form: dict[str, str],
        *,
        signature: str | None = None,
        base: str = PUBLIC,
        **more: str,
    ) -> httpx.Response:
        if signature is None:
            signature = str(RequestValidator(TOKEN).compute_signature(PUBLIC + path, form))

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.post(path, data=form, headers={"X-Twilio-Signature": signature, **more})

        return asyncio.run(send())


def verbs(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    return [verb.tag for verb in ElementTree.fromstring(answer.text)]


def parameters(answer: httpx.Response) -> dict[str, str]:
    found = ElementTree.fromstring(answer.text).iterfind("Connect/Stream/Parameter")
    return {each.get("name", ""): each.get("value", "") for each in found}


def test_a_ringing_call_is_joined_with_the_bot_by_a_token_for_this_call() -> None:
    bell = Bell()
    answer = bell.post("/twilio/voice", RINGING)
    assert verbs(answer) == ["Connect"]
    assert bell.reception.rang == [("CA1", CALLER, LINE)]
    assert bell.tokens.redeem(parameters(answer)["token"], "CA1") is not None
    assert CALLER not in answer.text  # the carrier logs parameters


def test_a_repeated_webhook_gets_a_stream_again() -> None:
    bell = Bell()
    first, second = bell.post("/twilio/voice", RINGING), bell.post("/twilio/voice", RINGING)
    assert bell.tokens.redeem(parameters(second)["token"], "CA1") is not None
    assert bell.tokens.redeem(parameters(first)["token"], "CA1") is None


@pytest.mark.parametrize(("admission"), [Admission.BUSY, Admission.NO_LINE])
def test_who_cannot_be_served_is_told_so_and_released(admission: Admission) -> None:
    assert verbs(Bell(Reception(admission)).post("/twilio/voice", RINGING)) == ["Say", "Hangup"]


@pytest.mark.parametrize(
    ("sent", "ani"),
    [
        (CALLER, CALLER),
        ("anonymous", ""),
        ("", ""),
        ("sip:x@example.com", ""),
        ("client:wang", ""),
        ("+８６１３８", ""),  # full-width digits are no number
        ("+1 415 555 0100", ""),
    ],
)
def test_withheld_and_odd_numbers_are_no_numbers(sent: str, ani: str) -> None:
    bell = Bell()
    bell.post("/twilio/voice", {**RINGING, "From": sent})
    assert bell.reception.rang[0][1] == ani


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/status", "/twilio/connect-ended"])
def test_nobody_but_the_carrier_is_heard(path: str) -> None:
    bell = Bell()
    wrong = [
        bell.post(path, RINGING, signature=""),
        bell.post(path, RINGING, signature="abc="),
        bell.post(path, {**RINGING, "CallSid": "CA2"}, signature=_signature(path, RINGING)),
        bell.post(path + "?x=1", RINGING, signature=_signature(path, RINGING)),
    ]
    assert [answer.status_code for answer in wrong] == [403] * 4
    assert bell.reception.rang == []
    assert bell.reception.gone == []


def _signature(path: str, form: dict[str, str]) -> str:
    return str(RequestValidator(TOKEN).compute_signature(PUBLIC + path, form))


def test_the_host_header_does_not_matter_to_the_signature() -> None:
    bell = Bell()
    answer = bell.post("/twilio/voice", RINGING, base="http://10.0.0.7:8080", **{"X-Forwarded-Host": "evil"})
    assert verbs(answer) == ["Connect"]


def test_bodies_that_are_no_small_form_are_refused() -> None:
    bell = Bell()
    huge = {**RINGING, "Note": "x" * 70_000}
    assert bell.post("/twilio/voice", huge).status_code == 413
    answer = bell.post("/twilio/voice", RINGING, **{"Content-Type": "application/json"})
    assert answer.status_code == 415


def test_a_fault_of_ours_is_a_sentence_to_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Reception):
        def admit(self, call_id: str, ani: str, dnis: str) -> Admission:
            raise KeyError(ani)

    assert verbs(Bell(Broken()).post("/twilio/voice", RINGING)) == ["Say", "Say", "Hangup"]
    assert "E-WEBHOOK" in caplog.text
    assert CALLER not in caplog.text


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        ("completed", ["CA1"]),
        ("no-answer", ["CA1"]),
        ("ringing", []),
        ("in-progress", []),
        ("something-new", []),
    ],
)
def test_the_end_of_a_leg_is_passed_on(status: str, gone: list[str]) -> None:
    bell = Bell()
    answer = bell.post("/twilio/status", {**RINGING, "CallStatus": status})
    assert (answer.status_code, answer.content) == (204, b"")
    assert bell.reception.gone == gone


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (AfterStream.RESUME, ["Connect"]),
        (AfterStream.HANG_UP, ["Hangup"]),
        (AfterStream.WAIT, ["Pause", "Redirect"]),
        (AfterStream.APOLOGISE, ["Say", "Hangup"]),
    ],
)
def test_what_follows_the_end_of_a_stream(after: AfterStream, expected: list[str]) -> None:
    bell = Bell(Reception(after=after))
    answer = bell.post("/twilio/connect-ended", {**RINGING, "CallStatus": "in-progress"})
    assert verbs(answer) == expected
    if after is AfterStream.RESUME:
        redeemed = bell.tokens.redeem(parameters(answer)["token"], "CA1")
        assert redeemed is not None
        assert redeemed.resume == "stream_lost"


def test_a_call_that_is_over_needs_nothing_more() -> None:
    bell = Bell(Reception(after=AfterStream.RESUME))
    answer = bell.post("/twilio/connect-ended", {**RINGING, "CallStatus": "completed"})
    assert verbs(answer) == []
    assert bell.reception.gone == ["CA1"]


@pytest.mark.parametrize(("base", "status"), [("http://127.0.0.1:8080", 200), ("http://evil.example", 403)])
def test_development_without_signatures_answers_this_machine_only(base: str, status: int) -> None:
    assert Bell(checks=False).post("/twilio/voice", RINGING, base=base).status_code == status
