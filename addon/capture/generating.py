"""`generate` of transformers while a model is recorded: how many beams it follows, and which one won."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch

from .recorder import Recorder


@contextlib.contextmanager
def generating(recorder: Recorder) -> Iterator[None]:
    """While active, the recorder is told of the beams of every `generate` that runs in this thread."""
    mixin = getattr(sys.modules.get("transformers"), "GenerationMixin", None)
    if mixin is None or not callable(getattr(mixin, "generate", None)):
        yield
        return
    original = mixin.generate
    mixin.generate = _watched(original, recorder, threading.get_ident())
    try:
        yield
    finally:
        mixin.generate = original


def _watched(original: Callable, recorder: Recorder, thread: int) -> Callable:
    def generate(self, *args, **kwargs):
        if recorder.beams > 1 or threading.get_ident() != thread:
            return original(self, *args, **kwargs)
        beams, returned = _asked(self, kwargs, "num_beams"), _asked(self, kwargs, "num_return_sequences")
        recorder.beams = max(beams, returned)
        try:
            result = original(self, *args, **kwargs)
            if recorder.beams > 1:
                with contextlib.suppress(Exception):
                    recorder.chosen_by(_sequence(result, recorder.batch * returned))
            return result
        finally:
            recorder.beams = 1

    return generate


def _asked(model: torch.nn.Module, kwargs: dict, name: str) -> int:
    """A setting of generation: given as it is, in a configuration, or the model's own."""
    for place in (kwargs.get("generation_config"), getattr(model, "generation_config", None)):
        value = kwargs.get(name) or getattr(place, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return 1


def _sequence(result: Any, number: int) -> list[int] | None:
    """The token ids of one of the sequences that were generated."""
    with torch._C.DisableTorchFunction():
        sequences = getattr(result, "sequences", result)
        if isinstance(sequences, torch.Tensor) and sequences.dim() == 2 and number < len(sequences):
            return sequences[number].tolist()
    return None
