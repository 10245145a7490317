"""Attention in every order of axes, of queries, keys and values that were made in every way."""

import random
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")

from matrix_cinema.capture.record import CaptureWarning, record  # noqa: E402
from torch import nn  # noqa: E402

BATCH, TOKENS, HEADS, WIDTH = 3, 9, 4, 8
MADE = {  # [batch, tokens, heads, width] of x and a weight [32, 32], and whether one matrix made it
    "a linear map": (lambda x, w: nn.functional.linear(x, w).unflatten(-1, (HEADS, WIDTH)), True),
    "an einsum": (lambda x, w: torch.einsum("btm,hdm->bthd", x, w.view(HEADS, WIDTH, -1)), True),
    "weights of each head": (
        lambda x, w: (x[:, None] @ w.view(HEADS, WIDTH, -1).mT).transpose(1, 2), True
    ),
    "a map for each head": (
        lambda x, w: torch.stack([x @ one.T for one in w.view(HEADS, WIDTH, -1)], 2), True
    ),
    "one map for all parts": (
        lambda x, w: nn.functional.linear(
            nn.functional.layer_norm(x, x.shape[-1:]).unflatten(-1, (HEADS, WIDTH)), w[:WIDTH, :WIDTH]
        ), False,
    ),
    "parts that are put together": (
        lambda x, w: torch.cat([one[:, :, None] for one in (x @ w.T).chunk(HEADS, -1)], 2), True
    ),
}  # fmt: skip


class Attention(nn.Module):
    """With axes in orders of `rng`; it keeps its pattern and result, [batch, heads, queries, …]."""

    def __init__(self, made, rng):
        super().__init__()
        size = HEADS * WIDTH
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(size, size) / 4) for _ in range(3))
        self.out, self.made = nn.Linear(size, size), made
        self.orders = ["".join(rng.sample(one, 4)) for one in ("bihd", "bjhd", "bjhe", "bhij", "bihe")]
        self.lead = rng.choice(["", "", "bh", "hb"])  # batch and heads in one axis, or each by itself

    def forward(self, x):
        q, k, v = (self.made(x, one) for one in self.weights)
        if self.lead:
            q, k, v = (t.permute(*map("bthd".index, self.lead + "td")).flatten(0, 1) for t in (q, k, v))
            p = torch.bmm(q, k.mT).mul(WIDTH**-0.5).softmax(-1)
            sizes = [BATCH if one == "b" else HEADS for one in self.lead]
            p, z = (t.unflatten(0, sizes).permute(*map(self.lead.index, "bh"), 2, 3) for t in (p, p @ v))
        else:
            of_q, of_k, of_v, of_p, of_z = self.orders
            q, k, v = (
                t.permute(*map(own.index, order))
                for t, own, order in ((q, "bihd", of_q), (k, "bjhd", of_k), (v, "bjhe", of_v))
            )
            p = torch.einsum(f"{of_q},{of_k}->{of_p}", q, k).mul(WIDTH**-0.5).softmax(of_p.index("j"))
            z = torch.einsum(f"{of_p},{of_v}->{of_z}", p, v)
            p, z = p.permute(*map(of_p.index, "bhij")), z.permute(*map(of_z.index, "bhie"))
        self.pattern, self.z = p, z
        return x + self.out(z.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("made", MADE)
def test_axes_are_told_apart_in_every_order(made):
    form, whole = MADE[made]
    x = torch.randn(BATCH, TOKENS, HEADS * WIDTH, generator=torch.Generator().manual_seed(0))
    for seed in range(12):
        torch.manual_seed(seed)
        model, batch = Attention(form, random.Random(seed)).eval(), seed % BATCH
        way = f"{seed}: {model.orders}, {model.lead}"
        with warnings.catch_warnings(), torch.no_grad(), record(model, batch=batch) as recording:
            warnings.simplefilter("error", CaptureWarning)
            y = model(x)[batch].numpy()
        ((arrays, description),) = recording.layers.values()
        assert description["n_q_heads"] == HEADS, way
        logits = arrays["q"] @ arrays["k"].transpose(0, 2, 1) * description["scale"]
        pattern = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        assert np.abs(pattern - model.pattern[batch].numpy()).max() < 1e-5, way
        assert np.abs(arrays["z"] - model.z[batch].numpy()).max() < 1e-5, way
        after = arrays["resid_pre"] + np.einsum("hte,heo->to", arrays["z"], arrays["W_O"]) + arrays["b_O"]
        assert np.abs(after - y).max() < 1e-4, way
        for name, weight in zip("QKV", model.weights, strict=True):
            assert (f"W_{name}" in arrays) == whole, way
            if whole:
                own = weight.detach().view(HEADS, WIDTH, -1).mT.numpy()
                assert np.abs(arrays[f"W_{name}"] - own).max() < 1e-6, way
