"""Orders to the carrier: time-outs, what is repeated and what never is, and honest codes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.carrier.stand_in import ACCOUNT, LI, TOKEN, check_requests, rest_into
from voicebot.carrier.rest import BUSY, GONE, LOGIN, REFUSED, PointedHttp, TwilioRest
from voicebot.errors import CarrierError
from voicebot.ports import UNSURE
from voicebot.standin.people import PEOPLE, Person
from voicebot.standin.twilio_rest import Fault, StandIn

RECAP = "https://voice.example.com/twilio/transfer/4f2a/1/recap"
CALLBACK = "https://voice.example.com/twilio/transfer/4f2a/1/agent-status"


def with_carrier(
    story: Callable[[TwilioRest, StandIn], Awaitable[None]], person: str = "no_answer"
) -> StandIn:
    """Run a story against a stand-in whose agent behaves as told; webhooks go nowhere."""

    async def test() -> StandIn:
        nowhere = httpx.MockTransport(lambda request: httpx.Response(204))
        async with httpx.AsyncClient(transport=nowhere) as http:
            people: dict[str, Person] = {LI: PEOPLE[person]}
            standin = StandIn(ACCOUNT, TOKEN, http=http, people=people, time_scale=0.05)
            rest = rest_into(standin)
            try:
                await story(rest, standin)
            finally:
                rest.close()
                await standin.close()
            return standin

    return asyncio.run(test())


async def ring(rest: TwilioRest, to_number: str = LI) -> str:
    return await rest.create_call(to_number, url=RECAP, status_callback=CALLBACK, ring_s=20)


def test_everything_sent_is_what_the_carrier_describes() -> None:
    async def story(rest: TwilioRest, standin: StandIn) -> None:
        sid = await ring(rest)
        await rest.find_calls(LI, datetime.now(UTC))
        with pytest.raises(CarrierError):
            await rest.redirect(sid, "<Response/>")
        await rest.end(sid)

    standin = with_carrier(story)
    assert check_requests(standin.sent) == 4
    assert dict(standin.sent[0].form)["Url"] == RECAP
    events = [value for name, value in standin.sent[0].form if name == "StatusCallbackEvent"]
    assert events == ["initiated", "ringing", "answered", "completed"]


def test_ending_what_is_over_is_no_error() -> None:
    async def story(rest: TwilioRest, standin: StandIn) -> None:
        sid = await ring(rest)
        await rest.end(sid)
        await standin.legs[sid].ended.wait()
        await rest.end(sid)
        await rest.end("CA" + "0" * 32)
        with pytest.raises(CarrierError) as caught:
            await rest.redirect(sid, "<Response/>")
        assert caught.value.code == GONE

    with_carrier(story)


def test_calls_are_found_by_number_and_time() -> None:
    async def story(rest: TwilioRest, standin: StandIn) -> None:
        sid = await ring(rest)
        now = datetime.now(UTC)
        assert [call.sid for call in await rest.find_calls(LI, now - timedelta(minutes=1))] == [sid]
        assert await rest.find_calls(LI, now + timedelta(minutes=1)) == []
        assert await rest.find_calls("+85299999999", now - timedelta(minutes=1)) == []

    with_carrier(story)


@pytest.mark.parametrize(
    ("fault", "code", "requests"),
    [
        (Fault("POST", "Calls.json", 429, times=2), "", 3),  # never processed: repeated
        (Fault("POST", "Calls.json", 429, times=9), BUSY, 4),
        (Fault("POST", "Calls.json", 500, times=9), UNSURE, 1),  # the phone may ring: never repeated
        (Fault("POST", "Calls.json", 503, times=9, is_carried_out=True), UNSURE, 1),
        (Fault("POST", "Calls.json", 0, times=9), UNSURE, 1),  # no answer at all
    ],
)
def test_ringing_is_repeated_only_when_it_cannot_ring_twice(fault: Fault, code: str, requests: int) -> None:
    async def story(rest: TwilioRest, standin: StandIn) -> None:
        standin.faults.append(fault)
        if code:
            with pytest.raises(CarrierError) as caught:
                await ring(rest)
            assert caught.value.code == code
        else:
            await ring(rest)

    standin = with_carrier(story)
    assert len(standin.sent) == requests
    assert len(standin.legs) == (1 if not code or fault.is_carried_out else 0)


@pytest.mark.parametrize("status", [429, 500, 503, 0])
def test_updates_are_repeated_whatever_went_wrong(status: int) -> None:
    async def story(rest: TwilioRest, standin: StandIn) -> None:
        sid = await ring(rest)
        standin.faults.append(Fault("POST", f"Calls/{sid}", status, times=2))
        await rest.end(sid)
        await asyncio.wait_for(standin.legs[sid].ended.wait(), 5)

    with_carrier(story)


@pytest.mark.parametrize(("to_number", "token", "code"), [("021", TOKEN, REFUSED), (LI, "wrong", LOGIN)])
def test_refusals_name_the_remedy_and_no_number(to_number: str, token: str, code: str) -> None:
    async def story(rest: TwilioRest, standin: StandIn) -> None:
        standin.auth_token = token
        with pytest.raises(CarrierError) as caught:
            await ring(rest, to_number)
        assert caught.value.code == code
        assert caught.value.remedy
        assert to_number not in str(caught.value)

    with_carrier(story)


def test_a_connection_that_is_never_made_is_tried_again() -> None:
    tries: list[httpx.Request] = []
    waits: list[float] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        raise httpx.ConnectError("refused", request=request)

    http = PointedHttp(
        "http://127.0.0.1:9999/base/",
        timeout_s=1,
        transport=httpx.MockTransport(refuse),
        sleep=lambda s: waits.append(s),
    )
    rest = TwilioRest(ACCOUNT, TOKEN, "+85258081000", http)
    with pytest.raises(CarrierError) as caught:
        asyncio.run(ring(rest))
    assert caught.value.code == UNSURE
    assert len(tries) == 4
    assert waits == sorted(waits)
    assert str(tries[0].url).startswith("http://127.0.0.1:9999/base/2010-04-01/Accounts/AC")
    rest.close()


def test_an_answer_that_is_no_answer_is_unsure() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text="<html>gateway</html>"))
    rest = TwilioRest(
        ACCOUNT,
        TOKEN,
        "+85258081000",
        PointedHttp("https://api.twilio.com", timeout_s=1, transport=transport),
    )
    with pytest.raises(CarrierError) as caught:
        asyncio.run(ring(rest))
    assert caught.value.code == UNSURE
    rest.close()
