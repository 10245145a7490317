"""One layer of a capture: its tensors and its metadata, checked against each other."""

import re
from dataclasses import dataclass, field
from typing import Any

from ..attention.naming import number_of, pass_of
from ..errors import InputError, nearest
from .json_table import JsonTable
from .safetensors import shown

MOST_LAYER_HEADS = 4096

# Every tensor of a layer, by its axes. H: query heads, G: key and value heads (never repeated), Q: query
# tokens, K: key tokens, d: width of queries and keys, e: width of values, m, n and p: width of the inputs of
# their projections, o: width of the output, r, t, u, w: ranks. A ? may also be 1.
TENSORS = {
    "resid_pre": "Qo", "stream": "Qo", "x": "Qm", "x_k": "Kn", "x_v": "Kp", "attn_out": "Qo", "added": "Qo",
    "q_pre": "HQd", "k_pre": "GKd", "q": "HQd", "k": "GKd", "v": "GKe", "z": "HQe",
    "bias": "H?Q?K?", "mask": "H?Q?K?", "scores": "HQK", "pattern": "HQK",
    "W_Q": "Hmd", "W_K": "Gnd", "W_V": "Gpe", "W_O": "Heo",
    "b_Q": "Hd", "b_K": "Gd", "b_V": "Ge", "b_O": "o",
    "A_Q": "mr", "B_Q": "Hrd", "A_K": "nt", "B_K": "Gtd", "A_V": "pu", "B_V": "Gue", "A_O": "Hew",
    "B_O": "wo",
    "added_gain": "o", "added_offset": "o",
}  # fmt: skip

AXIS_WORDS = {
    "Q": "query", "K": "key", "d": "head dimension", "e": "head dimension",
    "m": "model dimension", "n": "model dimension", "p": "model dimension", "o": "model dimension", "": "",
    "r": "rank", "t": "rank", "u": "rank", "w": "rank", "s": "sink",
}  # fmt: skip
SIZE_WORDS = {
    "H": "stored query heads", "G": "stored key/value heads", "Q": "query tokens", "K": "key tokens",
    "d": "head dimension", "e": "value dimension", "m": "model dimension", "n": "key model dimension",
    "p": "value model dimension", "o": "output dimension",
    "r": "rank", "t": "rank", "u": "rank", "w": "rank",
}  # fmt: skip
LAYER_KINDS = ("self", "cross")
MASK_KINDS = ("none", "causal", "padding", "window", "bias", "custom")


@dataclass(frozen=True)
class Layer:
    """One attention of the model. `heads` and `kv_heads` are the numbers of the stored ones.

    `name` is what people call it, see `attention.naming`. `key` begins the names of its tensors. A capture
    may hold several passes of a model; from the second pass on, the name ends with the number, as in "5@2".

    Query head h uses key/value head h // (n_q_heads // n_kv_heads). The logits of a query are
    softcap(q.k * scale) + bias, where the mask lets it attend; see `Capture.recompute`. If the query heads
    have different scales, `head_scales` has one for each. `found_by` says how the projections Q, K, V and O
    were found, by their letter. `residual` is the step between the output and the residual stream: its `kind`
    ("" if the file does not say), `epsilon` and `factor`. The tokens are labels as people write them, see
    `attention.tokens`.
    """

    name: str
    key: str
    module: str
    kind: str
    n_q_heads: int
    n_kv_heads: int
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]
    head_dim: int
    scale: float
    head_scales: tuple[float, ...]
    mask: str
    window: int
    offset: int
    softcap: float
    sinks: tuple[float, ...]
    position: dict
    found_by: dict
    residual: dict
    dtype: str
    max_abs_error: float | None
    tokens_q: tuple[str, ...]
    tokens_k: tuple[str, ...]
    shapes: dict[str, tuple[int, ...]] = field(repr=False)
    sizes: dict[str, int] = field(repr=False)

    @property
    def stack(self) -> str:
        """The stack that the layer belongs to, such as "decoder"; "" in a model with a single stack."""
        return self.name.partition("@")[0].removesuffix(".cross").rpartition(".")[0]

    @property
    def number(self) -> int:
        """The number of the layer in its stack."""
        return number_of(self.name)

    @property
    def pass_number(self) -> int:
        """The pass of the model in which the layer ran, from 0."""
        return pass_of(self.name)

    def scale_of(self, head: int) -> float:
        """The factor of the scores of query head `head`."""
        return self.head_scales[head] if self.head_scales else self.scale

    def kv_head(self, head: int) -> int:
        """The key/value head that query head `head` uses."""
        return head // (self.n_q_heads // self.n_kv_heads)


def read_layer(
    key: str,
    entry: JsonTable,
    shapes: dict[str, tuple[int, ...]],
    tokens_q: tuple[str, ...],
    tokens_k: tuple[str, ...],
) -> Layer:
    """The layer that an entry of the metadata describes. An entry without tokens has those of the file.

    Raises InputError if entry, shapes and tokens do not fit together."""
    where = entry.where
    tokens_q, tokens_k = _tokens(entry, tokens_q, tokens_k)
    mask = _mask(key, entry, shapes)
    softcap = entry.real("softcap", 0.0)
    if softcap < 0:
        raise InputError(f"{where}: softcap is {softcap}; it must be above 0")
    layer = Layer(
        **_heads(entry),
        **mask,
        name=_name(entry),
        key=key,
        module=entry.text("module", ""),
        kind=_one_of(where, "kind", entry.text("kind", "self"), LAYER_KINDS),
        head_dim=entry.whole("head_dim", 1),
        scale=entry.real("scale"),
        softcap=softcap,
        position=entry.table("position", {}),
        found_by=entry.table("projections_found_by", {}),
        residual=_residual(entry),
        dtype=entry.text("dtype", ""),
        max_abs_error=entry.real("max_abs_error", None),
        tokens_q=tokens_q,
        tokens_k=tokens_k,
        shapes=shapes,
        sizes={},
    )
    _measure(layer, where)
    return layer


