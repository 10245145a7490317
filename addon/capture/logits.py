"""Reads the steps from scores to softmax as a scale, a softcap, a bias, a mask and sinks.

The steps are read one by one. An unknown step ends the reading, with its name. Nothing is inferred from the
resulting numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from .axes import Frame
from .entry_places import Places, pick
from .origins import Change
from .products import NotUnderstood
from .tensors import Held

MASKED = -1e3  # a logit this far below the row's largest has no weight in any float type
FILLED = -50.0  # a number put in place of scores, below which they have next to no weight


@dataclass(eq=False)
class Logits:
    """softcap(q · k · scale) + bias, where allowed; all in float64.

    `scale` is a number, or [heads]. `bias` and `allowed` are [heads or 1, queries or 1, keys or 1] or None.
    `sinks` are one number per head. `made`: a part of the bias is made of queries or keys.
    """

    scale: float | np.ndarray = 1.0
    softcap: float = 0.0
    bias: np.ndarray | None = None
    allowed: np.ndarray | None = None
    sinks: tuple[float, ...] = ()
    made: bool = False


class Reading:
    """Reads the steps from scores to softmax for one element of the batch."""

    def __init__(self, frame: Frame, letters: str):
        self.frame, self.letters = frame, letters
        self.scale, self.softcap, self.bent = np.ones((1, 1, 1)), 0.0, False
        self.bias, self.shift = np.zeros((1, 1, 1)), np.zeros((1, 1, 1))
        self.sink: np.ndarray | None = None
        self.allowed = np.ones((1, 1, 1), bool)
        self.unsure: tuple[str, ...] = ()
        self.made = False

    def logits(self, steps: tuple[Change, ...]) -> Logits:
        """The Logits that the steps amount to. Raises NotUnderstood, with the name of a step that is not
        known.

        A step that may have changed nothing, such as a clamp, is passed over and named in `unsure`.
        """
        for step in steps:
            read: Callable | None = getattr(self, f"_{step.kind}", None) if step.kind else None
            if step.places is None:
                raise NotUnderstood(step.name)
            if read is None:
                self.unsure += (step.name,)
            else:
                read(step)
        return self._told()

    def mask(self, mask: torch.Tensor, places: Places) -> None:
        """The mask argument of `scaled_dot_product_attention`: which keys are allowed, or the numbers that
        are added."""
        if mask.dtype == torch.bool:
            self._keep(Change("attn_mask", "keep", -np.inf, Held(mask), places))
        else:
            self._plus(Change("attn_mask", "plus", (Held(mask), 1.0), places=places))

    def causal(self) -> None:
        """Aligned at the top left, as torch does."""
        self.allowed = self.allowed & np.tri(self.frame.queries, self.frame.keys, dtype=bool)[None]

    def _operand(self, step: Change, value: Held | float) -> np.ndarray:
        """The other operand of a step on scores, [heads or 1, queries or 1, keys or 1], bool or float64."""
        if not isinstance(value, Held):
            return np.full((1, 1, 1), float(value))
        tensor, places = value.tensor, step.known_places
        if tensor.dim() > len(places.along):
            raise NotUnderstood(f"{step.name} with more axes than the scores")
        tensor = tensor.reshape((1,) * (len(places.along) - tensor.dim()) + tuple(tensor.shape))
        at = places.find([self.frame.at[letter] for letter in self.letters])
        if at is None:
            raise NotUnderstood(f"{step.name} on a part of the scores")
        picked = pick(tensor, at)[..., 0].detach().cpu()
        return picked.numpy() if picked.dtype == torch.bool else picked.double().numpy()

    def _times(self, step: Change, turned: bool = False) -> None:
        value = self._operand(step, step.value)
        value = value.astype(np.float64)
        if turned:
            value = 1 / value
        with np.errstate(invalid="ignore"):
            self.bias, self.shift = self.bias * value, self.shift * value
        if self.bent and value.size > 1:
            raise NotUnderstood(f"{step.name} by several numbers after tanh")
        self.softcap *= float(value.flat[0]) if self.bent else 1.0
        self.scale = self.scale * value
        self.sink = self.sink if self.sink is None else self.sink * value

    def _over(self, step: Change) -> None:
        self._times(step, turned=True)

    def _plus(self, step: Change) -> None:
        operand, times = step.value
        value = self._operand(step, operand).astype(np.float64)
        if value.size == 1 or value.shape[2] == 1:
            # The same for all keys of a query, which a softmax does not see.
            self.shift = self.shift + times * value
            return
        self.made |= step.made
        value = times * value
        far = value <= MASKED
        self.allowed = self.allowed & ~far
        self.bias = self.bias + np.where(far, 0.0, value)

    def _rounded(self, step: Change) -> None:
        """Rounding is no step of the logits. Its error is told with the layer, by the type; see
        `Event.rounded`."""

    def _tanh(self, step: Change) -> None:
        if self.bent or self.bias.any() or self.shift.any() or not self.allowed.all() or self.scale.size > 1:
            raise NotUnderstood("tanh after something was added")
        self.softcap, self.bent = 1.0, True

    def _between(self, step: Change) -> None:
        if step.value > MASKED:
            self.unsure += (step.name,)

    def _fill(self, step: Change, turned: bool = False) -> None:
        assert step.mask is not None
        mask = self._operand(step, step.mask) != 0
        value = self._operand(step, step.value)
        away = ~mask if turned else mask
        if not away.any():
            return
        kept = away & (value > FILLED)
        if kept.any():
            raise NotUnderstood(f"{step.name} with {value.max():g}, which takes no weight away")
        self.allowed = self.allowed & ~away

    def _keep(self, step: Change) -> None:
        self._fill(step, turned=True)

    def _cat(self, step: Change) -> None:
        """A column of sinks beside the keys: one for each head, or for each query."""
        operand, axis = step.value
        tensor, places = operand.tensor, step.known_places
        keys = places.coordinates is not None and [self.letters[one] for one in places.coordinates[axis]]
        if self.sink is not None or not keys or any(self.frame.at[k].shape[2] == 1 for k in keys):
            raise NotUnderstood("cat of scores")
        if tensor.shape[axis] != 1:
            raise NotUnderstood("cat of scores with other scores")
        sink = self._operand(step, Held(tensor)).astype(np.float64)
        self.sink, self.shift = sink - self.shift, np.zeros((1, 1, 1))

    def _told(self) -> Logits:
        shape = (self.frame.heads, self.frame.queries, self.frame.keys)
        allowed = None if self.allowed.all() else self.allowed
        bias = self.bias
        sinks: tuple[float, ...] = ()
        if self.sink is not None:
            each = np.broadcast_to(self.sink[..., 0], shape[:2])
            if (np.abs(each - each[:, :1]) > 1e-6).any():
                # One for each query: taken off its row, which is the same softmax.
                bias, each = self.bias - self.sink, np.zeros_like(each)
            sinks = tuple(float(one) for one in each[:, 0])
        scale = self._one_scale(shape)
        if allowed is not None:
            bias = np.where(allowed, bias, 0.0)
        return Logits(scale, self.softcap, bias if bias.any() else None, allowed, sinks, self.made)

    def _one_scale(self, shape: tuple[int, int, int]) -> float | np.ndarray:
        scale = self.scale  # with a softcap, the factor of its slope at zero
        if scale.size == 1:
            return float(scale.flat[0])
        if scale.shape[1:] != (1, 1):
            full = np.broadcast_to(scale, shape)
            there = np.broadcast_to(self.allowed, shape)
            each = np.where(there, full, np.nan)
            low, high = (f(f(each, axis=2), axis=1) for f in (np.nanmin, np.nanmax))
            if (low != high).any():
                raise NotUnderstood("scores times a matrix")
            scale = low[:, None, None]
        scales = np.broadcast_to(scale[:, 0, 0], shape[:1])
        return float(scales[0]) if (scales == scales[0]).all() else scales.copy()
