"""Makes examples/data/induction.safetensors: attention of a small causal model that has learned to repeat.

A Llama-class model of two layers (rotary positions, 8 query heads that share 2 key/value heads) is trained
from a seed on random letters that come twice. To foretell the second time, it has to look for the same letter
earlier and say what followed. That is an induction head, which needs a previous-token head before it. It
takes half a minute on a CPU and downloads nothing.

The script also writes induction_circuit.npz, computed from the capture: how the output of layer 0 head 7
reaches the keys of layer 1 head 2.

    python scripts/train_induction.py [-o FILE] [--circuit]

With --circuit it writes only that NPZ, for a capture that is there.
"""

import argparse
import os
import string
import sys
import time
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
sys.path.remove(str(Path(__file__).resolve().parent))  # matrix_cinema.py there is not the package

import numpy as np
import torch
import transformers
from matrix_cinema.attention.rotary import rotate
from matrix_cinema.capture.record import record
from matrix_cinema.formats.capture_file import open_capture

ROOT = Path(__file__).resolve().parent.parent
LETTERS = string.ascii_letters
BEGIN = len(LETTERS)  # the token before the first letter, <s>
WORD = "Matrix"  # what the trained model reads twice
SEED, STEPS, BATCH = 7, 4000, 64
LEARNED = 0.01  # the loss in nats at which training ends


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "examples/data/induction.safetensors")
    parser.add_argument("--circuit", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    output = options.output
    if options.circuit:
        return save_circuit(output)
    torch.set_num_threads(1)  # the sums in the same order each time, and no slower for a model so small
    torch.manual_seed(SEED)
    model = make_model()
    loss = train(model)
    if loss > LEARNED:
        sys.exit(f"train_induction: has not learned, the loss is still {loss:.3f}")
    capture(model, output)
    save_circuit(output)
    print(f"{output}: {output.stat().st_size} bytes")


def make_model():
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=len(LETTERS) + 1,
            hidden_size=128,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=8,
            num_key_value_heads=2,
            max_position_embeddings=64,
            bos_token_id=BEGIN,
            eos_token_id=None,
            pad_token_id=None,
        )
    )


def train(model):
    """Train until the mean of the last losses is LEARNED, and return it."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    pace = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / 100, 1.0) * max(1 - step / STEPS, 0.05)
    )
    begun, mean = time.monotonic(), 4.0
    for step in range(STEPS):
        tokens, count = twice(BATCH)
        logits = model(tokens, use_cache=False).logits
        # The first letter of the second time cannot be foretold, so only the letters after it count.
        told, right = logits[:, count + 1 : -1], tokens[:, count + 2 :]
        loss = torch.nn.functional.cross_entropy(told.flatten(0, 1), right.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        pace.step()
        mean = 0.95 * mean + 0.05 * loss.item()
        if step % 200 == 0:
            print(f"step {step}: loss {mean:.3f}, {time.monotonic() - begun:.0f} s", flush=True)
        if mean <= LEARNED:
            break
    return mean


def twice(batch):
    """([batch, 1 + 2 count] tokens, count): a start, then `count` different letters two times."""
    count = int(torch.randint(5, 13, ()))
    letters = torch.stack([torch.randperm(len(LETTERS))[:count] for _ in range(batch)])
    return torch.cat([torch.full((batch, 1), BEGIN), letters, letters], 1), count


def capture(model, output):
    """Record the trained model on WORD, twice, and write the file."""
    ids = [BEGIN, *(LETTERS.index(letter) for letter in WORD * 2)]
    with torch.no_grad(), record(model.eval()) as recording:
        logits = model(torch.tensor([ids]), use_cache=False).logits[0]
    said = "".join((LETTERS + "?")[n] for n in logits[len(WORD) + 1 : -1].argmax(-1))
    print(f"after {WORD}{WORD[0]} it says {said}")
    recording.save(
        output,
        tokens=["<s>", *WORD * 2],
        token_ids=ids,
        text=WORD * 2,
        model={
            "name": "a model that repeats letters",
            "class": type(model).__name__,
            "licence": "GPL-3.0-or-later",
            "source": "scripts/train_induction.py",
            "trained": True,
        },
        made_by={"transformers": transformers.__version__, "script": "scripts/train_induction.py"},
    )


def save_circuit(path, writer=7, reader=2):
    """Writes how the head `writer` of layer 0 reaches the keys of the head `reader` of layer 1, by the
    capture.

    `OV` [tokens, key dimension] is what the writer writes of each token, as the reader's keys read it: V @
    W_O @ W_K. It is scaled as the norm between the two layers scales the columns of the residual stream.
    `norm` [tokens, 1] is the factor of that norm for each token. `others` [tokens, key dimension] is what
    all else writes into the keys: the keys without what the writer writes, both rotated.
    """
    capture = open_capture(path)
    stream, x = capture.tensor(1, "resid_pre"), capture.tensor(1, "x")
    norm = 1 / np.sqrt((stream**2).mean(axis=1, keepdims=True) + 1e-6)
    gain = (x * stream * norm).sum(axis=0) / ((stream * norm) ** 2).sum(axis=0)
    keys = (gain[:, None] * capture.tensor(1, "W_K", reader)).astype(np.float32)
    norm = norm.astype(np.float32)
    error = np.abs((stream @ keys) * norm - capture.tensor(1, "k_pre", reader)).max()
    seen = capture.tensor(0, "v", writer) @ capture.tensor(0, "W_O", writer) @ keys
    wrote = rotate(capture.tensor(0, "pattern", writer) @ seen * norm, 10000.0, seen.shape[1], 0, "half")
    others = (capture.tensor(1, "k", reader) - wrote).astype(np.float32)
    np.savez(path.with_name("induction_circuit.npz"), OV=seen, norm=norm, others=others)
    print(f"the stream's keys miss those of layer 1 by {error:.1e}")


if __name__ == "__main__":
    main()
