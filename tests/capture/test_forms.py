"""Forms of attention that people write: each is captured as it ran, or left out by a reason that names it.

What is right comes from the model itself, which keeps its queries, keys, values, pattern and result.
"""

import math
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")

import torch.nn.functional as F  # noqa: E402
from matrix_cinema.attention.attend import attend  # noqa: E402
from matrix_cinema.capture.positions import _rotation  # noqa: E402
from matrix_cinema.capture.record import CaptureWarning, record  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from torch import nn  # noqa: E402

HEADS, WIDTH, BATCH, TOKENS = 12, 2, 3, 9  # so many that a tensor's origins are not all kept
LATER = torch.ones(TOKENS, TOKENS, dtype=torch.bool).triu(1)
AWAY = torch.zeros(TOKENS, TOKENS).masked_fill(LATER, -torch.inf)


def scores(q, k):
    return q @ k.mT / math.sqrt(WIDTH)


def weighed(p, v):
    return p @ v, p


def turned(t):
    return t * torch.full((WIDTH,), 0.6) + t.flip(-1) * torch.full((WIDTH,), 0.8)


def keys_before_heads(q, k, v):
    q, k, v = (t.transpose(1, 2) for t in (q, k, v))
    p = torch.einsum("bqhd,bkhd->bqkh", q, k).div(2).softmax(2)
    return torch.einsum("bqkh,bkhd->bqhd", p, v).transpose(1, 2), p.permute(0, 3, 1, 2)


def written_by_hand(q, k, v):
    s = scores(q, k)
    e = (s - s.max(-1, keepdim=True).values).exp()
    return weighed(e / e.sum(-1, keepdim=True), v)


def into_buffers(q, k, v):
    q, k, v = (t.flatten(0, 1) for t in (q, k, v))
    s = torch.bmm(q, k.mT, out=torch.empty(len(q), TOKENS, TOKENS))
    s /= 2
    p = torch.softmax(s, -1, out=torch.empty_like(s))
    return tuple(t.unflatten(0, (BATCH, HEADS)) for t in weighed(p, v))


def heads_in_place(q, k, v):
    z = torch.zeros_like(q)
    for b in range(BATCH):
        z[b] = F.scaled_dot_product_attention(q[b], k[b], v[b])
    return z, scores(q, k).softmax(-1)


def one_by_one(axis, size=1):
    def attention(q, k, v):
        split = [q.split(size, axis), *((t.split(size, axis) if axis < 2 else [t] * 99) for t in (k, v))]
        z = [scores(a, b).softmax(-1) @ c for a, b, c in zip(*split, strict=False)]
        return torch.cat(z, axis), scores(q, k).softmax(-1)

    return attention


def over_edges(q, k, v):
    """As graph networks do: exp by scores of edges, over its sum at each query."""
    query, key = torch.ones(TOKENS, TOKENS).nonzero().T
    weights = (q[:, :, query] * k[:, :, key]).sum(-1, keepdim=True).exp()
    total = torch.zeros(*q.shape[:3], 1).index_add(2, query, weights)
    return torch.zeros_like(q).index_add(2, query, v[:, :, key] * (weights / total[:, :, query]))


def key_by_key(q, k, v):
    z = total = 0
    for n in range(TOKENS):
        weight = (q * k[:, :, n : n + 1]).sum(-1, keepdim=True).exp()
        z, total = z + weight * v[:, :, n : n + 1], total + weight
    return z / total


def causal_one_by_one(q, k, v):
    z = [scores(q[:, :, n : n + 1], k[:, :, : n + 1]).softmax(-1) @ v[:, :, : n + 1] for n in range(TOKENS)]
    return torch.cat(z, 2), (scores(q, k) + AWAY).softmax(-1)


