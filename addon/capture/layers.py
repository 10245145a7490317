"""From attentions that ran to the layers of a capture: one element of the batch, in NumPy, and recomputed.

Repeated key/value heads are kept once. Everything that is written of a layer is recomputed and compared with
the model's own numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from . import masks
from .attention import Attention
from .axes import Frame
from .entry_places import pick
from .origins import GivenTensor, Strand, roots_of, to_linears
from .output import Added, Output, between
from .positions import position_of
from .products import NotUnderstood
from .projections import (
    PROJECTION_TOLERANCE,
    NotShown,
    ProjectedInputs,
    Projection,
    find_projection,
    in_numpy,
    numpy_of,
    sample,
)
from .tensors import Held, coarseness, type_name

MOST_MAPS_BEHIND = 4  # one after another, that are looked through for what both queries and keys are made of
EXTRA_KEYS = 2  # that `nn.MultiheadAttention` adds after the tokens' keys: a bias and zeros


@dataclass(eq=False)
class Seen:
    """One layer as it will be written, in NumPy; q, k, v, z are [heads, tokens, width].

    `scale` is a number or [heads]. `mask` is its name, with `allowed` [heads or 1, queries or 1, keys or 1]
    where the name does not say it all; `bias` likewise or None. `found` has the projections; `refused` says
    why others are not written. `error` is the largest difference from the model's z. `about` has the rest of
    the layer's description. `joined`: it was put together of several attentions.
    """

    module: str
    tap: str
    kind: str
    dtype: str
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    z: np.ndarray
    scale: float | np.ndarray
    softcap: float
    sinks: tuple[float, ...]
    mask: dict[str, Any]
    allowed: np.ndarray | None
    bias: np.ndarray | None
    found: dict[str, Projection]
    refused: dict[str, str]
    error: float
    drops: bool
    output: Output | None = None
    added: Added | None = None
    attn_out: np.ndarray | None = None
    about: dict[str, Any] = field(default_factory=dict)
    joined: bool = False

    def all_allowed(self) -> np.ndarray | None:
        """[heads or 1, queries or 1, keys or 1], or None where all keys are allowed."""
        if self.allowed is not None:
            return self.allowed
        return masks.array_of(self.mask, self.q.shape[1], self.k.shape[1])


def see(attention: Attention, frame: Frame, shared: masks.Shared) -> Seen:
    """The layer of one element of an attention. Raises NotUnderstood if the recomputed numbers are not the
    model's."""
    event, index = attention.event, attention.indexes(frame)
    logits, unsure = attention.read(frame)
    q = numpy_of(pick(event.q, index["q"])[:, :, 0])
    k, v, heads = _keys_and_values(event, index, frame.heads)
    z = numpy_of(pick(event.z, index["z"])[:, :, 0])
    types = [tensor.dtype for tensor in (event.q, event.k, event.v, event.z)]
    own_type = type_name(max(types, key=coarseness))
    seen = Seen(
        module=attention.module,
        tap=attention.tap,
        kind=kind_of(event.strands, frame),
        dtype=type_name(max([*types, *event.rounded], key=coarseness)),
        q=q,
        k=k,
        v=v,
        z=z,
        scale=logits.scale,
        softcap=logits.softcap,
        sinks=logits.sinks,
        mask={"kind": "none"},
        allowed=logits.allowed,
        bias=logits.bias,
        found={},
        refused={},
        error=0.0,
        drops=attention.drops,
        about={"bias_of": "products"} if logits.made else {},
    )
    _check(seen, attention, frame, unsure)
    used = {"q": index["q"], "k": _of_heads(index["k"], heads), "v": _of_heads(index["v"], heads)}
    inputs = ProjectedInputs()
    for name in "qkv":
        own = [one[:, :, 0] if name == "q" else one[:, 0] for one in used[name]]
        try:
            target = getattr(seen, name)
            seen.found[name.upper()] = find_projection(target, event.strands[name], own, own_type, inputs)
        except NotShown as reason:
            seen.refused[f"W_{name.upper()}"] = str(reason)
    _unscale(seen)
    _trim(seen)
    _shrink(seen, shared)
    return seen


