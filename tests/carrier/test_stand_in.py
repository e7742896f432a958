"""A check that cannot fail proves nothing: requests the carrier would not know are found."""

from __future__ import annotations

import pytest

from tests.carrier.stand_in import ACCOUNT, check_requests
from voicebot.standin.twilio_rest import Sent

PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"


def sent(method: str, path: str, **form: str) -> Sent:
    body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
    headers = {"Authorization": "Basic YTpi", "Content-Type": "application/x-www-form-urlencoded"}
    return Sent(method, path, (), tuple(form.items()), headers, body)


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", PATH, {"To": "x", "From": "y", "Url": "https://b.example/", "Colour": "red"}),  # unknown
        ("POST", PATH, {"To": "x", "Url": "https://b.example/"}),  # From is required
        ("POST", PATH, {"To": "x", "From": "y", "Timeout": "soon"}),  # not a number
        ("DELETE", PATH, {}),
        ("POST", PATH.replace("Calls", "Kalls"), {"To": "x", "From": "y"}),
    ],
)
def test_wrong_requests_are_found(method: str, path: str, form: dict[str, str]) -> None:
    good = sent("POST", PATH, To="%2B85290000001", From="%2B85258081000", Url="https://b.example/")
    assert check_requests([good]) == 1
    with pytest.raises(Exception):  # noqa: B017, PT011 -- the checker's own kinds, or the assertion
        check_requests([sent(method, path, **form)])
