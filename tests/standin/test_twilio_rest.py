"""The stand-in behaves as the provider is described to behave: a stand-in that is too kind proves nothing."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from voicebot.standin.legs import Leg
from voicebot.standin.people import PEOPLE
from voicebot.standin.twilio_rest import Answer, Fault, StandIn

ACCOUNT, TOKEN = "AC" + "1" * 32, "secret"
AGENT, CALLER, LINE = "+85290000001", "+8613800001234", "+85258081000"
BASE = f"/2010-04-01/Accounts/{ACCOUNT}"
GATHER = '<Response><Gather numDigits="1" timeout="5" action="/key"><Say>take it?</Say></Gather></Response>'


class Bot:
    """The other side of the webhooks: checks signatures, answers from a table, remembers."""

    def __init__(self, replies: Mapping[str, str]) -> None:
        self.replies = replies
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        signed = RequestValidator(TOKEN).validate(
            str(request.url), form, request.headers["X-Twilio-Signature"]
        )
        assert signed
        self.asked.append((request.url.path, form))
        reply = self.replies.get(request.url.path)
        return httpx.Response(200 if reply is not None else 404, text=reply or "")

    def statuses(self, path: str = "/status") -> list[str]:
        return [form["CallStatus"] for asked, form in self.asked if asked == path]


@asynccontextmanager
async def world(bot: Bot, person: str = "accepts", **options: bool) -> AsyncIterator[StandIn]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(bot)) as http:
        standin = StandIn(
            ACCOUNT, TOKEN, http=http, people={AGENT: PEOPLE[person]}, time_scale=0.001, **options
        )
        yield standin
        await standin.close()
        assert standin.live_legs() == []


async def ask(
    standin: StandIn, method: str, path: str, token: str = TOKEN, **form: str | list[str]
) -> Answer:
    key = base64.b64encode(f"{ACCOUNT}:{token}".encode()).decode()
    body = urlencode(form, doseq=True)
    query, body = (body, "") if method == "GET" else ("", body)
    return await standin.handle(method, BASE + path, query, body.encode(), {"Authorization": f"Basic {key}"})


async def ring(standin: StandIn) -> Leg:
    answer = await ask(
        standin,
        "POST",
        "/Calls.json",
        To=AGENT,
        From=LINE,
        Url="https://bot.example/recap",
        Timeout="20",
        StatusCallback="https://bot.example/status",
        StatusCallbackEvent=["initiated", "ringing", "answered", "completed"],
    )
    assert (answer.status, answer.body["status"]) == (201, "queued")
    return standin.legs[str(answer.body["sid"])]


async def becomes(leg: Leg, status: str) -> None:
    while leg.status != status:  # noqa: ASYNC110 -- a test that hangs is cut off by run()
        await asyncio.sleep(0)


def run(test: Callable[[], object]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("person", "statuses", "keys"),
    [
        ("accepts", ["initiated", "ringing", "in-progress", "completed"], ["1"]),
        ("accepts_at_once", ["initiated", "ringing", "in-progress", "completed"], ["1"]),
        ("declines", ["initiated", "ringing", "in-progress", "completed"], ["2"]),
        ("no_key", ["initiated", "ringing", "in-progress", "completed"], []),
        ("mailbox", ["initiated", "ringing", "in-progress", "completed"], []),
        ("hangs_up", ["initiated", "ringing", "in-progress", "completed"], []),
        ("busy", ["initiated", "ringing", "busy"], []),
        ("no_answer", ["initiated", "ringing", "no-answer"], []),
        ("fails", ["initiated", "ringing", "failed"], []),
    ],
)
def test_people_behave_as_told(person: str, statuses: list[str], keys: list[str]) -> None:
    async def test() -> None:
        bot = Bot({"/recap": GATHER, "/key": "<Response/>", "/status": ""})
        async with world(bot, person) as standin:
            await (await ring(standin)).ended.wait()
        assert bot.statuses() == statuses
        assert [form["Digits"] for path, form in bot.asked if path == "/key"] == keys

    run(test)


def test_update_replaces_what_a_leg_is_doing() -> None:
    async def test() -> None:
        bot = Bot({"/recap": '<Response><Pause length="9000"/></Response>', "/status": ""})
        async with world(bot) as standin:
            leg = await ring(standin)
            await becomes(leg, "in-progress")
            answer = await ask(
                standin, "POST", f"/Calls/{leg.sid}.json", Twiml="<Response><Say>hello</Say></Response>"
            )
            assert answer.status == 200
            await leg.ended.wait()
            assert leg.heard == ["hello"]

    run(test)


@pytest.mark.parametrize(("while_it", "last"), [("ringing", "canceled"), ("in-progress", "completed")])
def test_completed_ends_a_leg_whatever_it_does(while_it: str, last: str) -> None:
    async def test() -> None:
        bot = Bot({"/recap": '<Response><Pause length="9000"/></Response>', "/status": ""})
        async with world(bot, "slow") as standin:
            leg = await ring(standin)
            await becomes(leg, while_it)
            await ask(standin, "POST", f"/Calls/{leg.sid}.json", Status="completed")
            await leg.ended.wait()
            assert leg.status == last
            over = await ask(standin, "POST", f"/Calls/{leg.sid}.json", Status="completed")
            assert (over.status, over.body["code"]) == (400, 21220)

    run(test)


@pytest.mark.parametrize(
    ("form", "token", "status", "code"),
    [
        ({"To": "021", "From": LINE, "Url": "https://b.example/"}, TOKEN, 400, 21211),
        ({"To": AGENT, "From": "me", "Url": "https://b.example/"}, TOKEN, 400, 21212),
        ({"To": AGENT, "From": LINE}, TOKEN, 400, 21205),
        ({"To": AGENT, "From": LINE, "Url": "https://b.example/"}, "wrong", 401, 20003),
    ],
)
def test_wrong_requests_are_refused(form: dict[str, str], token: str, status: int, code: int) -> None:
    async def test() -> None:
        async with world(Bot({})) as standin:
            answer = await ask(standin, "POST", "/Calls.json", token, **form)
            assert (answer.status, answer.body["code"]) == (status, code)
            assert not standin.legs
            unknown = await ask(standin, "POST", "/Calls/CA" + "0" * 32 + ".json", Status="completed")
            assert (unknown.status, unknown.body["code"]) == (404, 20404)

    run(test)


@pytest.mark.parametrize(("is_carried_out", "legs"), [(False, 0), (True, 1)])
def test_a_lost_answer_leaves_open_whether_it_was_done(is_carried_out: bool, legs: int) -> None:
    async def test() -> None:
        async with world(Bot({"/recap": "<Response/>"})) as standin:
            standin.faults.append(Fault("POST", "Calls.json", 500, is_carried_out=is_carried_out))
            answer = await ask(
                standin, "POST", "/Calls.json", To=AGENT, From=LINE, Url="https://b.example/recap"
            )
            assert answer.status == 500
            listed = await ask(standin, "GET", "/Calls.json", To=AGENT)
            assert len(listed.body["calls"]) == legs

    run(test)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><Say", "12100"),
        ("<Answer/>", "12100"),
        ("<Response><say>x</say></Response>", "12200"),  # names are case-sensitive
        ('<Response><Say voice="Polly.Joanna" language="cmn-CN">x</Say></Response>', "13520"),
        ('<Response><Say language="zh-CN" voice="Polly.Zhiyu">x</Say></Response>', "13520"),
        ("<Response><Say>" + "退" * 600 + "</Say></Response>", "13521"),
        ('<Response><Connect><Stream url="wss://b.example/m?x=1"/></Connect></Response>', "31920"),
        ("<Response>" + " " * 65_000 + "</Response>", "11200"),
    ],
)
def test_documents_the_provider_would_refuse_are_warned_about(document: str, code: str) -> None:
    async def test() -> None:
        async with world(Bot({"/recap": document, "/status": ""})) as standin:
            leg = await ring(standin)
            await leg.ended.wait()
            assert code in leg.warnings

    run(test)


def test_two_legs_meet_in_a_room_that_closes_when_one_leaves() -> None:
    async def test() -> None:
        room = (
            '<Response><Dial action="/left"><Conference participantLabel="{}" endConferenceOnExit="true" '
            'statusCallback="https://bot.example/room" statusCallbackEvent="start end join leave">t-1'
            "</Conference></Dial></Response>"
        )
        bot = Bot(
            {
                "/recap": room.format("agent"),
                "/voice": room.format("caller"),
                "/left": "<Response><Hangup/></Response>",
                "/room": "",
                "/status": "",
            }
        )

        async def no_stream(leg: Leg, url: str, parameters: Mapping[str, str]) -> None:
            raise AssertionError("there is no stream here")

        async with world(bot) as standin:
            agent = await ring(standin)
            caller = standin.dial_in(CALLER, LINE, "https://bot.example/voice", stream=no_stream)
            await asyncio.gather(agent.ended.wait(), caller.ended.wait())
        told = [form["StatusCallbackEvent"] for path, form in bot.asked if path == "/room"]
        assert Counter(told) == {
            "participant-join": 2,
            "conference-start": 1,
            "participant-leave": 2,
            "conference-end": 1,
        }
        assert told[-1] == "conference-end"
        assert [form["CallSid"] for path, form in bot.asked if path == "/left"] == [caller.sid]

    run(test)


def test_stream_runs_until_the_server_closes_it_then_the_action_is_asked() -> None:
    async def test() -> None:
        bot = Bot(
            {
                "/voice": '<Response><Connect action="/ended"><Stream url="wss://bot.example/media">'
                '<Parameter name="token" value="a&amp;b"/></Stream></Connect></Response>',
                "/ended": "<Response><Hangup/></Response>",
            }
        )
        opened: list[tuple[str, Mapping[str, str]]] = []

        async def stream(leg: Leg, url: str, parameters: Mapping[str, str]) -> None:
            opened.append((url, parameters))

        async with world(bot) as standin:
            leg = standin.dial_in(CALLER, LINE, "https://bot.example/voice", stream=stream)
            await leg.ended.wait()
        assert opened == [("wss://bot.example/media", {"token": "a&b"})]
        assert [path for path, _ in bot.asked] == ["/voice", "/ended"]
        assert bot.asked[0][1]["CallStatus"] == "ringing"

    run(test)


def test_caller_who_hangs_up_leaves_the_stream_and_the_end_is_told() -> None:
    async def test() -> None:
        bot = Bot(
            {
                "/voice": '<Response><Connect><Stream url="wss://bot.example/media"/></Connect></Response>',
                "/status": "",
            }
        )
        began, cut = asyncio.Event(), asyncio.Event()

        async def stream(leg: Leg, url: str, parameters: Mapping[str, str]) -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                cut.set()

        async with world(bot) as standin:
            leg = standin.dial_in(
                CALLER,
                LINE,
                "https://bot.example/voice",
                stream=stream,
                status_callback="https://bot.example/status",
            )
            await began.wait()
            leg.hang_up()
            await leg.ended.wait()
            assert cut.is_set()
        assert bot.statuses() == ["completed"]

    run(test)


def test_webhooks_can_come_twice() -> None:
    async def test() -> None:
        bot = Bot({"/recap": "<Response/>", "/status": ""})
        async with world(bot, repeats_webhooks=True) as standin:
            await (await ring(standin)).ended.wait()
        assert [path for path, _ in bot.asked].count("/recap") == 2

    run(test)


def test_the_same_interface_over_http() -> None:
    async def test() -> None:
        async with world(Bot({})) as standin:
            transport = httpx.ASGITransport(standin.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://standin") as client:
                answer = await client.post(
                    f"{BASE}/Calls.json", data={"To": AGENT, "From": LINE}, auth=(ACCOUNT, TOKEN)
                )
                assert json.loads(answer.text)["code"] == 21205

    run(test)