def kind_of(strands: dict[str, tuple[Strand, ...]], frame: Frame) -> str:
    """Self-attention if queries and keys are made of the same tensor, or both of one that lies before; else
    cross-attention."""
    (q, roots_of_q), (k, roots_of_k) = _behind(strands["q"]), _behind(strands["k"])
    if q and k:
        alike = any(
            a is b or (a.tensor.shape == b.tensor.shape and torch.equal(a.tensor, b.tensor))
            for a in q
            for b in k
        )
        return "self" if alike or roots_of_q & roots_of_k else "cross"
    return "self" if frame.queries == frame.keys else "cross"


def _behind(strands: Sequence[Strand]) -> tuple[list[Held], frozenset]:
    """The inputs of the linear maps that made a tensor, and of the maps before them; and the roots of all."""
    maps, before = [], to_linears(strands)
    for _ in range(MOST_MAPS_BEHIND):
        maps += [strand.source for strand in before]
        before = [one for strand in before for one in to_linears(strand.source.made_of)]
    given = [strand.source for strand in strands if isinstance(strand.source, GivenTensor)]
    return [one.x for one in (*given, *maps)], roots_of(strands).union(*(one.roots for one in maps))


def _of_heads(index: list[np.ndarray], heads: np.ndarray) -> list[np.ndarray]:
    return [one[heads] if one.shape[0] > 1 else one for one in index]


def _keys_and_values(event, index, heads):
    """(k, v, the query heads that they are taken from): every key/value head once, [groups, keys, width].

    Query head h uses group h // (heads / groups). If the model shares them in another way, each head has its
    own.
    """
    k, v = (in_numpy(pick(t, index[n]))[:, 0] for n, t in (("k", event.k), ("v", event.v)))
    k, v = (np.broadcast_to(t, (heads, *t.shape[1:])) for t in (k, v))
    times = [n for n in range(heads, 0, -1) if heads % n == 0]
    repeat = next(n for n in times if n == 1 or all(_repeats(t, n) for t in (k, v)))
    return k[::repeat].copy(), v[::repeat].copy(), np.arange(heads)[::repeat]


def _repeats(heads: np.ndarray, repeat: int) -> bool:
    """Whether each of the heads comes `repeat` times, one after another."""
    split = heads.reshape(-1, repeat, *heads.shape[1:])
    return np.array_equal(split[:, 0, 0], split[:, -1, 0]) and bool((split == split[:, :1]).all())


def _check(seen: Seen, attention: Attention, frame: Frame, unsure: tuple[str, ...]) -> None:
    """Recompute the pattern and z. Raises NotUnderstood if they are not the model's, except for dropout."""
    every = seen.q.shape[1]
    # If an unknown step may have changed the scores, every query is checked: it must have changed none.
    rows = np.arange(every)[slice(None) if unsure else sample(every)]
    attends = torch.from_numpy(_without_idle_queries(seen)[rows])
    steps = ", ".join(dict.fromkeys(unsure))
    pattern, largest = _compare(seen, rows, steps)
    tolerance = PROJECTION_TOLERANCE.get(seen.dtype, 2e-5)
    if attention.pattern is not None and (unsure or seen.drops):
        own = pick(attention.pattern, attention.pattern_index(frame))[..., 0]
        own = own[:, rows if own.shape[1] > 1 else [0]].double().cpu()[:, attends]
        if _misses(own, pattern[:, attends], seen.drops) > tolerance * max(1.0, largest):
            raise NotUnderstood(steps or "dropout of something other than the pattern of these scores")


