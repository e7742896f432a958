"""Builds the parts of the server and mounts its routes. Knows every concrete class; decides nothing.

`build_app` blocks until everything is loaded and warm, so that a port that is open answers calls
at once, and raises before it is opened when anything is missing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from voicebot.backoffice.base import BackOffice
from voicebot.call import Call
from voicebot.call_config import CallConfig
from voicebot.carrier.control import NoControl, Rest, TwilioControl
from voicebot.carrier.handoff import HandoffTokens, handoff_routes
from voicebot.carrier.rest import PointedHttp, TwilioRest
from voicebot.carrier.routes import House, carrier_routes
from voicebot.carrier.signature import SignatureCheck
from voicebot.carrier.tokens import StreamTokens
from voicebot.carrier.transfer_routes import transfer_routes
from voicebot.carrier.transfers import Transfers
from voicebot.carrier.twiml import Speech
from voicebot.carrier.urls import Urls
from voicebot.dialogue.engine import Dialogue
from voicebot.dialplan.model import Dialplan
from voicebot.driver import Parts, Services
from voicebot.engine_pool import EnginePool, Engines
from voicebot.engines.base import Embedder, SpeechDetector
from voicebot.errors import ConfigError
from voicebot.events import CallStarted, Prepare
from voicebot.language.speak import render
from voicebot.ports import CallLog, HandoffStore, Recorder
from voicebot.recorder import Recorder as FileRecorder
from voicebot.recorder import RecordingHeader
from voicebot.settings import Settings, require_serving
from voicebot.switchboard import Switchboard

log = logging.getLogger("voicebot.app")

PREPARE_POLL_S = 0.2


@dataclass(frozen=True, kw_only=True)
class AppParts:
    """What takes the place of the parts built from the settings: another business, or a test."""

    dialplans: Mapping[str, Dialplan] | None = None
    engines: Engines | None = None
    new_detector: Callable[[], SpeechDetector] | None = None
    """one for each call"""
    back_office: BackOffice | None = None
    call_log: CallLog | None = None
    handoffs: HandoffStore | None = None
    rest: Rest | None = None
    now: Callable[[], datetime] | None = None
    """local time of the business, without zone"""


def build_app(settings: Settings, parts: AppParts | None = None) -> FastAPI:
    """Make the server. Blocks while models load; raises ConfigError, DialplanError, EngineError.

    `app.state.switchboard` has the live calls; `drain` it before the server stops.
    """
    require_serving(settings)
    parts = parts or AppParts()
    closing: list[Callable[[], None]] = []
    try:
        return _build(settings, parts, closing)
    except BaseException:
        _close(closing)
        raise


def _build(settings: Settings, parts: AppParts, closing: list[Callable[[], None]]) -> FastAPI:
    now = parts.now or local_clock(settings.time_zone)
    back_office, call_log, handoffs = _data(settings, parts, now, closing)
    engines = parts.engines
    dialplans = parts.dialplans
    if engines is None or dialplans is None:
        built, loaded = _speech(settings, engines, dialplans)
        engines, dialplans = built, loaded
    dialplans = with_recording(settings.record_calls, dialplans)
    pool = EnginePool(
        engines, recognition_workers=settings.asr_workers, synthesis_workers=settings.tts_workers
    )
    closing.append(pool.close)
    log.info("warming up the engines")
    pool.warm_up()
    if settings.prepare_prompts == "before":
        prepare_prompts(engines, dialplans)

    urls = Urls(settings.public_url)
    tokens, transfers = StreamTokens(), Transfers()
    rest = parts.rest or _rest(settings, closing)
    control = TwilioControl(rest, urls, transfers, tokens, handoffs) if rest is not None else None
    new_detector = parts.new_detector or _webrtc_detector
    dialogues = {
        line: Dialogue(dialplan, engines.embedder.embed if engines.embedder is not None else None)
        for line, dialplan in dialplans.items()
    }

    def make_parts(started: CallStarted, line: str) -> Parts:
        dialplan = dialplans[line]
        return Parts(
            heart=Call(dialogues[line], call_config(settings, dialplan)),
            detector=new_detector(),
            line_name=line,
            recorder=_recorder(settings, dialplan, started) if dialplan.record_calls else None,
        )

    switchboard = Switchboard(
        Services(pool, back_office, control or NoControl(), call_log),
        make_parts,
        lambda dnis: choose_line(dialplans, dnis),
        max_calls=settings.max_calls,
        now=now,
        stream_wait_s=settings.stream_wait_ms / 1000,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        behind = settings.prepare_prompts == "behind"
        preparing = asyncio.create_task(prepare_behind(pool, dialplans)) if behind else None
        yield
        if preparing is not None:
            preparing.cancel()
        await switchboard.drain(0)
        _close(closing)

    app = FastAPI(title="voicebot", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.switchboard = switchboard
    check = None
    if settings.checks_signatures:
        check = SignatureCheck(settings.public_url, settings.twilio_auth_token)
    else:
        log.warning("E-SIGNATURE-OFF: nobody is asked for a signature; for development on this machine only.")
    speech = Speech({"zh": settings.twilio_say_voice_zh, "en": settings.twilio_say_voice_en})
    house = House(urls, check, tokens, switchboard, speech)
    app.include_router(carrier_routes(house))
    app.include_router(transfer_routes(house, transfers, control))
    secret = settings.twilio_auth_token or secrets.token_hex(16)
    app.include_router(handoff_routes(handoffs, HandoffTokens(secret)))

    @app.get("/healthz")
    async def healthz() -> Response:
        """200 while calls are taken, 503 while stopping; counts only."""
        status = switchboard.status()
        return JSONResponse(status, status_code=200 if status["status"] == "ok" else 503)

    return app


# --- what a call gets -------------------------------------------------------------------


def choose_line(dialplans: Mapping[str, Dialplan], dnis: str) -> tuple[str, tuple[str, ...]] | None:
    """The dialplan for the number dialled, and its languages.

    A line without numbers answers all others; so does the only line there is.
    """
    by_number = [plan for plan in dialplans.values() if dnis and dnis in plan.numbers]
    rest = [plan for plan in dialplans.values() if not plan.numbers or len(dialplans) == 1]
    for chosen in (*by_number, *rest):
        return chosen.line, chosen.languages
    return None


def call_config(settings: Settings, dialplan: Dialplan) -> CallConfig:
    """The numbers of a call on this line."""
    return CallConfig(
        queues=dialplan.queues,
        language=dialplan.languages[0],
        voice=dialplan.voices[dialplan.languages[0]],
        recognition_timeout_ms=settings.asr_timeout_ms,
        synthesis_timeout_ms=settings.tts_timeout_ms,
        longest_call_ms=dialplan.limits.call_ms,
    )


def with_recording(who: str, dialplans: Mapping[str, Dialplan]) -> dict[str, Dialplan]:
    """Let the operator's decision on recording overrule the lines'; never without the notice."""
    if who == "dialplan":
        return dict(dialplans)
    silent = [line for line, plan in dialplans.items() if not plan.recording_notice]
    if who == "always" and silent:
        raise ConfigError(
            f"RECORD_CALLS=always, but these lines have no recording_notice: {', '.join(silent)}.",
            remedy="Callers must be told first: add `recording_notice:` to their flow.yaml.",
        )
    return {line: replace(plan, record_calls=who == "always") for line, plan in dialplans.items()}


def _recorder(settings: Settings, dialplan: Dialplan, started: CallStarted) -> Recorder | None:
    folder = settings.recordings_dir / f"{started.started_at:%Y%m%d-%H%M%S}-{started.call_id}"
    if started.resume:
        folder = folder.with_name(f"{folder.name}-{started.resume}")
    header = RecordingHeader(
        dialplan.line,
        dialplan.checksum,
        settings={"asr_model": settings.asr_model, "asr_timeout_ms": settings.asr_timeout_ms},
    )
    try:
        return FileRecorder(folder, header)
    except ConfigError as error:  # a full disk is no reason not to serve the caller
        log.error("%s call=%s: %s", error.code, started.call_id, error)
        return None


# --- what is built once -----------------------------------------------------------------


def local_clock(time_zone: str) -> Callable[[], datetime]:
    """The business's wall clock. Raises ConfigError for a zone nobody knows."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            f"TIME_ZONE: {time_zone!r} is unknown.", remedy="Use a name such as Asia/Shanghai."
        ) from None
    return lambda: datetime.now(zone).replace(tzinfo=None)


