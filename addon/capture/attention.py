"""An attention that ran, found from its calls: a fused call, or a pattern times values."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from .axes import Axes, Event, Frame, axes_of
from .entry_places import Places
from .logits import Logits, Reading
from .origins import ActivationProduct, Change, Contraction, Strand, to_linears
from .products import NotUnderstood

FUSED = {
    "scaled_dot_product_attention", "_scaled_dot_product_attention_math",
    "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention",
}  # fmt: skip
StrandsOf = Callable[[torch.Tensor], tuple[Strand, ...]]
_FUSED_ARGUMENTS = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")


@dataclass(eq=False)
class Attention:
    """An attention with everything that is known about it.

    `read(frame)` returns its Logits, and the names of unknown steps that may have done nothing, which the
    pattern then shows. `drops`: whether dropout ran. `pattern` is the model's own, if it made one. `first` is
    the time at which the projection of its queries ran, a large number if there is none.
    """

    event: Event
    axes: Axes
    module: str
    tap: str
    account: Any
    read: Callable[[Frame], tuple[Logits, tuple[str, ...]]]
    drops: bool
    pattern: torch.Tensor | None
    first: int
    _found: dict[Frame, dict[str, list[np.ndarray]]] = field(default_factory=dict)

    def pattern_index(self, frame: Frame) -> list[np.ndarray]:
        """The index of each axis of the pattern, arrays [heads, queries, keys, 1]."""
        found = self.event.pattern.find([frame.at[letter] for letter in self.event.out])
        if found is None:
            raise NotUnderstood("only a part of a pattern is used")
        return found

    def indexes(self, frame: Frame) -> dict[str, list[np.ndarray]]:
        """The index of each axis of q, k, v and z."""
        if frame not in self._found:
            self._found[frame] = self._indexes(frame)
        return self._found[frame]

    def _indexes(self, frame: Frame) -> dict[str, list[np.ndarray]]:
        event = self.event
        both = [one for one in event.a if one in event.b and one not in event.out]
        d = _counted(both, event.sizes | self._without_padding(both, "qk"))
        sizes = dict(zip(event.d, event.v.shape, strict=True))
        own = [one for one in event.d if one not in event.c]
        e = _counted(own, sizes | self._without_padding(own, "v"))
        over = dict(zip(event.c, self.pattern_index(frame), strict=True))
        moving = dict(zip(event.c, event.pattern.coordinates or (), strict=False))
        for letter, n in sizes.items():
            if letter in over and n > 1 and over[letter].max() == 0 and letter in event.last:
                if not moving[letter]:
                    raise NotUnderstood("one pattern for the values of several")
        second = Frame(frame.heads, frame.queries, frame.keys, over)
        return {
            "q": frame.index(event.a, event.q, d),
            "k": frame.index(event.b, event.k, d, event.grouped),
            "v": second.index(event.d, event.v, e, event.grouped),
            "z": second.index(event.last, event.z, e),
        }

    def _without_padding(self, letters: list[str], names: str) -> dict[str, int]:
        """The width of tensors that were padded with zeros after their linear maps."""
        found = {}
        own = {"q": (self.event.q, self.event.a), "k": (self.event.k, self.event.b)}
        own |= {"v": (self.event.v, self.event.d)}
        for letter in letters if len(letters) == 1 else ():
            at = [(*own[name], self.event.strands[name]) for name in names]
            width = n = at[0][0].shape[at[0][1].index(letter)]
            while n > 1 and all(_is_padding(t, a.index(letter), n - 1, strands) for t, a, strands in at):
                n -= 1
            if n < width:
                found[letter] = n
        return found


def _is_padding(tensor: torch.Tensor, axis: int, n: int, strands: tuple[Strand, ...]) -> bool:
    """Whether the entry n along an axis is zero, and not from the linear map that others are from."""
    there = (s.places for s in to_linears(strands) if s.places is not None)
    return any(np.isnan(one.along[axis][n]) for one in there) and not tensor.select(axis, n).any()


def _counted(letters: list[str], sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """The index of each of several letters when all are counted through, along the fourth axis."""
    if not letters:
        return {}
    shape = [sizes[one] for one in letters]
    all_of = np.unravel_index(np.arange(int(np.prod(shape))), shape)
    return {one: index[None, None, None, :] for one, index in zip(letters, all_of, strict=True)}


def fused_attention(
    args: tuple, kwargs: dict, result: Any, strands_of: StrandsOf, names: tuple | None
) -> Any:
    """(Event, read, drops) of a call such as `scaled_dot_product_attention`; `names` of its arguments."""
    given = dict(zip(names or _FUSED_ARGUMENTS, args, strict=False)) | kwargs
    q, k, v = given["query"], given["key"], given["value"]
    z = result[0] if isinstance(result, tuple) else result
    lead = "abcdefgh"[: max(q.dim(), k.dim(), v.dim()) - 2]
    own = [lead[len(lead) - t.dim() + 2 :] for t in (q, k, v, z)]
    event = Event(
        *(q.detach(), k.detach(), v.detach(), z.detach()),
        *(own[0] + "iY", own[1] + "jY", lead + "ij"),
        pattern=Places.of(()),  # that of the scores, whose sizes the event tells
        c=lead + "ij",
        d=own[2] + "jE",
        last=own[3] + "iE",
        keys={"j": np.arange(k.shape[-2])},
        strands={"q": strands_of(q), "k": strands_of(k), "v": strands_of(v)},
        grouped=bool(given.get("enable_gqa")),
        batched=True,
    )
    shape = [event.sizes[letter] for letter in event.out]
    event.pattern = Places.of(shape)
    mask = given.get("attn_mask", given.get("attn_bias"))
    causal, asked = bool(given.get("is_causal", False)), given.get("scale")
    scale = q.shape[-1] ** -0.5 if asked is None else float(asked)

    def read(frame: Frame) -> tuple[Logits, tuple[str, ...]]:
        reading = Reading(frame, event.out)
        if mask is not None:
            reading.mask(mask, event.pattern)
        if causal:
            reading.causal()
        told = reading.logits(())
        return replace(told, scale=scale), ()

    return event, read, bool(given.get("dropout_p"))


def pattern_times_values(
    contraction: Contraction, result: torch.Tensor, strand: Strand, first: bool, strands_of: StrandsOf
) -> Any:
    """(Event, read, drops) of a pattern, by its strand, times values. Raises NotUnderstood.

    `first`: whether the pattern is the left of the two.
    """
    product: ActivationProduct = strand.source
    at = next(n for n, step in enumerate(strand.steps) if step.kind == "softmax")
    before, softmax, after = strand.steps[:at], strand.steps[at], strand.steps[at + 1 :]
    if strand.places is None or softmax.places is None or softmax.places.coordinates is None:
        raise NotUnderstood(_lost(before + after))
    if any(step.kind == "softmax" for step in after):
        raise NotUnderstood("a softmax of a softmax")
    if product.left.tensor.is_complex():
        raise NotUnderstood("scores of complex numbers")
    if any(np.isnan(along).any() for along in strand.places.along):
        raise NotUnderstood("several patterns put together")
    keys = _keys(product, softmax)
    turned = any(letter in product.a for letter in keys)  # written the other way round: keys times queries
    left = product.left.tensor, product.a, product.left_strands
    right = product.right.tensor, product.b, product.right_strands
    (q, a, of_q), (k, b, of_k) = (right, left) if turned else (left, right)
    if any(letter in a for letter in keys):
        raise NotUnderstood("softmax over an axis that queries and keys share")
    p, v = (contraction.left, contraction.right) if first else (contraction.right, contraction.left)
    c, d = (contraction.a, contraction.b) if first else (contraction.b, contraction.a)
    event = Event(
        *(q, k, v.detach(), result.detach()),
        *(a, b),
        out=product.out,
        pattern=strand.places,
        c=c,
        d=d,
        last=contraction.out,
        keys=keys,
        strands={"q": of_q, "k": of_k, "v": strands_of(v)},
        batched=_is_matmul(product),
        rounded=tuple(step.value for step in strand.steps if step.kind == "rounded"),
    )
    _check_sum(event, strand)
    dropped = [step.name for step in after if "dropout" in step.name]

    def read(frame: Frame) -> tuple[Logits, tuple[str, ...]]:
        reading = Reading(frame, product.out)
        told = reading.logits(before)
        unknown = [step.name for step in after if step.kind != "rounded" and step.name not in dropped]
        return told, (*reading.unsure, *unknown)

    return event, read, bool(dropped)


def attention_of(event: Event, read: Callable, drops: bool, **about: Any) -> Attention:
    """The attention of an event, its axes told apart. Raises NotUnderstood."""
    first = min((strand.source.serial for strand in to_linears(event.strands["q"])), default=2**62)
    return Attention(event, axes_of(event), read=read, drops=drops, first=first, **about)


def _keys(product: ActivationProduct, softmax: Change) -> dict[str, np.ndarray]:
    """The letters of the scores that the softmax runs over, each with its index for every key."""
    if len(softmax.value) != 1:
        raise NotUnderstood("softmax over several axes")
    places = softmax.known_places
    assert places.coordinates is not None
    moving = places.coordinates[softmax.value[0]]
    if not moving:
        along = [axis for axis, n in enumerate(places.shape) if n == 1]
        own = [
            axis for axis in along if product.out[axis] not in product.a or product.out[axis] not in product.b
        ]
        if not own:
            raise NotUnderstood("softmax over one entry")
        return {product.out[own[-1]]: np.zeros(1, np.int64)}
    if any(len(places.moved_by(axis)) > 1 for axis in moving):
        raise NotUnderstood("softmax over a part of the keys")
    there = np.all([values >= 0 for values in moving.values()], axis=0)
    return {product.out[axis]: values[there] for axis, values in moving.items()}


def _check_sum(event: Event, strand: Strand) -> None:
    """Raise NotUnderstood unless values are summed over the axes of the softmax."""
    coordinates = strand.known_places.coordinates
    if coordinates is None:
        raise NotUnderstood("a pattern whose axes are mixed")
    summed = [letter for letter in event.c if letter in event.d and letter not in event.last]
    over = {event.out[axis] for letter in summed for axis in coordinates[event.c.index(letter)]}
    long = {letter for letter in event.keys if event.sizes[letter] > 1}
    kept = {event.out[axis] for n, one in enumerate(coordinates) if event.c[n] not in summed for axis in one}
    if over != long or kept & long:
        raise NotUnderstood("values summed over another axis than the softmax")
    if len(set(event.c)) < len(event.c) or any(one not in event.d + event.last for one in event.c):
        raise NotUnderstood("a pattern that is summed by itself")


def _is_matmul(product: ActivationProduct) -> bool:
    """Whether scores have the axes of a matmul: leading ones, rows, columns."""
    lead = product.out[:-2]
    rest = {product.out[-2:-1], product.out[-1:]}
    return (
        {product.a[-2:-1], product.b[-1:]} == rest
        and lead.endswith(product.a[:-2])
        and lead.endswith(product.b[:-2])
    )


def _lost(steps: tuple[Change, ...]) -> str:
    names = [step.name for step in steps if step.places is None] or [step.name for step in steps]
    return names[0] if names else "axes that are mixed"
