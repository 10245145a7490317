"""A small capture of a model that saw a picture."""

from pathlib import Path

import numpy as np
from matrix_cinema.formats.capture_file import write_capture

TOKENS = ["[CLS]", *(f"r{row}c{column}" for row in range(2) for column in range(3))]
# Each patch of 4 x 4 pixels has a colour of its own.
PIXELS = np.random.default_rng(1).integers(0, 256, (2, 3, 3), np.uint8).repeat(4, 0).repeat(4, 1)


def write(path: Path) -> Path:
    """One head over a class token and six patches."""
    random = np.random.default_rng(0)
    tensors = {f"L0.{name}": random.normal(size=(1, 7, 4)).astype(np.float32) for name in "qkv"}
    layer = {"n_q_heads": 1, "n_kv_heads": 1, "head_dim": 4, "scale": 0.5}
    write_capture(path, tensors | {"picture": PIXELS}, {"tokens_q": TOKENS, "layers": {"0": layer}})
    return path
