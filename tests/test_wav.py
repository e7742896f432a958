"""Sound files of any telephone origin can be read; those cut off by a crash too."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest

from voicebot.audio import decode_mulaw, encode_mulaw
from voicebot.wav import decode_wav, encode_mulaw_wav, encode_wav, wav_header

TONE = (np.sin(np.arange(1600) / 5) * 9000).astype(np.int16)


def a_file(kind: int, bits: int, raw: bytes, *, channels: int = 1, extra: bytes = b"") -> bytes:
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, 8000, 8000 * block, block, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form + extra + b"data" + struct.pack("<I", len(raw)) + raw
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def test_what_is_written_is_what_other_programs_read() -> None:
    stereo = np.stack([TONE, -TONE], axis=1)
    with wave.open(io.BytesIO(encode_wav(stereo))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 1600)
        assert file.readframes(1600) == stereo.tobytes()


def test_what_is_written_can_be_read_back() -> None:
    sound, rate_hz = decode_wav(encode_wav(TONE, rate_hz=16_000))
    assert rate_hz == 16_000
    assert sound.shape == (1600, 1)
    assert (sound[:, 0] == TONE).all()


@pytest.mark.parametrize(
    ("kind", "bits", "raw", "error"),
    [
        (7, 8, encode_mulaw(TONE), 300),
        (1, 8, (TONE // 256 + 128).astype(np.uint8).tobytes(), 256),
        (1, 24, (TONE.astype("<i4") << 8).reshape(-1, 1).view(np.uint8)[:, :3].tobytes(), 0),
        (1, 32, (TONE.astype("<i4") << 16).tobytes(), 0),
        (3, 32, (TONE / 32_767).astype("<f4").tobytes(), 1),
    ],
)
def test_every_usual_way_to_store_sound(kind: int, bits: int, raw: bytes, error: int) -> None:
    sound, _ = decode_wav(a_file(kind, bits, raw))
    assert np.abs(sound[:, 0].astype(int) - TONE).max() <= error


@pytest.mark.parametrize("length", [1599, 1600])
def test_telephone_sound_is_kept_in_half_the_size_without_loss(length: int) -> None:
    heard = decode_mulaw(encode_mulaw(TONE[:length]))
    file = encode_mulaw_wav(heard)
    assert len(file) < len(encode_wav(heard)) * 0.6
    assert (decode_wav(file)[0][:, 0] == heard).all()


def test_unknown_parts_of_the_file_are_skipped() -> None:
    note = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    sound, _ = decode_wav(a_file(1, 16, TONE.tobytes(), extra=note))
    assert (sound[:, 0] == TONE).all()


def test_a_file_cut_off_in_the_middle_gives_what_is_there() -> None:
    sound, _ = decode_wav(wav_header(1_000_000) + TONE.tobytes()[:101])
    assert len(sound) == 50


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a WAV"),
        (b"ID3" + bytes(100), "not a WAV"),
        (wav_header(0)[:30], "holds no sound"),
        (a_file(2, 4, bytes(10)), "use 16-bit PCM"),
    ],
)
def test_what_is_not_sound_is_named(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode_wav(data)
