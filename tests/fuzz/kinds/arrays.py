"""NPY and NPZ files, as matrices of a scene and as attention of another tool, some damaged."""

import io
import zipfile
from random import Random

import numpy as np
import odd
from case import Case

TYPES = ("<f8", "<f4", "<f2", ">f8", "<i4", "u1", "?", "<c8", "<U3", "S2", "<M8[s]", "<V4", "<i8", "<u2")
SHAPES = (
    (2, 3),
    (3, 2),
    (4,),
    (),
    (0, 3),
    (2, 3, 4),
    (1, 2, 3, 4),
    (1, 1, 2, 3, 4),
    (2, 2, 2, 2, 2, 2),
    (1, 1),
    (3, 0),
)
NAMES = (
    "A", "q", "k", "v", "z", "pattern", "attentions", "attn_0", "arr_0", "arr_1", "L0.q", "L1.k",
    "L0.cross.q", "tokens", "scale", "mask", "bias", "blocks.0.attn.hook_q", "blocks.0.attn.hook_k",
    "blocks.0.attn.hook_pattern", "blocks.1.hook_resid_pre", "layer", "W_Q", "x", "", "é", "../x",
)  # fmt: skip
HEADERS = (
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
    "{'descr': '<f8', 'fortran_order': True, 'shape': (-2, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904, 4), }",
    "{'descr': [('a', '<f8'), ('b', '<i4')], 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "{'descr': '<f8', 'shape': (2, 3), }",
    "(" * 3000, "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3L), }",
    "{'descr': '<f8', 'fortran_order': 1, 'shape': (True, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': 6, }", "__import__('os')",
)  # fmt: skip


def make(rng: Random) -> Case:
    if rng.random() < 0.4:
        scene = {"expression": "A", "matrices": {"A": {"file": "a.npy"} | options(rng)}}
        return Case(
            "arrays", {"a.npy": npy(rng), "s.toml": odd.toml(scene, rng).encode()}, ["inspect", "s.toml"]
        )
    arrays = (
        attention(rng)
        if rng.random() < 0.5
        else {rng.choice(NAMES): npy(rng) for _ in range(rng.choice((1, 2, 4)))}
    )
    data = npz(rng, arrays)
    if rng.random() < 0.6:
        command = ["capture", "--from", "a.npz", "-o", "new.safetensors"]
        files = {"a.npz": data}
        if rng.random() < 0.2:
            command += ["--tokens", "tokens.txt"]
            files["tokens.txt"] = rng.choice((b"", b"a\nb\nc\n", b"a\r\n\xc3\xa9\r\n", b"\xff", b"a" * 5000))
        return Case("arrays", files, command)
    name = rng.choice(list(arrays) or ["A"])
    scene = {"expression": "A", "matrices": {"A": {"file": "a.npz", "tensor": name} | options(rng)}}
    return Case("arrays", {"a.npz": data, "s.toml": odd.toml(scene, rng).encode()}, ["inspect", "s.toml"])


def options(rng: Random) -> dict:
    """How a scene takes a part of an array."""
    some = {
        "index": [rng.choice((0, 0, 1, -1, 9, 2**63 - 1)) for _ in range(rng.randrange(4))],
        "axis_order": rng.choice(([1, 0], [0, 1], [2, 0, 1], [0, 0], [9])),
        "slices": [
            rng.choice((":", "0:1", "1:", "::2", "-1:", "9:", "1:0", "::0", "x", ""))
            for _ in range(rng.randrange(3))
        ],
        "leading_axes": rng.choice((["head"], ["layer", "head"], ["a", "a"], [""])),
    }
    return {key: item for key, item in some.items() if rng.random() < 0.25}


def npy(rng: Random, array: np.ndarray | None = None) -> bytes:
    if array is None and rng.random() < 0.1:
        text = rng.choice(HEADERS).encode() + b" " * rng.randrange(60) + b"\n"
        return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(48)
    if array is None:
        generator = np.random.default_rng(rng.getrandbits(32))
        array = generator.normal(size=rng.choice(SHAPES)) * rng.choice((1, 1e-6, 1e6, 1e38, 1e300))
        if array.size and rng.random() < 0.1:
            array.flat[0] = rng.choice(odd.SPECIAL)
        with np.errstate(all="ignore"):
            array = np.nan_to_num(array).astype(rng.choice(TYPES)) if rng.random() < 0.6 else array
    file = io.BytesIO()
    np.lib.format.write_array(
        file, np.asarray(array, order=rng.choice("CF")), version=rng.choice(((1, 0), (2, 0)))
    )
    return odd.damaged(rng, file.getvalue()) if rng.random() < 0.2 else file.getvalue()


def attention(rng: Random) -> dict[str, bytes]:
    """Queries, keys and patterns, mostly of sizes that fit."""
    heads, queries, width = rng.choice((1, 2, 4)), rng.choice((1, 3, 4)), 2
    generator = np.random.default_rng(rng.getrandbits(32))
    arrays = {name: generator.normal(size=(heads, queries, width)) for name in ("q", "k", "v", "z")}
    scores = arrays["q"] @ arrays["k"].swapaxes(1, 2) / width**0.5
    arrays["pattern"] = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    arrays["z"] = arrays["pattern"] @ arrays["v"]
    arrays["mask"], arrays["bias"] = np.ones((1, queries, queries), bool), np.zeros((heads, 1, 1))
    arrays["scale"], arrays["tokens"] = np.array(width**-0.5), np.array(["a", "é", "😀", "d"][:queries])
    kept = [name for name in arrays if name in "qk" or rng.random() < 0.5]
    for name in kept:
        if rng.random() < 0.1 and arrays[name].ndim:
            one = arrays[name]
            arrays[name] = rng.choice((one[:0], one.T, one[None], one.astype("U4")))
    return {rng.choice((name, name, f"L0.{name}", f"L1.{name}")): npy(rng, arrays[name]) for name in kept}


def npz(rng: Random, arrays: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, data in arrays.items():
            archive.writestr((name + rng.choice((".npy", ".npy", ".npy", ""))) or "_", data)
    return odd.damaged(rng, file.getvalue()) if rng.random() < 0.25 else file.getvalue()