def prepare_prompts(engines: Engines, dialplans: Mapping[str, Dialplan]) -> int:
    """Speak every prompt without holes once, so that the synthesiser's cache holds it; how many."""
    wanted = _all_fixed_prompts(dialplans)
    for number, (voice, spoken) in enumerate(wanted):
        if number % 20 == 0:
            log.info("preparing prompts: %s of %s", number, len(wanted))
        for _ in engines.synthesiser.synthesise(spoken, voice=voice):
            pass
    log.info("prompts are ready: %s", len(wanted))
    return len(wanted)


async def prepare_behind(pool: EnginePool, dialplans: Mapping[str, Dialplan]) -> None:
    """The same beside the calls, one at a time and after everything a caller waits for."""
    for voice, spoken in _all_fixed_prompts(dialplans):
        job = pool.prepare(Prepare(spoken, voice))
        while not job.is_done:  # noqa: ASYNC110 -- threads tell of nothing
            await asyncio.sleep(PREPARE_POLL_S)
    log.info("prompts are ready")


def _all_fixed_prompts(dialplans: Mapping[str, Dialplan]) -> list[tuple[str, str]]:
    return sorted({text for plan in dialplans.values() for text in fixed_prompts(plan)})


def fixed_prompts(dialplan: Dialplan) -> set[tuple[str, str]]:
    """(voice, as spoken) of every wording that is the same in every call."""
    texts: set[tuple[str, str]] = set()
    for language in dialplan.languages:
        answers = [entry.answer for entry in dialplan.knowledge.get(language, ())]
        for prompt in (*dialplan.prompts.get(language, {}).values(), *answers):
            for variant in (*prompt.variants, *prompt.again):
                if all(isinstance(part, str) for part in variant.parts):
                    _, spoken = render(variant, {}, language=language)
                    if spoken.strip():
                        texts.add((dialplan.voices[language], spoken))
    return texts


