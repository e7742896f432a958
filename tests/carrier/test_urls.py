"""Addresses come from the public URL only, and say nothing about anybody."""

from __future__ import annotations

import pytest

from voicebot.carrier.urls import Urls, websocket_base


@pytest.mark.parametrize(
    ("public_url", "media"),
    [
        ("https://voice.example.com", "wss://voice.example.com/twilio/media"),
        ("https://voice.example.com:8443/bot", "wss://voice.example.com:8443/bot/twilio/media"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/twilio/media"),
        ("https://http.example.com", "wss://http.example.com/twilio/media"),
    ],
)
def test_the_stream_is_opened_at_the_same_place(public_url: str, media: str) -> None:
    assert Urls(public_url).media == media
    assert "?" not in media  # the carrier drops queries of streams


def test_each_address_names_transfer_and_attempt() -> None:
    urls = Urls("https://v.example")
    assert urls.transfer("4f2a", 2, "accept") == "https://v.example/twilio/transfer/4f2a/2/accept"
    assert urls.handoff("4f2a") == "https://v.example/handoff/4f2a"
    assert urls.status == "https://v.example/twilio/status"
    assert urls.connect_ended == "https://v.example/twilio/connect-ended"


def test_only_the_scheme_is_changed() -> None:
    assert websocket_base("https://a.example/http://b") == "wss://a.example/http://b"
