"""How this package opens an ONNX voice model.

Measured on 2 cores: threads of onnxruntime that have nothing to do spin by default; that takes the
processor from the recogniser for nothing and made the voice itself slower, so it is off. Memory
patterns are off as well: every prompt has another length, and one remembered pattern for each of them
is memory that never comes back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from voicebot.errors import ConfigError


def open_session(model: Path, *, threads: int) -> Any:
    """Load a model for the processor. Raises ConfigError when the file is not one."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own that it does not export
        raise ConfigError(
            f'voice model "{model}" cannot be loaded ({type(error).__name__}): it is missing, cut off or no '
            "ONNX file.",
            remedy="Run `voicebot models check`, or correct the path in the persona file.",
            code="E-TTS-MODEL",
        ) from error