def _compare(seen: Seen, rows: np.ndarray, steps: str = "") -> tuple[torch.Tensor, float]:
    """(pattern, the largest logit) of some queries, recomputed. The layer's `error` is how far z is off.

    Raises NotUnderstood, with the names of the `steps` that are not known, where that is too far.
    """
    pattern, z, largest = recomputed(seen, rows)
    model = torch.from_numpy(seen.z[:, rows])
    if not torch.isfinite(model).all():
        raise NotUnderstood("numbers that are not finite")
    seen.error = float((z - model).abs().max()) if z.numel() else 0.0
    tolerance = PROJECTION_TOLERANCE.get(seen.dtype, 2e-5)
    steep = 4 * largest if seen.dtype in ("float32", "float64") else largest
    allowance = min(max(1.0, steep) * tolerance, 0.5) * max(float(model.abs().max()), 1e-30)
    if not seen.error <= allowance and not seen.drops:
        raise NotUnderstood(f"{steps}{steps and '; '}recomputing misses its output by {seen.error:.1e}")
    return pattern, largest


def _without_idle_queries(seen: Seen) -> np.ndarray:
    """Sets z to 0 for queries that may attend to nothing. Their output depends on the library, and may be
    NaN.

    Whether each of the queries attends to something in all heads, [queries].
    """
    heads, queries = seen.q.shape[:2]
    if seen.allowed is None:
        return np.ones(queries, bool)
    some = np.broadcast_to(seen.allowed, (heads, queries, seen.k.shape[1])).any(-1)
    idle = seen.z[~some]
    if (np.isfinite(idle) & (idle != 0)).any():
        idle_queries = int((~some).any(axis=0).sum())
        seen.refused["z of queries without keys"] = (
            f"what {idle_queries} of {queries} give all the same is 0 here"
        )
    seen.z = np.where(some[..., None], seen.z, 0)
    return some.all(axis=0)


def _misses(own: torch.Tensor, pattern: torch.Tensor, drops: bool) -> float:
    """The largest difference of a model's own pattern, of which dropout left some entries, times a factor."""
    if drops:
        left = own != 0
        own, pattern = own[left], pattern.expand_as(own)[left]
        power = float((pattern * pattern).sum())
        pattern = pattern * (float((own * pattern).sum()) / power if power else 1.0)
    return float((own - pattern).abs().max()) if own.numel() else 0.0


def recomputed(seen: Seen, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, float]:
    """(pattern, z, the largest logit) of some queries in float64, as `attention.attend` for one head."""
    heads, groups = seen.q.shape[0], seen.k.shape[0]
    q = torch.from_numpy(seen.q[:, rows]).double()
    k, v = (torch.from_numpy(np.ascontiguousarray(t)).double() for t in (seen.k, seen.v))
    logits = torch.matmul(q.reshape(groups, -1, q.shape[-1]), k.mT).reshape(heads, len(rows), -1)
    logits *= torch.as_tensor(seen.scale, dtype=torch.float64).reshape(-1, 1, 1)
    if seen.softcap:
        logits = seen.softcap * torch.tanh(logits / seen.softcap)
    largest = max(abs(float(one)) for one in logits.aminmax()) if logits.numel() else 0.0
    for name in ("bias", "allowed"):
        array = seen.all_allowed() if name == "allowed" else seen.bias
        if array is None:
            continue
        part = torch.from_numpy(array[:, rows] if array.shape[1] > 1 else array)
        logits = logits + part if name == "bias" else logits.masked_fill(~part, -torch.inf)
    if seen.sinks:
        sinks = torch.tensor(seen.sinks, dtype=torch.float64).reshape(-1, 1, 1).expand(-1, len(rows), 1)
        pattern = torch.cat([logits, sinks], dim=-1).softmax(-1)[..., :-1]
    else:
        pattern = logits.softmax(-1)
    if seen.allowed is not None:
        pattern = pattern.nan_to_num(0.0)  # of queries that may attend to nothing
    z = torch.matmul(pattern.reshape(groups, -1, pattern.shape[-1]), v).reshape(heads, len(rows), -1)
    return pattern, z, largest