def _name(entry: JsonTable) -> str:
    name = entry.text("name", "")
    if name and not re.fullmatch(r"(\w{1,40}\.)?[0-9]{1,6}(\.cross)?(@[1-9][0-9]{0,3})?", name):
        raise InputError(
            f'{entry.where}: its name is {shown(name)}; expected one as "3" or "decoder.3.cross@2"'
        )
    return name


def _one_of(where: str, what: str, found: str, known: tuple[str, ...]) -> str:
    if found not in known:
        raise InputError(f"{where}: unknown {what} {shown(found)}; {nearest(found, known, f'{what}s')}")
    return found


def _tokens(
    entry: JsonTable, tokens_q: tuple[str, ...], tokens_k: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens of queries and keys: those of the entry, or else of the file. In a self-attention both are
    the same."""
    if "tokens_q" in entry.data and entry.text("kind", "self") == "self":
        tokens_k = entry.texts("tokens_q")
    return entry.texts("tokens_q", tokens_q), entry.texts("tokens_k", tokens_k)


def _mask(key: str, entry: JsonTable, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Kind, window and offset of the mask in an entry, as in Layer."""
    mask = JsonTable(entry.table("mask", {}), f"{entry.where}: mask")
    kind = _one_of(entry.where, "mask", mask.text("kind", "none"), MASK_KINDS)
    for need, kinds in (("mask", ("padding", "custom")), ("bias", ("bias",))):
        if kind in kinds and need not in shapes:
            raise InputError(f"{entry.where}: the mask is {kind}, but there is no tensor L{key}.{need}")
    window = mask.whole("size", 1) if kind == "window" else 0
    return {"mask": kind, "window": window, "offset": mask.whole("offset", 0, default=0)}


def _residual(entry: JsonTable) -> dict[str, Any]:
    """The step between the output and the residual stream in an entry; see `Layer.residual`."""
    told = JsonTable(entry.table("residual", {}), f"{entry.where}: residual")
    epsilon, factor = told.real("epsilon", 0.0), told.real("factor", 1.0)
    if epsilon < 0:
        raise InputError(f"{told.where}: epsilon is {epsilon}; it must not be below 0")
    return {"kind": told.text("kind", ""), "epsilon": epsilon, "factor": factor}


def _measure(layer: Layer, where: str) -> None:
    """The sizes of the layer's axes, from its tokens and tensors. Raises InputError where they differ."""
    layer.sizes.update({"H": len(layer.heads), "G": len(layer.kv_heads), "d": layer.head_dim})
    if layer.tokens_q:
        layer.sizes["Q"] = len(layer.tokens_q)
    if layer.tokens_k:
        layer.sizes["K"] = len(layer.tokens_k)
    for tensor in TENSORS:  # in the table's order, so that a message does not depend on the file's
        if tensor in layer.shapes:
            _fit(layer, tensor, layer.shapes[tensor], where)
    for tensor in ("bias", "mask"):  # if only these say how many queries or keys there are
        for axis, size in zip("HQK", layer.shapes.get(tensor, ()), strict=False):
            layer.sizes.setdefault(axis, size)


def _heads(entry: JsonTable) -> dict[str, Any]:
    """The heads in an entry: how many there are, the numbers of the stored ones, scales and sinks."""
    n_q, n_kv = entry.whole("n_q_heads", 1, MOST_LAYER_HEADS), entry.whole("n_kv_heads", 1, MOST_LAYER_HEADS)
    if n_q % n_kv:
        raise InputError(f"{entry.where}: {n_q} query heads do not share {n_kv} key/value heads evenly")
    each = {name: entry.reals(name) for name in ("sinks", "head_scales")}
    for name, numbers in each.items():
        if numbers and len(numbers) != n_q:
            raise InputError(f"{entry.where}: {len(numbers)} {name} for {n_q} query heads")
    heads, kv_heads = entry.heads("heads", n_q), entry.heads("kv_heads", n_kv)
    used = {head // (n_q // n_kv) for head in heads}
    if not used <= set(kv_heads):
        lost = min(used - set(kv_heads))
        raise InputError(f"{entry.where}: key/value head {lost} is used by the query heads but not stored")
    return {"n_q_heads": n_q, "n_kv_heads": n_kv, "heads": heads, "kv_heads": kv_heads} | each


def _fit(layer: Layer, tensor: str, shape: tuple[int, ...], where: str) -> None:
    """Check one tensor's shape against the sizes known so far, and learn from it."""
    axes = re.findall(r"\w\??", TENSORS[tensor])
    expected = " x ".join(str(layer.sizes.get(a[0], SIZE_WORDS[a[0]])) for a in axes)
    here = f"{where}: {tensor} is {' x '.join(map(str, shape)) or 'a single number'}"
    if len(shape) != len(axes):
        raise InputError(f"{here}; expected {expected}")
    for axis, size in zip(axes, shape, strict=True):
        if axis.endswith("?") and size == 1:
            continue
        if size == 0 or layer.sizes.setdefault(axis[0], size) != size:
            raise InputError(f"{here}; expected {expected} ({SIZE_WORDS[axis[0]]})")