def _speech(
    settings: Settings, engines: Engines | None, dialplans: Mapping[str, Dialplan] | None
) -> tuple[Engines, Mapping[str, Dialplan]]:
    """Load what is not given: dialplans need the embedder, voices need the dialplans."""
    from voicebot.dialplan_files import read_all
    from voicebot.engines.cache import CachedSynthesiser
    from voicebot.engines.e5 import E5Embedder, version
    from voicebot.engines.remembering import RememberingEmbedder
    from voicebot.engines.voices import Voices
    from voicebot.engines.whisper import WhisperRecogniser
    from voicebot.models import ModelStore

    embedder: Embedder | None = None
    if settings.embedder == "e5":
        embedder = RememberingEmbedder(E5Embedder(), settings.cache_dir / "meanings.npz", version=version())
    if engines is not None:
        embedder = engines.embedder
    if dialplans is None:
        log.info("reading the dialplans")
        dialplans = read_all(settings.dialplans_dir, voices_dir=settings.voices_dir, embedder=embedder)
        if isinstance(embedder, RememberingEmbedder):
            embedder.keep()
    if engines is None:
        store = ModelStore(settings.models_dir)
        log.info("loading the recogniser")
        recogniser = WhisperRecogniser(
            store.resolve(settings.asr_model), cpu_threads=settings.asr_threads, workers=settings.asr_workers
        )
        voices = Voices(
            settings.voices_dir,
            lambda name: store.resolve(name, purpose="piper-joe"),
            work_dir=settings.models_dir / "work",
            needed=sorted({voice for plan in dialplans.values() for voice in plan.voices.values()}),
        )
        engines = Engines(recogniser, CachedSynthesiser(voices, settings.cache_dir), embedder)
    return engines, dialplans


def _data(
    settings: Settings, parts: AppParts, now: Callable[[], datetime], closing: list[Callable[[], None]]
) -> tuple[BackOffice, CallLog, HandoffStore]:
    if parts.back_office is not None and parts.call_log is not None and parts.handoffs is not None:
        return parts.back_office, parts.call_log, parts.handoffs
    from voicebot.backoffice.demo import DemoBackOffice
    from voicebot.store.calls import SqlCallLog, SqlHandoffStore
    from voicebot.store.database import Database
    from voicebot.store.threads import Workers

    database = Database(settings.database_url)
    workers = Workers()
    closing += [database.close, workers.close]
    database.migrate()
    return (
        parts.back_office or DemoBackOffice(database, workers, now),
        parts.call_log or SqlCallLog(database, workers),
        parts.handoffs or SqlHandoffStore(database, workers),
    )


def _rest(settings: Settings, closing: list[Callable[[], None]]) -> Rest | None:
    if not (settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_from):
        log.warning("E-CARRIER-NONE: no carrier account is set, so no agent can be rung.")
        return None
    http = PointedHttp(settings.twilio_api_base, timeout_s=settings.twilio_timeout_ms / 1000)
    rest = TwilioRest(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_from, http)
    closing.append(rest.close)
    return rest


def _webrtc_detector() -> SpeechDetector:
    from voicebot.engines.webrtc import WebrtcDetector

    return WebrtcDetector()


def _close(closing: list[Callable[[], None]]) -> None:
    """Free everything, last opened first; a failure does not keep the others open."""
    while closing:
        try:
            closing.pop()()
        except Exception as error:
            log.error("E-CLOSE %s", type(error).__name__)
