"""Calls into torch: what they are called, which tensors they take, and which they overwrite."""

import numbers
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

_SAME_AS = {
    "true_divide": "div", "truediv": "div", "divide": "div", "multiply": "mul", "subtract": "sub",
    "concat": "cat", "concatenate": "cat", "swapaxes": "transpose", "swapdims": "transpose",
    "moveaxis": "movedim", "clip": "clamp", "radd": "add", "rmul": "mul", "rtruediv": "rdiv",
    "_softmax": "softmax", "special_softmax": "softmax", "_unsafe_view": "view", "negative": "neg",
    "feature_dropout": "dropout",
}  # fmt: skip
_ALIASES = {"T", "mT", "H", "mH", "data", "real", "imag"}  # attributes that are tensors of the same numbers
_IN_PLACE_WORDS = {"iadd", "isub", "imul", "itruediv", "imatmul", "ipow", "setitem"}


class Unwatchable(Exception):
    """A tensor that has no numbers to look at; the text says why."""


@dataclass(frozen=True)
class TorchFunction:
    """A function of torch by one name for all its spellings: `mul` for `*`, `Tensor.mul_`, `torch.multiply`.

    `ignored`: it only asks something of a tensor. `in_place`: it overwrites its first argument.
    """

    name: str
    in_place: bool = False
    ignored: bool = False


@lru_cache(maxsize=8192)
def function_of(function: Any) -> TorchFunction:
    """The TorchFunction that a callable of torch is."""
    name = getattr(function, "__name__", type(function).__name__)
    if isinstance(function, torch._ops.OpOverloadPacket):
        name = function._qualified_op_name.split("::")[-1]
    elif isinstance(function, torch._ops.OpOverload):
        name = function._schema.name.split("::")[-1]
    if name in ("__get__", "__set__", "__delete__"):
        attribute = getattr(getattr(function, "__self__", None), "__name__", "")
        return TorchFunction(attribute, ignored=name != "__get__" or attribute not in _ALIASES)
    special = name.startswith("__") and name.endswith("__")
    word = name[2:-2] if special else name.removesuffix("_")
    in_place = word in _IN_PLACE_WORDS if special else name.endswith("_") and not name.startswith("__")
    if special and in_place and word != "setitem":
        word = word[1:]
    return TorchFunction(_SAME_AS.get(word, word), in_place)


def tensors_in(values: Any) -> list[torch.Tensor]:
    """The tensors in arguments or results, also inside of tuples, lists and dicts."""
    if isinstance(values, torch.Tensor):
        return [values]
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, (tuple, list)):
        return []
    return [one for value in values for one in tensors_in(value)]


class ByTensor:
    """Something known of each of many tensors, by the tensor itself, for as long as that lives."""

    def __init__(self):
        self._known: dict[int, tuple[weakref.ref, Any]] = {}
        own = weakref.ref(self)  # a strong one would keep all that is known until Python looks for cycles

        def forget(ref: Any) -> None:
            if (there := own()) is not None:
                there._known.pop(ref.at, None)

        self._forget = forget

    def get(self, tensor: torch.Tensor, default: Any = None) -> Any:
        """What is known of a tensor."""
        known = self._known.get(id(tensor))
        return default if known is None else known[1]

    def set(self, tensor: torch.Tensor, value: Any) -> None:
        """Replace what is known of a tensor."""
        at = id(tensor)
        ref = _TensorRef(tensor, self._forget)
        ref.at = at
        self._known[at] = ref, value

    def forget(self, tensor: torch.Tensor) -> None:
        """Know nothing of a tensor."""
        self._known.pop(id(tensor), None)


class _TensorRef(weakref.ref):
    """A weak reference that remembers under which number its tensor is known."""

    __slots__ = ("at",)
    at: int


