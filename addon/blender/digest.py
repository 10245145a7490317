"""The digest by which a stored matrix is known again."""

import hashlib

import numpy as np


def digest(values: np.ndarray) -> str:
    """SHA-256 of a matrix as it is stored: float32, row-major, little-endian."""
    return hashlib.sha256(np.ascontiguousarray(values, "<f4").tobytes()).hexdigest()
