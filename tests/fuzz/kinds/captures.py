"""Captures and other safetensors files: small ones with any shapes and metadata, some damaged."""

import json
import struct
import zlib
from random import Random
from typing import Any

import numpy as np
import odd
from case import EXAMPLES, Case

AXES = {
    "q": "HQd", "k": "GKd", "v": "GKe", "z": "HQe", "pattern": "HQK", "scores": "HQK", "bias": "1QK",
    "mask": "1QK", "resid_pre": "Qm", "x": "Qm", "W_Q": "Hmd", "W_K": "Gmd", "W_V": "Gme", "W_O": "Heo",
    "b_Q": "Hd", "b_O": "o",
}  # fmt: skip
TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I32": "<i4",
    "U8": "u1",
    "I64": "<i8",
    "BOOL": "u1",
    "BF16": "<u2",
}
OTHERS = ("F8_E4M3", "F8_E5M2", "F8_E8M0", "C64", "F4", "", "f32", None, 5)
COMMANDS = (
    ["inspect", "c.safetensors"],
    ["inspect", "c.safetensors", "--layer", "0"],
    ["inspect", "c.safetensors", "--layer", "0", "--head", "1"],
    ["inspect", "c.safetensors", "--layer", "0", "--head", "0", "--with", "steps"],
    ["inspect", "c.safetensors", "--layer", "0", "--head", "1", "--with", "projections,output"],
    ["inspect", "c.safetensors", "--layer", "1", "--with", "output,residual"],
    ["capture", "--from", "c.safetensors", "-o", "new.safetensors"],
    ["inspect", "s.toml"],
)


def make(rng: Random) -> Case:
    if rng.random() < 0.1:
        return example(rng)
    tensors, described = capture(rng)
    metadata = {}
    if rng.random() < 0.9:
        if rng.random() < 0.4:
            described = odd.changed(rng, described)
        said = json.dumps(described, ensure_ascii=rng.random() < 0.5)
        said = said.replace("TOKEN", rng.choice(("\\ud800", "Ġa", "\\u0000"))) if rng.random() < 0.2 else said
        metadata = {"attn_capture": said}
    scene = {
        "expression": rng.choice(("attn = softmax(q @ k.T)", "x", "A @ A.T")),
        "capture": {"file": "c.safetensors"},
    }
    scene["capture"] |= rng.choice(
        ({}, {"layer": 1}, {"heads": "all"}, {"layers": "all", "heads": [0, 1]}, {"head": 9})
    )
    if "A" in scene["expression"]:
        scene["matrices"] = {
            "A": {"file": "c.safetensors", "tensor": rng.choice(("L0.q", "0.q", "q", "L0.nothing"))}
        }
        scene["matrices"]["A"]["index"] = rng.choice(([], [0], [1, 0], [-1]))
    files = {"c.safetensors": safetensors(rng, tensors, metadata), "s.toml": odd.toml(scene, rng).encode()}
    return Case("captures", files, list(rng.choice(COMMANDS)), composed=rng.random() < 0.15)


def example(rng: Random) -> Case:
    """A real capture, asked for what it has and has not."""
    file = f"{EXAMPLES}/data/{rng.choice(('induction', 'masks'))}.safetensors"
    command = [file if word == "c.safetensors" else word for word in rng.choice(COMMANDS[:-1])]
    command = [
        rng.choice(("0", "1", "2", "-1", "0.cross", odd.text(rng))) if word == "0" else word
        for word in command
    ]
    return Case("captures", {}, command)


def capture(rng: Random) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The tensors and the metadata of a small capture, mostly as they should be."""
    sizes = {
        "H": rng.choice((1, 2, 4)),
        "Q": rng.choice((1, 3, 4)),
        "d": 2,
        "e": rng.choice((2, 3)),
        "m": 4,
        "o": 4,
        "1": 1,
    }
    sizes |= {"G": rng.choice((1, sizes["H"])), "K": rng.choice((sizes["Q"], sizes["Q"], 5))}
    tensors, layers = {}, {}
    for layer in ("0", "1")[: rng.choice((1, 1, 2))]:
        wanted = rng.choice(
            (("q", "k", "v"), ("pattern",), ("pattern", "v"), tuple(AXES), ("q", "k", "x", "W_Q"))
        )
        for name in wanted:
            array = np.random.default_rng(rng.getrandbits(32)).normal(
                size=[sizes[axis] for axis in AXES[name]]
            )
            if name == "pattern":
                array = np.exp(array) / np.exp(array).sum(axis=-1, keepdims=True)
            tensors[f"L{layer}.{name}"] = array > 0 if name == "mask" else array
        layers[layer] = described_layer(rng, sizes)
    tokens = [rng.choice(("a", "TOKEN", "Ġb", "<s>", "", "é")) for _ in range(sizes["Q"])]
    described = {
        "format": "attn-capture",
        "version": "1.0",
        "layers": layers,
        "text": "a b",
        "model": {"name": "m"},
    }
    if rng.random() < 0.7:
        keys = [odd.text(rng) for _ in range(sizes["K"])]
        described |= {"tokens_q": tokens, "tokens_k": tokens if sizes["K"] == sizes["Q"] else keys}
    return tensors, described


def described_layer(rng: Random, sizes: dict[str, int]) -> dict[str, Any]:
    said = {"n_q_heads": sizes["H"], "n_kv_heads": sizes["G"], "head_dim": sizes["d"], "scale": 0.5}
    masks = ("none", "causal", "padding", "window", "bias", "custom")
    more = {
        "mask": {"kind": rng.choice(masks), "size": 2, "offset": rng.choice((0, 0, 1))},
        "softcap": 30.0,
        "sinks": [0.5] * sizes["H"],
        "position": {"kind": "rotary", "theta": 10000, "dims": 2, "layout": "half"},
        "kind": rng.choice(("self", "cross")),
        "heads": list(range(sizes["H"])),
        "max_abs_error": 1e-6,
        "module": "a.b",
        "name": rng.choice(("3", "decoder.0", "decoder.0.cross")),
    }
    return said | {key: item for key, item in more.items() if rng.random() < 0.3}


def safetensors(rng: Random, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """A file of these tensors, in types of any kind, some of whose header or bytes are changed."""
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, array in tensors.items():
        dtype = (
            rng.choice(("F32", "F32", "F64", "F16", "BF16"))
            if rng.random() < 0.98
            else rng.choice(list(TYPES))
        )
        dtype = "BOOL" if array.dtype == bool else dtype
        with np.errstate(all="ignore"):
            raw = np.nan_to_num(array).astype(TYPES[dtype]).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    if rng.random() < 0.1:
        header = odd.changed(rng, header)
    if rng.random() < 0.05 and tensors:
        header[rng.choice(list(tensors))] = {
            "dtype": rng.choice(OTHERS),
            "shape": [len(data)],
            "data_offsets": [0, 1],
        }
    text = json.dumps(header).encode()
    if "attn_capture" in metadata and rng.random() < 0.3:
        crc = f"{zlib.crc32(metadata['attn_capture'].encode('utf-8', 'replace')):08x}"
        text = json.dumps(header | {"__metadata__": metadata | {"attn_capture_checksum": crc}}).encode()
    length = len(text) if rng.random() < 0.97 else odd.number(rng)
    file = (
        struct.pack("<Q", int(length) % 2**64 if length == length and abs(length) < 1e300 else 0)
        + text
        + data
    )
    return odd.damaged(rng, file) if rng.random() < 0.15 else file
