"""Only the carrier gets in: vectors from its documentation, its SDK, and what must not pass."""

from __future__ import annotations

import pytest
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from voicebot.carrier.signature import SignatureCheck

TOKEN = "12345"
CHECK = SignatureCheck("https://voice.example.com", TOKEN)
CALLER = "+14155550100"


def sign(url: str, fields: dict[str, str] | None = None, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, fields or {}))


@pytest.mark.parametrize(
    ("base", "path", "fields", "signature"),
    [
        (
            "https://example.com",
            "/myapp.php?foo=1&bar=2",
            {
                "CallSid": "CA1234567890ABCDE",
                "Caller": "+14158675310",
                "Digits": "1234",
                "From": "+14158675310",
                "To": "+18005551212",
            },
            "L/OH5YylLD5NRKLltdqwSvS0BnU=",  # Twilio's documentation
        ),
        (
            "https://mycompany.com",
            "/myapp.php?foo=1&bar=2",
            {
                "CallSid": "CA1234567890ABCDE",
                "Digits": "1234",
                "From": "+14158675309",
                "To": "+18005551212",
                "Caller": "+14158675309",
            },
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",  # the SDK's own tests
        ),
        (
            "https://voice.example.com",
            "/v",
            {"CallSid": "CA1", "FromCity": "", "From": CALLER},
            "dVuGS7h0hPnRthglDIt6GjeluUA=",  # a blank field is signed too
        ),
    ],
)
def test_known_signatures_pass(base: str, path: str, fields: dict[str, str], signature: str) -> None:
    assert SignatureCheck(base, TOKEN).is_webhook_signed(path, fields, signature)


@pytest.mark.parametrize(
    "signature",
    ["PGLrn08/Ba1sEIuSwPQRBPD54PA=", "/l2QA+p8VR0Ejy/AIlzbV7YZXIA="],  # without and with a `/` at the end
)
def test_known_handshake_signatures_pass(signature: str) -> None:
    assert CHECK.is_handshake_signed("/twilio/media", signature)


@pytest.mark.parametrize(
    ("url", "passes"),
    [
        ("wss://voice.example.com/twilio/media", True),
        ("wss://voice.example.com/twilio/media/", True),
        ("wss://voice.example.com:443/twilio/media", True),
        ("https://voice.example.com/twilio/media", True),
        ("https://voice.example.com/twilio/media/", True),
        ("wss://voice.example.com/twilio/other", False),
        ("wss://elsewhere.example.com/twilio/media", False),
        ("wss://voice.example.com/twilio/media?x=1", False),  # we never hand out a query
    ],
)
def test_every_form_of_the_stream_url_and_no_other(url: str, passes: bool) -> None:
    assert CHECK.is_handshake_signed("/twilio/media", sign(url)) is passes


@pytest.mark.parametrize(
    ("path", "fields", "signature"),
    [
        ("/v", {"CallSid": "CA1"}, None),
        ("/v", {"CallSid": "CA1"}, ""),
        ("/v", {"CallSid": "CA1"}, "签名"),  # not even ASCII: no crash
        ("/v", {"CallSid": "CA2"}, sign("https://voice.example.com/v", {"CallSid": "CA1"})),
        ("/v", {"CallSid": "CA1", "New": ""}, sign("https://voice.example.com/v", {"CallSid": "CA1"})),
        ("/v?a=1", {}, sign("https://voice.example.com/v")),
        ("/v?a=1&b=2", {}, sign("https://voice.example.com/v?b=2&a=1")),  # order counts
        ("/v?a=%20", {}, sign("https://voice.example.com/v?a=+")),  # encoding counts
        ("/v", {}, sign("http://voice.example.com/v")),
        ("/v", {}, sign("https://voice.example.com/v", token="54321")),
    ],
)
def test_anything_else_is_refused(path: str, fields: dict[str, str], signature: str | None) -> None:
    assert not CHECK.is_webhook_signed(path, fields, signature)


def test_the_port_of_an_https_url_may_be_signed_or_not() -> None:
    check = SignatureCheck("https://voice.example.com:8443", TOKEN)
    assert check.is_webhook_signed("/v", {}, sign("https://voice.example.com:8443/v"))
    assert check.is_webhook_signed("/v", {}, sign("https://voice.example.com/v"))


def test_a_path_in_the_public_url_is_part_of_what_is_signed() -> None:
    check = SignatureCheck("https://example.com/bot", TOKEN)
    assert check.is_webhook_signed("/twilio/voice", {}, sign("https://example.com/bot/twilio/voice"))
    assert check.is_handshake_signed("/twilio/media", sign("wss://example.com/bot/twilio/media"))


def test_form_data_of_the_web_framework_is_taken_as_it_is() -> None:
    form = FormData([("B", ""), ("A", "x y"), ("A", "+1")])
    signature = str(RequestValidator(TOKEN).compute_signature("https://voice.example.com/v", form))
    assert CHECK.is_webhook_signed("/v", form, signature)


def test_no_token_no_check_object() -> None:
    with pytest.raises(ValueError, match="everybody"):
        SignatureCheck("https://voice.example.com", "")
