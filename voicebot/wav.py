"""WAV bytes <-> samples, without touching files.

Recordings must stay readable when the program that writes them is killed: the writer puts the
sizes into the header again after every piece, and the reader believes the data it finds more than
the sizes it is told. `wave` of the standard library knows neither mu-law nor floats; telephone
recordings come as both.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from voicebot.audio import RATE_HZ, decode_mulaw, encode_mulaw

HEADER_BYTES = 44
_PCM, _FLOAT, _MULAW, _EXTENSIBLE = 1, 3, 7, 0xFFFE

Sound = NDArray[np.int16]
"""int16, shape (n, channels)"""


def wav_header(data_bytes: int, *, channels: int = 1, rate_hz: int = RATE_HZ) -> bytes:
    """The first 44 bytes of a 16-bit WAV file that holds this much sound."""
    block = 2 * channels
    sizes = min(data_bytes, 0xFFFFFFFF - HEADER_BYTES)
    return (
        b"RIFF"
        + struct.pack("<I", sizes + HEADER_BYTES - 8)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, _PCM, channels, rate_hz, rate_hz * block, block, 16)
        + b"data"
        + struct.pack("<I", sizes)
    )


def encode_wav(sound: NDArray[np.int16], *, rate_hz: int = RATE_HZ) -> bytes:
    """A whole WAV file, 16 bits; sound: shape (n,) or (n, channels).

    >>> len(encode_wav(np.zeros(8000, dtype=np.int16)))
    16044
    """
    channels = sound.shape[1] if sound.ndim == 2 else 1
    data = np.ascontiguousarray(sound, dtype="<i2").tobytes()
    return wav_header(len(data), channels=channels, rate_hz=rate_hz) + data


def encode_mulaw_wav(samples: NDArray[np.int16], *, rate_hz: int = RATE_HZ) -> bytes:
    """A mono WAV file in mu-law: half the size, and without loss for what came over the telephone."""
    data = encode_mulaw(samples)
    form = struct.pack("<HHIIHHH", _MULAW, 1, rate_hz, rate_hz, 1, 8, 0)
    fact = b"fact" + struct.pack("<II", 4, len(data))
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + fact + b"data" + struct.pack("<I", len(data))
    padded = data + b"\0" * (len(data) & 1)
    return b"RIFF" + struct.pack("<I", len(chunks) + len(padded)) + chunks + padded


def decode_wav(data: bytes) -> tuple[Sound, int]:
    """Read a WAV file: samples, shape (n, channels), and their rate.

    Understands 8, 16, 24 and 32 bits, 32-bit float and mu-law. A file that was cut off gives what is
    there. Raises ValueError, whose text names what is wrong, never the content.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("this is not a WAV file")
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = at + 8
        if name == b"fmt " and body + 16 <= len(data):
            form = struct.unpack_from("<HHIIHH", data, body)
            if form[0] == _EXTENSIBLE and size >= 40 and body + 26 <= len(data):
                form = (struct.unpack_from("<H", data, body + 24)[0], *form[1:])
        elif name == b"data":
            if form is None:
                raise ValueError("the WAV file does not say how its sound is stored")
            return _samples(data[body : body + size], form[0], form[1], form[5]), int(form[2])
        at = body + size + (size & 1)
    raise ValueError("the WAV file holds no sound")


def _samples(raw: bytes, kind: int, channels: int, bits: int) -> Sound:
    if not 1 <= channels <= 16:
        raise ValueError(f"a WAV file with {channels} channels")
    block = channels * bits // 8
    if block:
        raw = raw[: len(raw) - len(raw) % block]
    flat: NDArray[np.int16]
    if kind == _MULAW and bits == 8:
        flat = decode_mulaw(raw)
    elif kind == _FLOAT and bits == 32:
        wide = np.nan_to_num(np.frombuffer(raw, dtype="<f4").astype(np.float64))
        flat = np.clip(np.rint(wide * 32_767), -32_768, 32_767).astype(np.int16)
    elif kind == _PCM and bits == 16:
        flat = np.frombuffer(raw, dtype="<i2").astype(np.int16)
    elif kind == _PCM and bits == 8:
        flat = ((np.frombuffer(raw, dtype=np.uint8).astype(np.int16) - 128) * 256).astype(np.int16)
    elif kind == _PCM and bits == 24:
        bytes3 = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 3)
        flat = np.ascontiguousarray(bytes3[:, 1:]).view("<i2").reshape(-1).astype(np.int16)
    elif kind == _PCM and bits == 32:
        flat = (np.frombuffer(raw, dtype="<i4") >> 16).astype(np.int16)
    else:
        raise ValueError(f"a WAV file of format {kind} with {bits} bits; use 16-bit PCM")
    return flat.reshape(-1, channels)