def causal_in_chunks(q, k, v):
    """Three queries at a time, over the keys up to the last of them."""
    z = []
    for n in range(0, TOKENS, 3):
        s = scores(q[:, :, n : n + 3], k[:, :, : n + 3]) + AWAY[n : n + 3, : n + 3]
        z.append(s.softmax(-1) @ v[:, :, : n + 3])
    return torch.cat(z, 2), (scores(q, k) + AWAY).softmax(-1)


def grouped(tile):
    def attention(q, k, v):
        k, v = ((t[:, :4].repeat(1, 3, 1, 1) if tile else t[:, :4].repeat_interleave(3, 1)) for t in (k, v))
        return weighed(scores(q, k).softmax(-1), v)

    return attention


def slopes_in_place(q, k, v):
    s, far = scores(q, k), (torch.arange(TOKENS)[:, None] - torch.arange(TOKENS)).abs()
    for head in range(HEADS):
        s[:, head] -= far / (head + 1)
    s[:, 0] = s[:, 0] - far
    return weighed(s.softmax(-1), v)


def padded(q, k, v):
    z = F.scaled_dot_product_attention(*(F.pad(t, (0, 3)) for t in (q, k, v)), scale=0.5)
    return z[..., :WIDTH], (q @ k.mT / 2).softmax(-1)


def with_one_more(q, k, v):
    s = scores(q, k)
    most = s.max(-1, keepdim=True).values.clamp(min=0)
    e = (s - most).exp()
    return weighed(e / (e.sum(-1, keepdim=True) + (-most).exp()), v)


def unfolded(q, k, v):
    """Each query over its own three keys."""
    k, v = (F.pad(t, (0, 0, 2, 0)).unfold(2, 3, 1) for t in (k, v))
    return (q[..., None, :] @ k).softmax(-1) @ v.mT


def relative(q, k, v):
    places = torch.randn(HEADS, 2 * TOKENS - 1, WIDTH, generator=torch.Generator().manual_seed(2))
    at = torch.arange(TOKENS)[:, None] - torch.arange(TOKENS) + TOKENS - 1
    bias = (q @ places.mT).gather(-1, at.expand(BATCH, HEADS, TOKENS, TOKENS))
    return weighed(((q @ k.mT + bias) / 2).softmax(-1), v)