def _unscale(seen: Seen) -> None:
    """Takes the scale out of queries and keys that were scaled before the product."""
    for name in ("Q", "K"):
        projection = seen.found.get(name)
        if projection is None or projection.how != "value" or projection.factor == 1:
            continue
        own = name.lower()
        setattr(seen, own, (getattr(seen, own) / projection.factor).astype(seen.q.dtype))
        seen.scale = seen.scale * projection.factor
        projection.factor = 1.0
    usual = seen.q.shape[-1] ** -0.5
    if np.ndim(seen.scale) == 0 and abs(seen.scale / usual - 1) < 1e-6:
        seen.scale = usual


def _trim(seen: Seen) -> None:
    """Without the places at the end of a cache that nothing was written to yet."""
    allowed = seen.all_allowed()
    if allowed is None or allowed.shape[2] == 1 or allowed[..., -1].any():
        return
    empty = ~seen.k.any(axis=(0, 2)) & ~seen.v.any(axis=(0, 2)) & ~allowed.any(axis=(0, 1))
    count = len(empty) - int(np.argmin(empty[::-1])) if not empty.all() else 0
    if count in (0, len(empty)):
        return
    seen.k, seen.v, seen.allowed = seen.k[:, :count], seen.v[:, :count], allowed[..., :count]
    if seen.bias is not None and seen.bias.shape[2] > 1:
        seen.bias = seen.bias[..., :count]
    for name in "KV":
        if name in seen.found:
            seen.found[name].seen = seen.found[name].seen[:count]


def _shrink(seen: Seen, shared: masks.Shared) -> None:
    """Keeps a mask only by its name if that says everything. Equal masks and biases of several layers are
    kept once."""
    rows, columns = seen.q.shape[1], seen.k.shape[1]
    seen.mask = masks.named(seen.allowed, rows, columns)
    allowed = seen.allowed if seen.mask["kind"] in ("padding", "custom") else None
    allowed = None if allowed is None else masks.compressed(allowed)
    if seen.bias is not None:
        seen.bias = shared(masks.compressed_bias(seen.bias, seen.allowed))
    seen.allowed = shared(allowed)


