"""Two hundred attentions written by hand: each is recorded exactly as it ran, or left out by name."""

import math
import random
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")

from matrix_cinema.attention.attend import attend  # noqa: E402
from matrix_cinema.capture.record import record  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from torch import nn  # noqa: E402

HEADS, WIDTH, BATCH, QUERIES, KEYS = 2, 4, 3, 5, 5
FAR = (float("-inf"), -1e9, torch.finfo(torch.float32).min)

# How scores are made of q and k, [batch, heads, tokens, width] each.
SCORES = {
    "matmul": lambda q, k: q @ k.transpose(-2, -1),
    "matmul, k first": lambda q, k: (k @ q.mT).mT,
    "torch.matmul of k.mT": lambda q, k: torch.matmul(q, k.permute(0, 1, 3, 2)),
    "bmm": lambda q, k: torch.bmm(q.flatten(0, 1), k.flatten(0, 1).mT).view(len(q), HEADS, q.shape[2], -1),
    "baddbmm": lambda q, k: torch.baddbmm(
        torch.zeros(1, 1, 1), q.flatten(0, 1), k.flatten(0, 1).mT, beta=0, alpha=1.0
    ).unflatten(0, (-1, HEADS)),
    "einsum": lambda q, k: torch.einsum("bhid,bhjd->bhij", q, k),
    "einsum, k first": lambda q, k: torch.einsum("bhjd,bhid->bhij", k, q),
    "einsum, turned": lambda q, k: torch.einsum("bhid,bhjd->bhji", q, k).transpose(2, 3),
    "einsum, ellipsis": lambda q, k: torch.einsum("...id,...jd->...ij", q, k),
    "einsum, tokens first": lambda q, k: torch.einsum(
        "bihd,bjhd->bhij", q.transpose(1, 2), k.transpose(1, 2)
    ),
    "einsum of three": lambda q, k: torch.einsum("bhid,bhjd,h->bhij", q, k, torch.ones(HEADS)),
    "tensordot": lambda q, k: torch.stack(
        [torch.stack([torch.tensordot(a, b, dims=([1], [1])) for a, b in zip(x, y, strict=True)])
         for x, y in zip(q, k, strict=True)]),
    "sum of products": lambda q, k: (q[:, :, :, None] * k[:, :, None]).sum(-1),
}  # fmt: skip