CAPTURED = {
    "plain": lambda q, k, v: weighed(scores(q, k).softmax(-1), v),
    "in the type of the scores": lambda q, k, v: weighed((s := scores(q, k)).softmax(-1).type_as(s), v),
    "special": lambda q, k, v: weighed(torch.special.softmax(scores(q, k), -1), v),
    "keys before heads": keys_before_heads,
    "by hand": written_by_hand,
    "keys first, over axis -2": lambda q, k, v: weighed(scores(k, q).softmax(-2).mT, v),
    "distances": lambda q, k, v: weighed(
        (2 * q @ k.mT - (q**2).sum(-1)[..., None] - (k**2).sum(-1)[..., None, :]).softmax(-1), v
    ),
    "a temperature on queries": lambda q, k, v: weighed(
        scores(q * torch.log(torch.arange(TOKENS) + 2.0)[:, None], k).softmax(-1), v
    ),
    "the largest few": lambda q, k, v: weighed(
        (s := scores(q, k)).masked_fill(s < s.topk(3).values[..., -1:], -torch.inf).softmax(-1), v
    ),
    "normed twice": lambda q, k, v: weighed((p := scores(q, k).softmax(-1)) / p.sum(-1, keepdim=True), v),
    "zeros filled": lambda q, k, v: weighed(
        (s := scores(q, k).tril()).masked_fill(s == 0, -torch.inf).softmax(-1), v
    ),
    "scores and their transpose": lambda q, k, v: weighed(
        ((s := scores(q, k)) + s.mT).softmax(-1), v
    ),
    "twice the scores": lambda q, k, v: weighed(((s := scores(q, k)) + s).softmax(-1), v),
    "noise": lambda q, k, v: weighed(((s := scores(q, k)) + 0.1 * torch.randn_like(s)).softmax(-1), v),
    "heads turned round": lambda q, k, v: tuple(
        t.flip(1) for t in weighed(scores(q.flip(1), k.flip(1)).softmax(-1), v.flip(1))
    ),
    "heads one by one": one_by_one(1),
    "elements one by one": one_by_one(0),
    "elements by index": heads_in_place,
    "queries one by one": one_by_one(2),
    "queries in chunks, one at the end": one_by_one(2, 4),
    "causal, one by one": causal_one_by_one,
    "causal, in chunks": causal_in_chunks,
    "all but a prefix turned": lambda q, k, v: weighed(
        scores(*(torch.cat([t[:, :, :2], turned(t[:, :, 2:])], 2) for t in (q, k))).softmax(-1), v
    ),
    "a pattern twice": lambda q, k, v: ((p := scores(q, k).softmax(-1)) @ (p @ v), p),
    "a sink": lambda q, k, v: weighed(
        torch.cat([scores(q, k), torch.full((BATCH, HEADS, TOKENS, 1), 0.7)], -1).softmax(-1)[..., :-1], v
    ),
    "a sink before the keys": lambda q, k, v: weighed(
        torch.cat([torch.full((BATCH, HEADS, TOKENS, 1), 0.7), scores(q, k)], -1).softmax(-1)[..., 1:], v
    ),
    "groups": grouped(tile=False),
    "groups, tiled": grouped(tile=True),
    "sdpa": lambda q, k, v: (
        F.scaled_dot_product_attention(q, k, v, scale=0.3), (q @ k.mT * 0.3).softmax(-1)
    ),
    "sdpa, causal": lambda q, k, v: (
        F.scaled_dot_product_attention(q, k, v, is_causal=True), (scores(q, k) + AWAY).softmax(-1)
    ),
    "sdpa, heads first": lambda q, k, v: (
        F.scaled_dot_product_attention(*(t.transpose(0, 1) for t in (q, k, v))).transpose(0, 1),
        scores(q, k).softmax(-1),
    ),
    "relative places": relative,
    "in buffers": into_buffers,
    "slopes in place, head by head": slopes_in_place,
    "padded after the maps": padded,
    "one more in the sum": lambda q, k, v: weighed((e := scores(q, k).exp()) / (1 + e.sum(-1, True)), v),
    "one more in the sum, by the largest": with_one_more,
    "a little more in the sum": lambda q, k, v: weighed(
        (e := scores(q, k).exp()) / (e.sum(-1, True) + 1e-3), v
    ),
    "a column of padding": lambda q, k, v: weighed(F.pad(scores(q, k), (0, 1)).softmax(-1)[..., :-1], v),
    "two products, one of places": lambda q, k, v: weighed(
        (scores(q, k) + (at := torch.eye(TOKENS, WIDTH).expand(HEADS, -1, -1)) @ at.mT).softmax(-1), v
    ),
    "two products, one of all elements": lambda q, k, v: weighed(
        (scores(q, k) + (turned(q[:1]) @ turned(k[:1]).mT)[0]).softmax(-1), v
    ),
    "capped, then masked": lambda q, k, v: weighed(
        (3 * torch.tanh(scores(q, k) / 3)).masked_fill(LATER, -torch.inf).softmax(-1), v
    ),
    "values of another head": lambda q, k, v: weighed(scores(q, k).softmax(-1), v + 0.5 * k),
    "checkpointed": lambda q, k, v: (
        torch.utils.checkpoint.checkpoint(
            lambda q, k, v: scores(q, k).softmax(-1) @ v, q, k, v, use_reentrant=False
        ),
        scores(q, k).softmax(-1),
    ),
    "heads before the batch": lambda q, k, v: tuple(
        t.unflatten(0, (HEADS, BATCH)).transpose(0, 1)
        for t in weighed(scores(*(t.transpose(0, 1).flatten(0, 1) for t in (q, k))).softmax(-1),
                         v.transpose(0, 1).flatten(0, 1))
    ),
}  # fmt: skip
LEFT_OUT = {
    "distances of another kind": (lambda q, k, v: (-torch.cdist(q, k)).softmax(-1) @ v, "cdist"),
    "a sum of products": (
        lambda q, k, v: (q[..., None, :] * k[..., None, :, :]).sum(-1).softmax(-1) @ v, "sum"
    ),
    "additive": (
        lambda q, k, v: (q[..., None, :] + k[..., None, :, :]).tanh().mean(-1).softmax(-1) @ v,
        "but of add, tanh",
    ),
    "weights of no product": (
        lambda q, k, v: (
            q[..., :1].expand(-1, -1, -1, TOKENS).softmax(-1)[..., None] * v[:, :, None]
        ).sum(-2),
        "weighs a sum entry by entry",
    ),
    "sigmoid": (lambda q, k, v: scores(q, k).sigmoid() @ v, "sigmoid"),
    "relu": (lambda q, k, v: scores(q, k).relu() @ v, "relu"),
    "less in the sum": (lambda q, k, v: ((e := scores(q, k).exp()) / (e.sum(-1, True) - 0.1)) @ v, "exp"),
    "keys of each query, unfolded": (lambda q, k, v: unfolded(q, k, v)[..., 0, :], "unfolded windows"),
    "a part overwritten": (
        lambda q, k, v: ((s := scores(q, k)).__setitem__((..., 0), s[..., 1] + 1), s.softmax(-1) @ v)[1],
        "setitem of a part",
    ),
    "the logarithm": (lambda q, k, v: F.log_softmax(scores(q, k), -1).exp() @ v, "log_softmax"),
    "over edges": (over_edges, "weighs a sum entry by entry"),
    "key by key": (key_by_key, "exp over a sum, without a softmax"),
    "normed late": (lambda q, k, v: ((e := scores(q, k).exp()) @ v) / e.sum(-1, True), "exp"),
    "by chance": (lambda q, k, v: F.gumbel_softmax(scores(q, k), dim=-1) @ v, "gumbel_softmax"),
    "scattered": (
        lambda q, k, v: torch.full((BATCH, HEADS, TOKENS, TOKENS), -torch.inf)
        .scatter(-1, *scores(q, k).topk(3)[::-1]).softmax(-1) @ v, "topk",
    ),
    "twice": (lambda q, k, v: scores(q, k).softmax(-1).softmax(-1) @ v, "a softmax of a softmax"),
    "a temperature of each query": (
        lambda q, k, v: (scores(q, k) * (torch.arange(TOKENS) + 1.0)[:, None]).softmax(-1) @ v, "a matrix"
    ),
    "zeros for what is masked": (lambda q, k, v: scores(q, k).tril().softmax(-1) @ v, "tril"),
    "talking heads": (
        lambda q, k, v: torch.einsum("bhij,hg->bgij", scores(q, k), torch.ones(HEADS, HEADS)).softmax(-1) @ v,
        "a linear map takes it",
    ),
    "the mean of heads": (
        lambda q, k, v: scores(q, k).softmax(-1).mean(1, True).expand(-1, HEADS, -1, -1) @ v, "mean"
    ),
    "queries compete": (lambda q, k, v: scores(q, k).softmax(-2) @ v, "another axis than the softmax"),
    "without a softmax": (lambda q, k, v: F.elu(q) @ (F.elu(k).mT @ v), "without a softmax"),
    "channels": (lambda q, k, v: ((q.mT @ k).softmax(-1) @ v.mT).mT, "attention among channels"),
    "a part of the pattern": (
        lambda q, k, v: scores(q, k).softmax(-1)[..., :4] @ v[:, :, :4], "only a part of a pattern"
    ),
    "scores of parts": (
        lambda q, k, v: torch.cat([part @ k.mT for part in q.split(4, 2)], 2).softmax(-1) @ v, "put together"
    ),
    "scores of keys in parts": (
        lambda q, k, v: torch.cat([q @ part.mT for part in k.split(4, 2)], 3).softmax(-1) @ v, "put together"
    ),
    "patterns of parts": (
        lambda q, k, v: torch.cat([scores(part, k).softmax(-1) for part in q.split(4, 2)], 2) @ v,
        "put together",
    ),
    "patterns of heads": (
        lambda q, k, v: torch.stack([scores(q[:, n], k[:, n]).softmax(-1) for n in range(HEADS)], 1) @ v,
        "put together",
    ),
    "patterns of elements": (
        lambda q, k, v: torch.stack([scores(q[n], k[n]).softmax(-1) for n in range(BATCH)]) @ v,
        "put together",
    ),
    "the largest alone": (
        lambda q, k, v: F.one_hot(scores(q, k).argmax(-1), TOKENS).float() @ v, "only argmax of it"
    ),
    "relative places alone": (
        lambda q, k, v: torch.einsum(
            "bhid,ijd->bhij", q, torch.ones(TOKENS, TOKENS, WIDTH).cumsum(0)
        ).softmax(-1) @ v, "keys of their own for each query"
    ),
    "dropout of a square": (
        lambda q, k, v: F.dropout(scores(q, k).softmax(-1) ** 2, 0.3, True) @ v, "pow"
    ),
    "a rounded pattern that weighs nothing": (
        lambda q, k, v: (v, scores(q, k).softmax(-1, torch.float16)), "not multiplied with values"
    ),
    "complex numbers": (
        lambda q, k, v: (torch.view_as_complex(q)[..., None] @ torch.view_as_complex(k)[..., None].mH)
        .real.softmax(-1) @ v, "complex",
    ),
    "windows of rolled tokens": (
        lambda q, k, v: (
            scores(*(w := [t.roll(1, 2).unflatten(2, (3, 3)) for t in (q, k, v)])[:2]).softmax(-1) @ w[2]
        ).flatten(2, 3), "not told apart",
    ),
    "vmap": (
        lambda q, k, v: torch.vmap(lambda q, k, v: scores(q, k).softmax(-1) @ v, 1, 1)(q, k, v),
        "softmax in the model",
    ),
}  # fmt: skip


