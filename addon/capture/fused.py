"""torch.nn's own attention modules, which have a fast path that no function mode can see.

While a function mode is active, these modules leave the fast path, and their results change in the last bits
(or, with padding, visibly). So a module that could take it runs twice while recording: once to be watched,
and once as always, for its result. A module that cannot take it, as in training, runs once.
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
_active: list[Watch] = []
_originals: dict[Any, Callable] = {}
_inside = threading.local()


@contextlib.contextmanager
def seen_and_unchanged(watch: Watch) -> Iterator[None]:
    """While active, `watch` sees what runs in these modules, and their results are those without
    recording."""
    if not _active:
        for module in FUSED_MODULES:
            _originals[module] = module.forward
            module.forward = _twice(module.forward)
    _active.append(watch)
    try:
        yield
    finally:
        _active.remove(watch)
        if not _active:
            for module, original in _originals.items():
                module.forward = original
            _originals.clear()


def _twice(original: Callable) -> Callable:
    def forward(self, *args, **kwargs):
        watches = [watch for watch in _active if watch.thread == threading.get_ident()]
        if getattr(_inside, "now", False) or not watches or not _may_be_fast(self, args, kwargs):
            return original(self, *args, **kwargs)
        _inside.now = True
        try:
            # The forked generator gives both runs the same dropout.
            with torch.no_grad(), torch.random.fork_rng():
                seen = original(self, *args, **kwargs)
            with _unwatched():
                result = original(self, *args, **kwargs)
            for one, other in zip(tensors_in(result), tensors_in(seen), strict=False):
                for watch in watches:
                    watch.alias(one, other)
            return result
        finally:
            _inside.now = False

    return forward


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