def written(seen: Seen, heads: Sequence[int] | None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(tensors, description) of a layer with only the query heads `heads`, or all for None. Raises
    NotUnderstood where what was put together is not what the model did."""
    if seen.joined:
        error = seen.error
        _compare(seen, np.arange(seen.q.shape[1])[sample(seen.q.shape[1])])
        seen.error = max(error, seen.error)
    n_q, n_kv = seen.q.shape[0], seen.k.shape[0]
    heads = list(range(n_q)) if heads is None else sorted(set(heads))
    kv_heads = sorted({head // (n_q // n_kv) for head in heads})
    tensors = {name: _of(getattr(seen, name), heads) for name in "qz"}
    tensors |= {name: _of(getattr(seen, name), kv_heads) for name in "kv"}
    refused = dict(seen.refused)
    tensors |= _projected(seen, heads, kv_heads, refused)
    tensors |= _masked(seen, heads)
    mask = dict(seen.mask)
    if "bias" in tensors and mask["kind"] == "none":
        mask = {"kind": "bias"}
    description = {
        "module": seen.module,
        "kind": seen.kind,
        "n_q_heads": n_q,
        "n_kv_heads": n_kv,
        "head_dim": seen.q.shape[-1],
        "scale": float(np.mean(seen.scale)),
        "mask": mask,
        "position": position_of(seen),
        "dtype": seen.dtype,
        "tap": seen.tap,
        "max_abs_error": seen.error,
    }
    if np.ndim(seen.scale):
        description["head_scales"] = np.ravel(seen.scale).tolist()
    if len(heads) < n_q:
        description |= {"heads": heads, "kv_heads": kv_heads}
    if seen.softcap:
        description["softcap"] = seen.softcap
    if seen.sinks:
        description["sinks"] = list(seen.sinks)
    found_by = {name: seen.found[name].how for name in seen.found if f"W_{name}" in tensors}
    if found_by:
        description["projections_found_by"] = found_by
    tensors |= _output(seen, heads, description, refused)
    if refused:
        description["not_written"] = refused
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    return arrays, description | seen.about


def _of(array: np.ndarray, heads: list[int]) -> np.ndarray:
    """Some heads of an array; all of them are not copied."""
    return array if len(heads) == len(array) else array[heads]


def _masked(seen: Seen, heads: list[int]) -> dict[str, np.ndarray]:
    tensors = {}
    allowed = seen.all_allowed() if seen.mask["kind"] in ("padding", "custom") else None
    if allowed is not None:
        tensors["mask"] = masks.compressed(allowed[heads] if len(allowed) > 1 else allowed)
    if seen.bias is not None:
        tensors["bias"] = (seen.bias[heads] if len(seen.bias) > 1 else seen.bias).astype(seen.q.dtype)
    return tensors


def _projected(
    seen: Seen, heads: list[int], kv_heads: list[int], refused: dict[str, str]
) -> dict[str, np.ndarray]:
    """The complete projections, with their inputs and outputs."""
    tensors: dict[str, np.ndarray] = {}
    inputs: dict[str, Any] = {}
    for name, own in (("Q", heads), ("K", kv_heads), ("V", kv_heads)):
        if name not in seen.found:
            continue
        projection = seen.found[name]
        tokens = (seen.q if name == "Q" else seen.k).shape[1]
        lacking = tokens - len(projection.x)
        shares = name != "Q" and "x" in inputs and _same(projection.x, inputs["x"])
        extra = 0 < lacking <= EXTRA_KEYS and shares and bool(projection.seen[: len(projection.x)].all())
        if lacking and not extra:
            refused[f"W_{name}"] = f"its input was seen for {len(projection.x)} of {tokens} tokens"
            continue
        if name == "V" and projection.how != "value":
            refused["W_V"] = "something lies between the linear map and the values"
            continue
        inputs |= _input(name, projection.x, inputs)
        part = projection if len(own) == len(projection.weight) else projection.of(own)
        tensors[f"W_{name}"] = part.weight
        if part.bias is not None:
            tensors[f"b_{name}"] = part.bias
        if part.factors is not None:
            tensors |= {f"A_{name}": part.factors[0], f"B_{name}": part.factors[1]}
        if name != "V" and part.how != "value" and not lacking:
            tensors[f"{name.lower()}_pre"] = part.pre
    return tensors | inputs


def _input(name: str, x: np.ndarray, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The input tensor of a projection, by its name `x`, `x_k` or `x_v`, unless it is the last of the layer's
    `inputs` anyway."""
    if not inputs:
        return {"x" if name == "Q" else "x_k": x}
    return {} if _same(x, list(inputs.values())[-1]) else {f"x_{name.lower()}": x}


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one is other or np.array_equal(one, other)


def _output(
    seen: Seen, heads: list[int], description: dict, refused: dict[str, str]
) -> dict[str, np.ndarray]:
    """The map after the heads, its output, and the residual stream."""
    if seen.output is None:
        refused.setdefault("W_O", "no linear map takes what the heads gave as it is")
        return {}
    own = seen.attn_out if seen.attn_out is not None and len(seen.attn_out) == seen.q.shape[1] else None
    tensors = {"W_O": _of(seen.output.weight, heads)} | ({} if own is None else {"attn_out": own})
    if seen.output.bias is not None:
        tensors["b_O"] = seen.output.bias
    if seen.output.factors is not None:
        tensors |= {"A_O": seen.output.factors[0][heads], "B_O": seen.output.factors[1]}
    if own is None:
        return tensors
    if seen.added is None or len(seen.added.stream) != len(own):
        refused["resid_pre"] = "the output was not seen to be added to anything, token by token"
    elif seen.added.kind:
        tensors["resid_pre"] = seen.added.stream
        if seen.added.kind == "parallel":
            description["residual"] = {"kind": "parallel"}
    else:
        told, more = between(own, seen.added)
        description["residual"] = told
        tensors |= {"stream": seen.added.stream, "added": seen.added.value} | more
        what = ", ".join(told["steps"]) or "something" if told["kind"] == "other" else f"a {told['kind']}"
        refused["resid_pre"] = f"{what} stands between the output and the residual stream: see stream, added"
    return tensors
