"""The embedded recogniser: Whisper, told what the question makes likely.

One utterance is encoded once. From that come, as far as the question asks for them: the free
reading; the ranking of the expected candidates by the audio itself; digit strings nobody
listed. What is not believed to be speech ends early with text "".
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from voicebot.engines.hallucination import Sound, doubt, is_invented, is_subtitle
from voicebot.engines.levels import sound_of
from voicebot.engines.sayings import NUMBER_KINDS, TRIM, around_digits, digits_in
from voicebot.engines.whisper_decoder import Decoder, Hearings
from voicebot.engines.whisper_digits import Guess, search
from voicebot.engines.whisper_model import CALL_HZ, WINDOWS_S, Encoded, WhisperModel
from voicebot.engines.whisper_score import Scorer, judge, number_certainty, rejection_score, spoken_length
from voicebot.errors import EngineError
from voicebot.events import Alternative, Expectation, Hearing, Samples
from voicebot.language.normalise import simplified

PROMPTS = {"zh": "以下是普通话的句子。", "en": ""}
"""a prompt in simplified characters makes Whisper answer in them; English needs none"""
LANGUAGES = tuple(PROMPTS)
SHORTEST_MS = 60
"""less voice than this is a click"""
MOST_HINTS = 12
"""domain words in the prompt; more of them begin to be heard where they were not said"""
DOUBT_AT_MOST = 1.15
"""above it, doubtful sound is not even compared with what was expected"""
SLACK_DIGITS = 2
"""without bounds from the question, the free reading may have missed this many digits"""


class WhisperRecogniser:
    """Recogniser for all calls and pool threads; an utterance leaves nothing behind in it."""

    def __init__(
        self,
        model_dir: Path,
        *,
        cpu_threads: int = 0,
        compute_type: str = "int8",
        device: str = "auto",
        beam_size: int = 5,
        workers: int = 1,
    ) -> None:
        """Load the model. Raises EngineError with the file and the remedy when it cannot.

        cpu_threads: 0 takes all cores. workers: utterances inside the model at one time.
        """
        self._model = WhisperModel(
            model_dir, cpu_threads=cpu_threads, compute_type=compute_type, device=device, workers=workers
        )
        self._decoder = Decoder(Path(model_dir) / "model.bin")
        self._beam_size = beam_size

    def warm_up(self) -> None:
        """Run every window size once: the first run of each allocates its memory."""
        for window in WINDOWS_S:
            encoded = self._model.encode(np.zeros(CALL_HZ, dtype=np.int16), window)
            self._model.decode(encoded, language="zh", prompt=PROMPTS["zh"], beam_size=self._beam_size)
        self._digits(self._hearings(encoded), "12", "zh", Expectation("digits", max_digits=2), 1.0)
        self._scorer(self._hearings(encoded), "zh", "退款").scores(["退款", "8801"])

    def recognise(self, samples: Samples, *, language: str, expectation: Expectation) -> Hearing:
        """Hear one utterance; see `Recogniser`."""
        started = time.perf_counter()
        if language not in LANGUAGES:
            raise EngineError(
                f"recogniser: language {language!r} is not one of {', '.join(LANGUAGES)}.",
                remedy="Correct `languages` in the dialplan.",
            )
        sound = sound_of(samples)
        if sound.voiced_ms < SHORTEST_MS:
            return _nothing(language, 1.0, started)
        encoded = self._model.encode(samples)
        hearing = self._read(encoded, language, expectation)
        is_doubtful = is_invented(
            hearing.text,
            language=language,
            log_prob=hearing.log_prob,
            no_speech_prob=hearing.no_speech_prob,
            sound=sound,
        )
        # A mumbled 「对」 is doubtful as free text and plain as an answer: let the audio decide first.
        may_answer = not is_doubtful or (
            not is_subtitle(hearing.text) and doubt(hearing.log_prob, hearing.no_speech_prob) < DOUBT_AT_MOST
        )
        if may_answer and (expectation.candidates or expectation.kind in NUMBER_KINDS):
            hearings = self._hearings(encoded)
            hearing = self._compare(hearing, hearings, expectation, sound)
            if expectation.kind in NUMBER_KINDS and hearing.best_expected is None and not is_doubtful:
                hearing = self._number(hearing, hearings, expectation, encoded.speech_s, sound)
        if is_doubtful and hearing.best_expected is None:
            return _nothing(language, hearing.no_speech_prob, started)
        return replace(hearing, took_ms=_elapsed_ms(started))

    # --- Free reading ----------------------------------------------------------------------

    def _read(self, encoded: Encoded, language: str, expectation: Expectation) -> Hearing:
        readings, no_speech_prob = self._model.decode(
            encoded,
            language=language,
            prompt=prompt_for(language, expectation.hints),
            beam_size=self._beam_size,
            hypotheses=3,
            may_repeat=expectation.kind in NUMBER_KINDS,
        )
        alternatives = tuple(
            Alternative(simplified(reading.text) if language == "zh" else reading.text, reading.log_prob)
            for reading in readings
        )
        best = alternatives[0]
        return Hearing(
            text=best.text,
            language=language,
            alternatives=alternatives,
            log_prob=best.log_prob,
            no_speech_prob=no_speech_prob,
            confidence=float(np.exp(best.log_prob)),
        )

    # --- What was expected -----------------------------------------------------------------

    def _hearings(self, encoded: Encoded) -> Hearings:
        return self._decoder.listen(np.asarray(encoded.output, dtype=np.float32)[0])

    def _scorer(self, hearings: Hearings, language: str, free_text: str) -> Scorer:
        tree = hearings.tree([self._model.opening(language, PROMPTS[language])])
        return Scorer(self._model, tree, 0, free_text)

    def _compare(
        self, hearing: Hearing, hearings: Hearings, expectation: Expectation, sound: Sound
    ) -> Hearing:
        if not expectation.candidates:
            return hearing
        scorer = self._scorer(hearings, hearing.language, hearing.text)
        verdict = judge(scorer, expectation.candidates, language=hearing.language, snr_db=sound.snr_db)
        return replace(
            hearing, ranked=verdict.ranked, best_expected=verdict.best, confidence=verdict.confidence
        )

    # --- Numbers nobody listed -------------------------------------------------------------

    def _digits(
        self, hearings: Hearings, text: str, language: str, expectation: Expectation, speech_s: float
    ) -> list[Guess]:
        around = around_digits(text) or ("", "")
        heard = len(digits_in(text))
        return search(
            self._model,
            hearings,
            language=language,
            min_digits=expectation.min_digits or max(1, heard - SLACK_DIGITS),
            max_digits=expectation.max_digits or heard + SLACK_DIGITS,
            speech_s=speech_s,
            before=around[0],
            after=around[1].strip(TRIM),
        )

    def _number(
        self,
        hearing: Hearing,
        hearings: Hearings,
        expectation: Expectation,
        speech_s: float,
        sound: Sound,
    ) -> Hearing:
        guesses = self._digits(hearings, hearing.text, hearing.language, expectation, speech_s)
        if not guesses:
            return hearing
        scorer = self._scorer(hearings, hearing.language, hearing.text)
        around = around_digits(hearing.text) or ("", "")
        best = guesses[0].digits
        written = [best, " ".join(best), around[0] + best + around[1].strip(TRIM)]
        text, score = max(zip(written, scorer.scores(written), strict=True), key=lambda pair: pair[1])
        against_free = (score - scorer.free) / spoken_length(text)
        if against_free < rejection_score(sound.snr_db):
            return replace(hearing, confidence=min(hearing.confidence, 0.5))
        second = guesses[1].log_prob if len(guesses) > 1 else -np.inf
        return replace(
            hearing,
            digits=tuple(Alternative(g.digits, g.log_prob / (len(g.digits) + 1)) for g in guesses),
            confidence=number_certainty(against_free, guesses[0].log_prob - second, sound.snr_db),
        )


def prompt_for(language: str, hints: tuple[str, ...]) -> str:
    """What the decoder is told was said before: plain writing, then the words of the trade."""
    if not hints:
        return PROMPTS[language]
    words = hints[:MOST_HINTS]
    if language == "zh":
        return f"{PROMPTS['zh']}{'、'.join(words)}。"
    return f"{', '.join(words)}."


def _nothing(language: str, no_speech_prob: float, started: float) -> Hearing:
    return Hearing(
        text="",
        language=language,
        no_speech_prob=no_speech_prob,
        confidence=0.0,
        took_ms=_elapsed_ms(started),
    )


def _elapsed_ms(started: float) -> int:
    return int((time.perf_counter() - started) * 1000)