class Model(nn.Module):
    """`form(q, k, v)`, each [batch, heads, tokens, width], gives the result and perhaps the pattern."""

    def __init__(self, form):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(HEADS * WIDTH, HEADS * WIDTH) for _ in range(4))
        self.form = form

    def forward(self, x):
        q, k, v = (one(x).unflatten(-1, (HEADS, WIDTH)).transpose(1, 2) for one in (self.q, self.k, self.v))
        made = self.form(q, k, v)
        self.z, self.pattern = made if isinstance(made, tuple) else (made, None)
        return x + self.out(self.z.transpose(1, 2).flatten(2))


def recorded(form, batch):
    """(model, what it gave, the recording), the result unchanged by it."""
    torch.manual_seed(0)
    model, x = Model(form).eval(), torch.randn(BATCH, TOKENS, HEADS * WIDTH)
    with torch.no_grad():
        torch.manual_seed(1)
        plain = model(x)
    with torch.no_grad(), record(model, batch=batch) as recording:
        torch.manual_seed(1)
        made = model(x)
    assert torch.equal(made, plain)
    return model, plain, recording


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("form", CAPTURED)
def test_what_is_captured_is_what_ran(form):
    batch = 1
    model, result, recording = recorded(CAPTURED[form], batch)
    assert list(recording.layers) == ["0"]
    arrays, description = recording.layers["0"]
    pattern, z = model.pattern[batch].double().numpy(), model.z[batch].double().numpy()
    assert description["n_q_heads"] == HEADS and arrays["z"].shape == z.shape
    assert np.abs(arrays["z"] - z).max() < 1e-5
    scales = description.get("head_scales", [description["scale"]] * HEADS)
    causal = np.tri(TOKENS, dtype=bool)[None]
    named = causal if description["mask"]["kind"] == "causal" else np.ones((1, 1, 1), bool)
    allowed = np.broadcast_to(arrays.get("mask", named), pattern.shape)
    bias = None if "bias" not in arrays else np.broadcast_to(arrays["bias"], pattern.shape)
    group = HEADS // len(arrays["k"])
    for head in range(HEADS):
        made = attend(
            arrays["q"][head].astype(float), *(arrays[n][head // group].astype(float) for n in "kv"),
            scales[head], description.get("softcap", 0.0),
            bias=None if bias is None else bias[head],
            allowed=allowed[head],
            sink=description["sinks"][head] if "sinks" in description else None,
        )  # fmt: skip
        assert np.abs(made[2] - pattern[head]).max() < 1e-5
        assert np.abs(made[3] - z[head]).max() < 1e-5
    after = arrays["resid_pre"] + np.einsum("hte,heo->to", arrays["z"], arrays["W_O"]) + arrays["b_O"]
    assert np.abs(after - result[batch].numpy()).max() < 1e-4


def test_tokens_with_maps_of_their_own_stand_in_their_order():
    """As in models where a text and a picture attend together."""
    torch.manual_seed(0)
    maps, x = nn.ModuleList(nn.Linear(24, 72) for _ in range(2)), torch.randn(BATCH, TOKENS, 24)
    own = [
        one(part).unflatten(-1, (3, HEADS, WIDTH)) for one, part in zip(maps, x.split([4, 5], 1), strict=True)
    ]
    q, k, v = torch.cat(own, 1).permute(2, 0, 3, 1, 4)

    class Joint(nn.Module):
        def forward(self, x):
            parts = zip(maps, x.split([4, 5], 1), strict=True)
            each = [one(part).unflatten(-1, (3, HEADS, WIDTH)).permute(2, 0, 3, 1, 4) for one, part in parts]
            return F.scaled_dot_product_attention(*(torch.cat(both, 2) for both in zip(*each, strict=True)))

    with torch.no_grad(), record(model := Joint(), batch=1) as recording:
        model(x)
    arrays, description = recording.layers["0"]
    assert description["n_q_heads"] == HEADS and description["kind"] == "self"
    for name, true in zip("qkv", (q, k, v), strict=True):
        assert np.abs(arrays[name] - true[1].detach().numpy()).max() < 1e-5
    assert "its input was seen" in description["not_written"]["W_Q"]


ROUNDED = {  # scores -> pattern, with a step in half precision
    "scores": lambda s: s.half().float().softmax(-1),
    "scores, bfloat16": lambda s: s.bfloat16().float().softmax(-1),
    "exp, by hand": lambda s: ((e := s.exp().half()) / e.sum(-1, keepdim=True)).float(),
    "exp, not in the sum": lambda s: ((e := s.exp()).half() / e.sum(-1, keepdim=True)).float(),
    "the sum": lambda s: (e := s.exp()) / e.sum(-1, keepdim=True).half(),
    "the quotient": lambda s: ((e := s.exp()) / e.sum(-1, keepdim=True)).bfloat16().float(),
}


@pytest.mark.parametrize("form", ROUNDED)
def test_what_is_rounded_on_its_way_is_told(form):
    with pytest.warns(CaptureWarning, match="was recorded in b?float16, with an error"):
        model, _, recording = recorded(lambda q, k, v: weighed(ROUNDED[form](scores(q, k)), v), 0)
    arrays, description = recording.layers["0"]
    assert description["dtype"] in ("float16", "bfloat16") and 0 < description["max_abs_error"] < 2e-2
    assert np.array_equal(arrays["z"], model.z[0].numpy())
    assert description["projections_found_by"] == dict.fromkeys("QKV", "value")


def halves(t):
    return *t.chunk(2, -1), lambda y: torch.cat(y, -1)


def pairs(t):
    return t[..., 0::2], t[..., 1::2], lambda y: torch.stack(y, -1).flatten(-2)


FIRST = (
    lambda a, b, c, s: a * c - b * s,
    lambda a, b, c, s: -b * s + a * c,
    lambda a, b, c, s: a * c + b * -s,
)
SECOND = (lambda a, b, c, s: b * c + a * s, lambda a, b, c, s: a * s + b * c)


@pytest.mark.parametrize("parts", [halves, pairs])
@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("second", SECOND)
def test_a_rotation_leaves_the_columns_of_its_map_in_order(parts, first, second):
    """Both columns of a pair lead to both of the map, and none may be taken twice."""
    angles = torch.arange(TOKENS)[:, None] * 100.0 ** -(torch.arange(2) / 2)

    def rotated(t):
        a, b, joined = parts(t)
        return joined([one(a, b, angles.cos(), angles.sin()) for one in (first, second)])

    def attention(q, k, v):
        q, k = (rotated(t.unflatten(1, (6, 2)).transpose(2, 3).flatten(-2)) for t in (q, k))
        return weighed((q @ k.mT).softmax(-1), v.unflatten(1, (6, 2)).transpose(2, 3).flatten(-2))

    class Six(Model):
        def forward(self, x):
            z, _ = self.form(*(
                one(x).unflatten(-1, (HEADS, WIDTH)).transpose(1, 2) for one in (self.q, self.k, self.v)
            ))  # fmt: skip
            return x + self.out(z.transpose(1, 2).flatten(2))

    torch.manual_seed(0)
    with torch.no_grad(), record(model := Six(attention)) as recording:
        model(torch.randn(1, TOKENS, HEADS * WIDTH))
    arrays, description = recording.layers["0"]
    assert description["position"]["kind"] == "rotary" and description["position"]["theta"] == 100.0
    for name in "QK":
        weight = getattr(model, name.lower()).weight.detach().T.unflatten(1, (6, 4)).permute(1, 0, 2)
        assert np.array_equal(arrays[f"W_{name}"], weight.numpy())


def test_what_moves_the_last_column_alone_is_no_rotation():
    before = np.ones((1, 4, 4))
    assert _rotation(before, before + np.array([0, 0, 0, 0.1]), "float32") == {}


@pytest.mark.parametrize("form", LEFT_OUT)
def test_what_is_left_out_is_named(form):
    attention, reason = LEFT_OUT[form]
    with (
        warnings.catch_warnings(record=True) as told,
        pytest.raises(InputError, match="not in the recording"),
    ):
        warnings.simplefilter("always")
        recorded(attention, 0)
    lines = [str(one.message) for one in told if "not in the recording" in str(one.message)]
    assert any(reason in line for line in lines), lines


def test_tensors_without_numbers_are_told_in_one_line():
    model, away = Model(CAPTURED["plain"]).eval(), Model(CAPTURED["plain"]).to("meta")
    x = torch.randn(BATCH, TOKENS, HEADS * WIDTH)
    with pytest.warns(CaptureWarning) as told, torch.no_grad(), record(model) as recording:
        away(x.to("meta"))
        model(x)
    (line,) = [str(one.message) for one in told]
    assert line.startswith("softmax in Model is not in the recording: meta tensors have no numbers")
    assert list(recording.layers) == ["0"] and len(recording.left_out) == 1


PLACES = torch.randn(TOKENS, HEADS * WIDTH, generator=torch.Generator().manual_seed(3))
OF_KEYS = {
    "their places": lambda x: x + PLACES,
    "the token before, too": lambda x: x + F.pad(x, (0, 0, 1, -1)),
    "fewer tokens": lambda x: F.avg_pool1d(x.mT, 3).mT,
    "a norm of their own": lambda x: 2 * F.layer_norm(x, x.shape[-1:]),
}


class Twice(nn.Module):
    """Two layers, of which the second is behind a residual stream, over keys that are made of the stream."""

    def __init__(self, of_keys):
        super().__init__()
        self.maps, self.of_keys = nn.ModuleList(nn.Linear(24, 24) for _ in range(8)), of_keys

    def forward(self, x):
        for q, k, v, out in (self.maps[:4], self.maps[4:]):
            keys = self.of_keys(x)
            x = x + out((q(x) @ k(keys).mT).softmax(-1) @ v(keys))
        return x


@pytest.mark.parametrize("way", OF_KEYS)
def test_keys_made_of_the_same_tokens_are_of_self_attention(way):
    with torch.no_grad(), record(model := Twice(OF_KEYS[way])) as recording:
        model(torch.randn(1, TOKENS, 24))
    assert [d["kind"] for _, d in recording.layers.values()] == ["self", "self"]
    other = torch.randn(1, TOKENS, 24)
    with torch.no_grad(), record(model := Twice(lambda x: other + PLACES)) as recording:
        model(torch.randn(1, TOKENS, 24))
    assert [d["kind"] for _, d in recording.layers.values()] == ["cross", "cross"]


def test_a_sum_of_products_is_told():
    """The bias is then made of queries or keys, and would be another for another input."""

    def told(form):
        with warnings.catch_warnings(record=True) as known:
            warnings.simplefilter("always")
            _, _, recording = recorded(form, 0)
        says = any("its scores are a sum of products" in str(one.message) for one in known)
        assert says == ("bias_of" in recording.layers["0"][1])
        return says

    assert told(lambda q, k, v: (2 * q @ k.mT - (k * k).sum(-1)[..., None, :]).softmax(-1) @ v)
    assert told(CAPTURED["two products, one of all elements"]) and told(CAPTURED["relative places"])
    assert not told(CAPTURED["slopes in place, head by head"]) and not told(CAPTURED["by hand"])


@pytest.mark.parametrize("unlike", ["nothing", "a bias", "a factor"])
def test_heads_with_maps_of_their_own_are_one_layer(unlike):
    """Their maps are one where they are alike; else neither map is claimed for both heads."""
    torch.manual_seed(0)
    maps = nn.ModuleList(nn.Linear(8, 4, bias=unlike != "a bias" or n != 2) for n in range(6))
    maps.append(nn.Linear(8, 8))
    factors = (1.0, 3.0 if unlike == "a factor" else 1.0)
    c, s = torch.arange(5.0).cos()[:, None], torch.arange(5.0).sin()[:, None]

    def rotated(t):
        return t * c + torch.cat([-t[..., 2:], t[..., :2]], -1) * s

    class Heads(nn.Module):
        def forward(self, x):
            z = []
            for n in range(2):
                q, k, v = (one(x) for one in maps[3 * n : 3 * n + 3])
                z.append((rotated(q) * factors[n] @ rotated(k).mT).softmax(-1) @ v)
            return x + maps[6](torch.cat(z, -1))

    with torch.no_grad(), record(model := Heads()) as recording:
        model(x := torch.randn(1, 5, 8))
    (arrays, description) = recording.layers["0"]
    name, number = ("V", 2) if unlike == "a bias" else ("Q", 0)
    assert len(arrays["q"]) == 2 and (f"W_{name}" in arrays) == (unlike == "nothing")
    assert unlike == "nothing" or f"W_{name}" in description["not_written"]
    if unlike == "nothing":
        made = torch.stack([maps[number](x)[0], maps[number + 3](x)[0]]).detach().numpy()
        found = np.einsum("tm,hmd->htd", arrays["x"], arrays["W_Q"]) + arrays["b_Q"][:, None]
        assert np.abs(found - made).max() < 1e-5
