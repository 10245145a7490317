"""Follows what runs while a model is recorded: the module, its batch, and the call of the whole model."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from .tensors import tensors_in


@dataclass(eq=False)
class _Frame:
    name: str
    sizes: set[int]
    ids: Any = None


@dataclass(eq=False)
class Running:
    """The modules being run in one thread, innermost last; `elsewhere` names those of the model in others.

    `calls` counts the calls of an outermost module, which are the passes of the model. `given` is called with
    the tensors that such a module gets.
    """

    frames: list[_Frame] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)
    calls: int = 0
    given: Callable[[list[torch.Tensor]], None] | None = None

    def module(self) -> str:
        """The dotted name of the innermost module, "" outside of all."""
        return self.frames[-1].name if self.frames else ""

    @property
    def frame(self) -> _Frame | None:
        """The call of the innermost module, None outside of all."""
        return self.frames[-1] if self.frames else None

    def others(self) -> list[str]:
        """The names of the modules that ran in other threads, without those inside of others; "" for the
        model itself."""
        if "" in self.elsewhere:
            return [""]
        names = sorted(self.elsewhere)
        return [one for one in names if not any(one.startswith(f"{other}.") for other in names)]

    def batch(self, elements: int) -> int:
        """How many elements of the model's batch there are among so many attentions side by side.

        The tensors that the outermost module was given tell: the largest of their first axes that divides the
        number. If none does, each attention is an element of its own.
        """
        for frame in self.frames:
            fitting = [size for size in frame.sizes if size and elements % size == 0]
            if fitting:
                return max(fitting)
        return elements

    def ids(self) -> torch.Tensor | None:
        """The token ids [batch, tokens] that the model is reading, where it is given any."""
        return next((frame.ids for frame in self.frames if frame.ids is not None), None)


@contextlib.contextmanager
def running(model: torch.nn.Module | None) -> Iterator[Running]:
    """While active, the Running of the thread that entered: of `model`, or of whatever runs for None."""
    names = {} if model is None else {id(module): name for name, module in model.named_modules()}
    own, here = Running(), threading.get_ident()
    register = torch.nn.modules.module

    def hand_on(given):
        if own.given is not None:
            with contextlib.suppress(Exception), torch._C.DisableTorchFunction():
                own.given(tensors_in(given))

    def enter(module, args):
        if threading.get_ident() != here:
            if id(module) in names or getattr(module, "_is_replica", False):  # of DataParallel
                own.elsewhere.add(names.get(id(module), ""))
            return
        if model is None and not own.frames:
            names.update((id(one), name) for name, one in module.named_modules())
        own.calls += not own.frames
        name = names.get(id(module), type(module).__name__)
        if not own.frames:
            hand_on(args)
        own.frames.append(_Frame(name, *_given(args, {})))

    def enter_model(module, args, kwargs):
        if threading.get_ident() == here and own.frames:
            own.frames[-1] = _Frame(own.frames[-1].name, *_given(args, kwargs))
            if len(own.frames) == 1:
                hand_on((args, kwargs))

    def leave(module, args, result):
        if threading.get_ident() == here and own.frames:
            own.frames.pop()

    hooks = [
        register.register_module_forward_pre_hook(enter),
        register.register_module_forward_hook(leave, always_call=True),
    ]
    if model is not None and not type(model).__module__.startswith(
        "torch.nn"
    ):  # whose fast path a hook would take away
        hooks.append(model.register_forward_pre_hook(enter_model, with_kwargs=True))
    try:
        yield own
    finally:
        for hook in hooks:
            hook.remove()


def _given(args, kwargs):
    """(the first axes of the tensors that a module is given, token ids among them)."""
    try:
        with torch._C.DisableTorchFunction():
            tensors = [t for t in tensors_in((args, kwargs)) if t.dim() > 0]
            ids = [
                kwargs[n]
                for n in ("decoder_input_ids", "input_ids")
                if isinstance(kwargs.get(n), torch.Tensor)
            ]
            ids += [t for t in tensors if t.dim() == 2 and t.dtype in (torch.int64, torch.int32)]
            return {int(t.shape[0]) for t in tensors}, ids[0].detach() if ids else None
    except Exception:  # tensors of other kinds; the model's own business
        return set(), None