class TorchCall:
    """A call into torch: the function itself and by its one name, what it was given, and the tensors in
    that."""

    def __init__(self, function: Callable, args: tuple, kwargs: dict[str, Any]):
        self.function, self.args, self.kwargs = function, args, kwargs
        self.known = function_of(function)
        self.name = self.known.name
        self.tensors = tensors_in(args) + tensors_in(kwargs)

    @property
    def first(self) -> Any:
        """The first argument, None for none."""
        return self.args[0] if self.args else next(iter(self.kwargs.values()), None)

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """An argument by its position or its name."""
        return self.args[position] if len(self.args) > position else self.kwargs.get(name, default)

    def overwritten(self) -> list[torch.Tensor]:
        """The tensors that the call overwrites."""
        found = tensors_in(self.kwargs.get("out"))
        inplace = self.argument(3, "inplace") if "dropout" in self.name else self.kwargs.get("inplace")
        if self.args and (self.known.in_place or inplace is True):
            found += tensors_in(self.args[0])
        return found


def number_of(value: Any) -> float | None:
    """The number that an argument is: Python's, NumPy's, or a tensor's of one entry. None for others."""
    if isinstance(value, torch.Tensor):
        if value.numel() != 1 or value.is_complex() or value.device.type == "meta":
            return None
        return float(value.detach())
    if isinstance(value, np.ndarray):
        return float(value) if value.size == 1 and value.dtype.kind in "fiu" else None
    if isinstance(value, (numbers.Real, np.floating, np.integer)) and not isinstance(value, bool):
        return float(value)
    return None


def coarseness(dtype: torch.dtype) -> float:
    """How far the number after 1 is from it in a type of floating-point numbers; 0 for other types."""
    return torch.finfo(dtype).eps if dtype.is_floating_point or dtype.is_complex else 0.0


def type_name(dtype: torch.dtype) -> str:
    """The name of a type, such as "float32"."""
    return str(dtype).removeprefix("torch.")


class Held:
    """A tensor as it was when it was held: it is copied, but only when it is about to be overwritten."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: torch.Tensor):
        self.tensor = tensor


class Keeper:
    """Holds tensors without copying them. For this, `before` has to be called before every call that
    overwrites something."""

    def __init__(self):
        # Address of a storage -> weak references to what is held of it.
        self._held: dict[int, list[weakref.ref[Held]]] = {}

    def hold(self, tensor: torch.Tensor) -> Held:
        """The tensor as it is now; the same Held for the same numbers. Raises Unwatchable."""
        check_watchable(tensor)
        tensor = tensor.detach()
        address = tensor.untyped_storage().data_ptr()
        known = [held for held in (one() for one in self._held.get(address, ())) if held is not None]
        for held in known:
            if same_place(held.tensor, tensor):
                return held
        known.append(Held(tensor))
        self._held[address] = [weakref.ref(held) for held in known]
        if len(self._held) > 4096:
            self._held = {at: refs for at, refs in self._held.items() if any(one() for one in refs)}
        return known[-1]

    def before(self, tensors: list[torch.Tensor]) -> None:
        """Copies the held parts of these tensors, which are about to be overwritten."""
        for tensor in tensors:
            try:
                check_watchable(tensor)
                address = tensor.untyped_storage().data_ptr()
            except (Unwatchable, RuntimeError, NotImplementedError):
                continue
            for one in self._held.pop(address, ()):
                held = one()
                if held is not None:
                    held.tensor = held.tensor.clone()


def check_watchable(tensor: torch.Tensor) -> None:
    """Raises Unwatchable unless the tensor has numbers that can be read."""
    if tensor.device.type == "meta" or type(tensor).__name__ == "FakeTensor":
        raise Unwatchable("meta tensors have no numbers")
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        raise Unwatchable("inside torch.func transforms (vmap, grad) single tensors cannot be read")
    if tensor.layout != torch.strided or tensor.is_nested:
        raise Unwatchable("nested and sparse tensors have no axes to read")


def same_place(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether tensors of one storage are the same part of it, in the same order."""
    return (
        a.shape == b.shape
        and a.stride() == b.stride()
        and a.storage_offset() == b.storage_offset()
        and a.dtype == b.dtype
    )
