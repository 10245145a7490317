"""What torch.compile made, which runs as plain Python while it is recorded, so that it can be watched."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch


@contextlib.contextmanager
def eagerly(module: Callable[[], str]) -> Iterator[set[str]]:
    """While active, compiled code runs as Python. Yields a set that gets the names of the modules, by
    `module()`, in which that happened in this thread."""
    set_stance = getattr(torch.compiler, "set_stance", None)  # from torch 2.6
    if set_stance is None:
        yield set()
        return
    ran: set[str] = set()
    frames: Any = sys.modules.get("torch._dynamo.eval_frame")  # not there where nothing is compiled
    original, here = getattr(frames, "_callback_from_stance", None), threading.get_ident()

    def noted(compiler: Any) -> Any:
        if callable(compiler) and threading.get_ident() == here:
            ran.add(module())
        return original(compiler)  # type: ignore[misc]  # it is there, or this is not called

    if original is not None:
        frames._callback_from_stance = noted
    try:
        with set_stance("force_eager"):
            yield ran
    finally:
        if original is not None:
            frames._callback_from_stance = original