# What is done to scores, and the same in float64: (f(scores), g(scores) or None where nobody can know).
C = 0.37
PER_HEAD = torch.tensor([0.5, 1.5]).view(HEADS, 1, 1)
BIAS = torch.randn(HEADS, QUERIES, KEYS, generator=torch.Generator().manual_seed(7))
SCALES = {
    "times": (lambda s: s * C, lambda s: s * C),
    "divided": (lambda s: s / math.sqrt(WIDTH), lambda s: s / math.sqrt(WIDTH)),
    "div(other=)": (lambda s: torch.div(s, other=2.0), lambda s: s / 2),
    "numpy": (lambda s: s * np.float32(C), lambda s: s * float(np.float32(C))),
    "tensor of one": (lambda s: s * torch.tensor(C), lambda s: s * float(torch.tensor(C))),
    "mul_": (lambda s: s.mul_(C), lambda s: s * C),
    "from the left": (lambda s: C * s, lambda s: s * C),
    "negative": (lambda s: -s, lambda s: -s),
    "none": (lambda s: s, lambda s: s),
    "twice": (lambda s: (s * 0.5) / 1.5, lambda s: s / 3),
    "each head": (lambda s: s * PER_HEAD, lambda s: s * PER_HEAD.double().numpy()),
    "clamped": (lambda s: s.clamp(-0.5, 0.5), lambda s: s.clip(-0.5, 0.5)),
    "clamped far away": (lambda s: s.clamp(-1e4, 1e4), lambda s: s),
    "softcap": (lambda s: torch.tanh(s / 3.0) * 3.0, lambda s: np.tanh(s / 3) * 3),
    "squared": (lambda s: s**2, lambda s: s**2),
    "heads mixed": (
        lambda s: torch.einsum("bhij,hg->bgij", s, torch.tensor([[1.0, 0.5], [0.2, 1.0]])),
        lambda s: np.einsum("hij,hg->gij", s, np.array([[1.0, 0.5], [0.2, 1.0]])),
    ),
}  # fmt: skip
LATER = torch.ones(QUERIES, KEYS, dtype=torch.bool).triu(1)
MASKS = {
    "none": (lambda s: s, None),
    "masked_fill": (lambda s: s.masked_fill(LATER, FAR[0]), LATER),
    "masked_fill_": (lambda s: s.masked_fill_(LATER, FAR[1]), LATER),
    "where": (lambda s: torch.where(LATER, torch.tensor(FAR[2]), s), LATER),
    "where, turned": (lambda s: torch.where(~LATER, s, FAR[0]), LATER),
    "added": (lambda s: s + torch.zeros(QUERIES, KEYS).masked_fill(LATER, FAR[1]), LATER),
    "added from the left": (lambda s: torch.zeros(QUERIES, KEYS).masked_fill(LATER, FAR[2]) + s, LATER),
    "subtracted": (lambda s: s - 1e9 * LATER.float(), LATER),
    "times, then added": (lambda s: s * (~LATER).float() + -1e9 * LATER.float(), LATER),
    "each head its own": (
        lambda s: s.masked_fill(torch.stack([LATER, LATER & False]), FAR[0]),
        torch.stack([LATER, LATER & False]),
    ),
    "filled with a number": (lambda s: s.masked_fill(LATER, 0.25), None),
    "part overwritten": ("part", LATER),
}  # fmt: skip
ADDED = {
    "nothing": (lambda s: s, 0.0),
    "bias": (lambda s: s + BIAS, BIAS),
    "bias from the left": (lambda s: torch.add(BIAS, s), BIAS),
    "bias, alpha": (lambda s: torch.add(s, BIAS, alpha=0.5), 0.5 * BIAS),
    "bias subtracted": (lambda s: s - BIAS, -BIAS),
    "bias less scores": (lambda s: -(BIAS - s), -BIAS),
    "largest subtracted": (lambda s: s - s.amax(-1, keepdim=True), 0.0),
    "bias of a head": (lambda s: s + BIAS[:, :1, :1], 0.0),
}  # fmt: skip
SOFTMAXES = {
    "softmax": lambda s: s.softmax(-1),
    "torch": lambda s: torch.softmax(s, dim=3),
    "functional, float32": lambda s: nn.functional.softmax(s, dim=-1, dtype=torch.float32).type_as(s),
    "over axis 2": lambda s: s.transpose(2, 3).softmax(2).transpose(2, 3),
    "by hand": lambda s: s.exp() / s.exp().sum(-1, keepdim=True),
    "by hand, once": lambda s: (e := torch.exp(s)) / torch.sum(e, dim=-1, keepdim=True),
    "module": nn.Softmax(dim=-1),
    "dropout": lambda s: nn.functional.dropout(s.softmax(-1), 0.1, training=False),
    "over queries": lambda s: s.softmax(-2),
    "sigmoid": torch.sigmoid,
    "to the fourth": lambda s: s.softmax(-1) ** 4,
    "times ones": lambda s: s.softmax(-1) * torch.ones(HEADS, 1, 1),
    "of heads mixed": lambda s: torch.einsum(
        "bhij,hg->bgij", s.softmax(-1), torch.tensor([[1.0, 0.5], [0.2, 1.0]])
    ),
}  # fmt: skip
VALUES = {
    "matmul": lambda p, v: p @ v,
    "bmm": lambda p, v: torch.bmm(p.flatten(0, 1), v.flatten(0, 1)).unflatten(0, (-1, HEADS)),
    "turned": lambda p, v: (v.mT @ p.mT).mT,
    "einsum": lambda p, v: torch.einsum("bhij,bhjd->bhid", p, v),
    "einsum, ellipsis": lambda p, v: torch.einsum("...ij,...jd->...id", p, v),
    "einsum, tokens first": lambda p, v: torch.einsum(
        "bhij,bjhd->bihd", p, v.transpose(1, 2)
    ).transpose(1, 2),
    "matmul, contiguous": lambda p, v: torch.matmul(p.contiguous(), v.contiguous()),
}  # fmt: skip
PROJECTIONS = ("linear", "fused", "per head", "by hand", "expanded", "none")
CHOICES = (SCORES, SCALES, ADDED, MASKS, SOFTMAXES, VALUES)


class Attention(nn.Module):
    """One way to write it. `oracle` has q, k, v [heads, tokens, width] and the pattern of one element."""

    def __init__(self, names, projection, scaled_first):
        super().__init__()
        self.names, self.projection, self.scaled_first = names, projection, scaled_first
        self.q, self.k, self.v, self.out = (nn.Linear(8, 8) for _ in range(4))
        self.qkv = nn.Linear(8, 24)
        self.weight = nn.Parameter(torch.randn(3, 8, 8) / 3)
        self.bias = nn.Parameter(torch.randn(8))

    def projected(self, x):
        if self.projection == "fused":
            parts = self.qkv(x).chunk(3, dim=-1)
        elif self.projection == "per head":
            heads = self.qkv(x).view(*x.shape[:2], HEADS, 3 * WIDTH)
            return [t.transpose(1, 2) for t in heads.split(WIDTH, dim=-1)]
        elif self.projection == "by hand":
            parts = [x @ weight + self.bias for weight in self.weight]
        elif self.projection == "expanded":
            parts = [torch.bmm(x, weight.expand(len(x), -1, -1)) + self.bias for weight in self.weight]
        else:
            parts = (self.q(x), self.k(x), self.v(x))
        return [t.view(*x.shape[:2], HEADS, WIDTH).transpose(1, 2) for t in parts]

    def forward(self, x):
        if self.projection == "none":
            q = k = v = x.unflatten(-1, (HEADS, WIDTH)).transpose(1, 2)
        else:
            q, k, v = self.projected(x)
        self.qkv_seen = [t.detach().double().numpy() for t in (q, k, v)]
        scores, scale, added, mask, softmax, values = (
            choice[name] for choice, name in zip(CHOICES, self.names, strict=True)
        )
        s = scores(q, k)
        steps = [scale[0], added[0]] if self.scaled_first else [added[0], scale[0]]
        for step in steps:
            s = step(s)
        if mask[0] == "part":
            s = s.clone()
            s[:, :, LATER] = float("-inf")
        else:
            s = mask[0](s)
        pattern = softmax(s)
        self.pattern_seen = pattern.detach().double().numpy()
        z = values(pattern, v)
        self.z_seen = z.detach().double().numpy()
        return x + self.out(z.transpose(1, 2).reshape(*x.shape))


