"""Modules that run twice while they are recorded: once to be watched, and once as always, for their result.

torch.nn's own attention modules have a fast path that no function mode can see. While a mode is active they
leave it, and their results change in the last bits (or, with padding, visibly). A module that cannot take
it, as in training, runs once. A function of TorchScript is watched as the Python that it was made of.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .tensors import tensors_in
from .watch import Watch

FUSED_MODULES: Any = (
    torch.nn.TransformerEncoder,
    torch.nn.TransformerEncoderLayer,
    torch.nn.MultiheadAttention,
)
ScriptFunction: Any = torch.jit.ScriptFunction
_active: list[Watch] = []
_originals: dict[tuple[Any, str], Callable] = {}
_inside = threading.local()


@contextlib.contextmanager
def seen_and_unchanged(watch: Watch) -> Iterator[None]:
    """While active, `watch` sees what runs in these modules, and their results are those without
    recording."""
    if not _active:
        for module in FUSED_MODULES:
            _replace(module, "forward", _twice)
        _replace(ScriptFunction, "__call__", _as_python_too)
    _active.append(watch)
    try:
        yield
    finally:
        _active.remove(watch)
        if not _active:
            for (owner, name), original in _originals.items():
                setattr(owner, name, original)
            _originals.clear()


def _replace(owner: Any, name: str, made: Callable) -> None:
    """Put in the place of a method what is made of it."""
    _originals[owner, name] = getattr(owner, name)
    setattr(owner, name, made(_originals[owner, name]))


def _twice(original: Callable) -> Callable:
    def forward(self, *args, **kwargs):
        watches = _watches()
        if not watches or not _may_be_fast(self, args, kwargs):
            return original(self, *args, **kwargs)
        _inside.now = True
        try:
            # The forked generator gives both runs the same dropout.
            with torch.no_grad(), torch.random.fork_rng():
                seen = original(self, *args, **kwargs)
            with _unwatched():
                result = original(self, *args, **kwargs)
            _alias(watches, result, seen)
            return result
        finally:
            _inside.now = False

    return forward


def _as_python_too(original: Callable) -> Callable:
    """A call of a TorchScript function, whose Python is watched afterwards unless it overwrote something."""

    def call(self, *args, **kwargs):
        result, watches = original(self, *args, **kwargs), _watches()
        python = getattr(self, "_torchdynamo_inline", None)
        if python is None or not watches or "_(" in getattr(self, "code", "_("):
            return result
        _inside.now = True
        try:
            with contextlib.suppress(Exception), torch.no_grad(), torch.random.fork_rng():
                _alias(watches, result, python(*args, **kwargs))
        finally:
            _inside.now = False
        return result

    return call


def _watches() -> list[Watch]:
    """The watches of this thread; none while something runs for the second time."""
    if getattr(_inside, "now", False):
        return []
    return [watch for watch in _active if watch.thread == threading.get_ident()]


def _alias(watches: list[Watch], result: Any, seen: Any) -> None:
    """Take over what is known of one result for the other."""
    for one, other in zip(tensors_in(result), tensors_in(seen), strict=False):
        for watch in watches:
            watch.alias(one, other)


def _may_be_fast(module: torch.nn.Module, args: tuple, kwargs: dict) -> bool:
    """Whether the module, or one inside it, may take the fast path: in evaluation, without gradients."""
    if all(one.training for one in module.modules()):
        return False
    tensors = [*tensors_in((args, kwargs)), *module.parameters()]
    return not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors))


@contextlib.contextmanager
def _unwatched() -> Iterator[None]:
    """While active, nothing is watched; other modes, such as a default device, stay."""
    stack: list[TorchFunctionMode] = []
    while torch._C._len_torch_function_stack():
        stack.append(torch._C._pop_torch_function_stack())
    try:
        others = [mode for mode in reversed(stack) if not isinstance(mode, Watch)]
        for mode in others:
            torch._C._push_on_torch_function_stack(mode)
        try:
            yield
        finally:
            for _ in others:
                torch._C._pop_torch_function_stack()
    finally:
        for mode in reversed(stack):
            torch._C._push_on_torch_function_stack(mode)
