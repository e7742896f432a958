"""The agent's page: what the call is about, for the holder of its token.

The token is made from the id with a secret of the deployment, so that nothing has to be kept and
nobody can guess it. A wrong token and an unknown id get the same answer. Everything shown comes
from callers and business systems, so everything is escaped, and the page can run nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment

from voicebot.carrier import urls
from voicebot.carrier.urls import Urls
from voicebot.ports import Handoff, HandoffStore

READABLE_FOR = timedelta(hours=24)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "来电交接",
        "caller": "来电人",
        "identity": "身份",
        "wants": "诉求",
        "done": "已办理",
        "mood": "情绪",
        "reason": "转接原因",
        "queue": "队列",
        "since": "转接时间",
        "facts": "资料",
        "transcript": "对话记录",
        "bot": "机器人",
        "unknown": "未知",
        "number_known": "号码已识别，未核实",
        "verified": "已核实",
        "calm": "平静",
        "worried": "着急",
        "angry": "不满",
        "nothing": "无",
    },
    "en": {
        "title": "Call handed over",
        "caller": "Caller",
        "identity": "Identity",
        "wants": "Wants",
        "done": "Done so far",
        "mood": "Mood",
        "reason": "Reason",
        "queue": "Queue",
        "since": "Handed over at",
        "facts": "Record",
        "transcript": "Conversation",
        "bot": "Bot",
        "unknown": "unknown",
        "number_known": "number known, not verified",
        "verified": "verified",
        "calm": "calm",
        "worried": "worried",
        "angry": "angry",
        "nothing": "nothing",
    },
}

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ w.title }}</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 2rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem }
dt { color: #666 } dd { margin: 0 }
.says { display: grid; grid-template-columns: 4.5rem 1fr; gap: .2rem .8rem } .who { color: #666 }
.caller { background: #f2f6ff; border-radius: .4rem; padding: 0 .5rem }
.recap { background: #fff8e6; padding: .6rem 1rem }
dl dl { border-left: 3px solid #eee; padding-left: .8rem }
</style>
</head>
<body>
<h1>{{ w.title }}</h1>
{% if r.spoken %}<p class="recap">{{ r.spoken }}</p>{% endif %}
<dl>
<dt>{{ w.caller }}</dt><dd>{{ r.caller or w.unknown }}</dd>
<dt>{{ w.identity }}</dt><dd>{{ w.get(r.identity, r.identity) }}</dd>
<dt>{{ w.wants }}</dt><dd>{{ r.wants or w.unknown }}</dd>
<dt>{{ w.done }}</dt><dd>{{ r.done | join("；" if language == "zh" else "; ") or w.nothing }}</dd>
<dt>{{ w.mood }}</dt><dd>{{ w.get(r.mood, r.mood) }}</dd>
<dt>{{ w.reason }}</dt><dd>{{ r.reason }}</dd>
<dt>{{ w.queue }}</dt><dd>{{ handoff.queue }}</dd>
<dt>{{ w.since }}</dt><dd>{{ handoff.created_at }}</dd>
</dl>
{% macro show(value) %}
{% if value is mapping %}
<dl>{% for name, inner in value.items() %}<dt>{{ name }}</dt><dd>{{ show(inner) }}</dd>{% endfor %}</dl>
{% elif value is sequence and value is not string %}
{% for inner in value %}{{ show(inner) }}{% endfor %}
{% else %}{{ value }}{% endif %}
{% endmacro %}
{% if facts %}<h2>{{ w.facts }}</h2>{{ show(facts) }}{% endif %}
{% if r.transcript %}<h2>{{ w.transcript }}</h2>
<div class="says">
{% for who, said in r.transcript %}
<span class="who">{{ w.get(who, who) }}</span>
<span class="{{ 'caller' if who == 'caller' else '' }}">{{ said }}</span>
{% endfor %}
</div>{% endif %}
</body>
</html>
""")


class HandoffTokens:
    """Makes and checks the token of a handoff."""

    def __init__(self, secret: str) -> None:
        """secret: of the deployment, such as the carrier's auth token; must not be empty."""
        if not secret:
            raise ValueError("without a secret every token could be guessed")
        self._secret = secret.encode()

    def token(self, handoff_id: str) -> str:
        return hmac.new(self._secret, f"handoff:{handoff_id}".encode(), hashlib.sha256).hexdigest()[:40]

    def is_valid(self, handoff_id: str, token: str) -> bool:
        return hmac.compare_digest(self.token(handoff_id).encode(), token.encode("utf-8", "surrogatepass"))

    def link(self, where: Urls, handoff_id: str) -> str:
        """The address to give to the agent."""
        return f"{where.handoff(handoff_id)}?token={self.token(handoff_id)}"


class MemoryHandoffs:
    """A store for one process, for trials and tests."""

    def __init__(self) -> None:
        self._handoffs: dict[str, Handoff] = {}

    async def save(self, handoff: Handoff) -> None:
        self._handoffs[handoff.id] = handoff

    async def load(self, handoff_id: str) -> Handoff | None:
        return self._handoffs.get(handoff_id)


def handoff_routes(store: HandoffStore, tokens: HandoffTokens) -> APIRouter:
    """`GET /handoff/{transfer_id}`, with `?token=` or `Authorization: Bearer`."""
    router = APIRouter()

    @router.get(urls.HANDOFF)
    async def handoff(request: Request, transfer_id: str, token: str = "") -> Response:
        """A page for people; JSON for programs that ask for it in `Accept`."""
        given = token or request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        found = None
        if re.fullmatch(r"[0-9a-f]{1,64}", transfer_id) and tokens.is_valid(transfer_id, given):
            found = await store.load(transfer_id)
        if found is None or _is_old(found):
            raise HTTPException(404, "there is no such handoff, or the link is not complete", headers=HEADERS)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(as_json(found), headers=HEADERS)
        return HTMLResponse(page(found), headers=HEADERS)

    return router


def as_json(handoff: Handoff) -> dict[str, Any]:
    """The whole record, for an agent's desktop."""
    plain: dict[str, Any] = _plain(asdict(handoff))
    return plain


def page(handoff: Handoff) -> str:
    """The record as a page in the language of the call."""
    language = handoff.recap.language if handoff.recap.language in WORDS else "en"
    return _PAGE.render(
        handoff=handoff,
        r=handoff.recap,
        facts=_plain(handoff.recap.facts),
        w=WORDS[language],
        language=language,
    )


def _is_old(handoff: Handoff) -> bool:
    created = datetime.fromisoformat(handoff.created_at)
    if created.tzinfo is None:
        created = created.replace(tzinfo=UTC)
    return datetime.now(UTC) - created > READABLE_FOR


def _plain(value: Any) -> Any:
    """Slots and facts in types that JSON has."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