def ways(count):
    """Every name of every choice at least twice, the others at random."""
    rng = random.Random(20)
    made = []
    for n in range(count):
        usual = [next(iter(choice)) for choice in CHOICES]
        for changed in rng.sample(range(len(CHOICES)), rng.choice((1, 2, 2, 3, 4))):
            usual[changed] = rng.choice(list(CHOICES[changed]))
        projection = PROJECTIONS[0] if rng.random() < 0.5 else rng.choice(PROJECTIONS)
        made.append((tuple(usual), projection, rng.random() < 0.7, rng.randrange(BATCH)))
        if n < sum(map(len, CHOICES)):  # each name once with all else as usual
            flat = [(i, name) for i, choice in enumerate(CHOICES) for name in choice]
            i, name = flat[n]
            names = [next(iter(choice)) for choice in CHOICES]
            names[i] = name
            made[-1] = (tuple(names), "linear", True, n % BATCH)
    return made


@pytest.mark.parametrize("part", range(4))
def test_captured_exactly_or_left_out_by_name(part):
    """Whatever is in the recording is what the model had: queries, keys, values, pattern and result."""
    captured, refused = 0, 0
    for number, (names, projection, scaled_first, element) in enumerate(ways(200)):
        if number % 4 != part:
            continue
        torch.manual_seed(number)
        model, x = Attention(names, projection, scaled_first).eval(), torch.randn(BATCH, QUERIES, 8)
        with torch.no_grad():
            plain = model(x)
        way = f"{number}: {names}, {projection}, scaled first: {scaled_first}"
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                with torch.no_grad(), record(model, batch=element) as recording:
                    assert torch.equal(model(x), plain), f"{way}: the model's result changed"
            except InputError as error:
                assert "not in the recording" in str(error) or "no attention was seen" in str(error), way
                assert any("not in the recording" in str(one.message) for one in told), f"{way}: silent"
                refused += 1
                continue
        captured += 1
        assert list(recording.layers) == ["0"], way
        check(model, *recording.layers["0"], element, way)
    assert captured >= 25 and refused >= 2


def check(model, arrays, description, element, way):
    assert description["n_q_heads"] == HEADS, f"{way}: {description['n_q_heads']} heads"
    q, k, v = (t[element] for t in model.qkv_seen)
    pattern, z = model.pattern_seen[element], model.z_seen[element]
    assert arrays["q"].shape == q.shape and arrays["k"].shape == k.shape, way
    for name, true in (("k", k), ("v", v), ("z", z)):
        assert np.abs(arrays[name] - true).max() < 1e-5, f"{way}: {name}"
    assert np.abs(arrays["q"] - q).max() < 1e-5, f"{way}: q and k are swapped or changed"
    scales = description.get("head_scales", [description["scale"]] * HEADS)
    for head in range(HEADS):
        bias = arrays.get("bias")
        allowed = masked(description["mask"], arrays)
        made = attend(
            *(arrays[n][head].astype(np.float64) for n in "qkv"),
            scales[head],
            description.get("softcap", 0.0),
            bias=None if bias is None else np.broadcast_to(bias, pattern.shape)[head],
            allowed=None if allowed is None else np.broadcast_to(allowed, pattern.shape)[head],
        )
        assert np.abs(made[2] - pattern[head]).max() < 1e-5, f"{way}: the pattern"
        assert np.abs(made[3] - z[head]).max() < 1e-5, f"{way}: the result"
    if model.projection != "none":
        for name in "QKV":
            x = arrays["x"].astype(np.float64)
            made = np.einsum("tm,hmd->htd", x, arrays[f"W_{name}"]) + arrays[f"b_{name}"][:, None]
            assert np.abs(made - arrays[name.lower()]).max() < 1e-5, f"{way}: W_{name}"
    out = arrays["resid_pre"] + np.einsum("hte,heo->to", arrays["z"], arrays["W_O"]) + arrays["b_O"]
    with torch.no_grad():
        assert np.abs(out - model(x_of(model, arrays))[0].numpy()).max() < 1e-4, f"{way}: the residual"


def x_of(model, arrays):
    return torch.from_numpy(np.ascontiguousarray(arrays["resid_pre"]))[None]


def masked(mask, arrays):
    if mask["kind"] == "causal":
        return np.tri(QUERIES, KEYS, mask.get("offset", 0), dtype=bool)[None]
    if mask["kind"] == "window":
        return (np.tri(QUERIES, KEYS) - np.tri(QUERIES, KEYS, -mask["size"])).astype(bool)[None]
    return arrays.get("mask")
