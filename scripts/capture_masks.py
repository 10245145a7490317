"""Makes examples/data/masks.safetensors: what masks, biases and sinks do, in six small random models.

Nothing is trained or downloaded: the models are transformers' own, made from a seed, and their attention
means nothing but how it is masked. Layer 0 is padded, 1 has a window, 2 ALiBi, 3 a softcap, 4 a sink; 5.cross
is a decoder's attention to its encoder.
Run: python scripts/capture_masks.py [-o FILE]
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
sys.path.remove(str(Path(__file__).resolve().parent))  # matrix_cinema.py there is not the package

import torch
import transformers
from matrix_cinema.capture.record import Recording, record

ROOT = Path(__file__).resolve().parent.parent
TOKENS = "the cat sat on the mat and there it slept".split()
TARGET = "die Katze schlief auf der Matte".split()
PADDED = 3
KEPT = ("q", "k", "v", "bias", "mask")
SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "initializer_range": 0.25,
}
ONE_OF_TWO = SIZES | {"num_key_value_heads": 1, "head_dim": 16}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "examples/data/masks.safetensors")
    output = parser.parse_args().output
    torch.set_num_threads(1)  # so that the sums are taken in the same order, and the bytes are the same
    zoo = Recording()
    for layer, (name, attention, sizes) in enumerate(
        (
            ("Bert", "sdpa", SIZES),
            ("Mistral", "sdpa", ONE_OF_TWO | {"sliding_window": 4}),
            (
                "Bloom",
                "eager",
                {"vocab_size": 64, "hidden_size": 32, "n_layer": 1, "n_head": 2, "initializer_range": 0.25},
            ),
            ("Gemma2", "eager", ONE_OF_TWO | {"attn_logit_softcapping": 2.0, "query_pre_attn_scalar": 16}),
            ("GptOss", "eager", ONE_OF_TWO | {"num_local_experts": 1, "num_experts_per_tok": 1}),
        )
    ):
        zoo.layers[str(layer)] = attention_of(name, attention, sizes)
    zoo.layers["5"], zoo.layers["5.cross"] = cross_attention()
    output.parent.mkdir(parents=True, exist_ok=True)
    zoo.save(
        output,
        tokens=TOKENS,
        target_tokens=TARGET,
        text=" ".join(TOKENS),
        model={
            "name": "six models of random weights",
            "class": "Bert, Mistral, Bloom, Gemma2, GptOss, T5",
            "licence": "GPL-3.0-or-later",
            "source": "scripts/capture_masks.py",
            "trained": False,
        },
        made_by={"transformers": transformers.__version__, "script": "scripts/capture_masks.py"},
    )
    print(f"{output}: {output.stat().st_size} bytes")


def attention_of(name, attention, sizes):
    """The first layer of a model, reading the tokens, without what a figure of its mask does not need."""
    config = getattr(transformers, f"{name}Config")(**sizes)
    config._attn_implementation = attention
    torch.manual_seed(5)
    model = getattr(transformers, f"{name}Model")(config).float().eval()
    for layer in getattr(model, "layers", ()):
        if getattr(layer.self_attn, "sinks", None) is not None:
            torch.nn.init.normal_(layer.self_attn.sinks, 1.0)
    ids = torch.arange(len(TOKENS))[None] + 2
    options = {}
    if name == "Bert":
        options["attention_mask"] = torch.ones_like(ids)
        options["attention_mask"][0, -PADDED:] = 0
    with torch.no_grad(), record(model) as recording:
        model(ids, **options)
    return without_weights(recording.layers["0"])


def cross_attention():
    """A decoder's self-attention and its cross-attention, of T5."""
    config = transformers.T5Config(
        vocab_size=64, d_model=32, d_kv=16, d_ff=32, num_layers=1, num_heads=2, initializer_factor=1.5
    )
    config._attn_implementation = "eager"
    torch.manual_seed(5)
    model = transformers.T5Model(config).eval()
    ids, written = torch.arange(len(TOKENS))[None] + 2, torch.arange(len(TARGET))[None] + 30
    with torch.no_grad(), record(model) as recording:
        model(input_ids=ids, decoder_input_ids=written)
    return without_weights(recording.layers["1"]), without_weights(recording.layers["1.cross"])


def without_weights(layer):
    tensors, description = layer
    description.pop("projections_found_by", None)
    return {name: tensor for name, tensor in tensors.items() if name in KEPT}, description


if __name__ == "__main__":
    main()
