"""What recording costs a model, in a process of its own: prints it as JSON.

    python benchmarks/measure_capture.py IMPLEMENTATION LAYERS TOKENS [PAIRS] [WIDTH]

IMPLEMENTATION is sdpa or eager, LAYERS how many of twelve are recorded (0: none, for the memory of the
model alone), TOKENS how many are read. The model is BERT-base with random weights, or one of another WIDTH
than its 768. Seconds are of the processor, with one thread. In each of PAIRS one run is recorded and one not,
by turns, after a first pair that does not count; the medians are printed. With 0 pairs only memory is
measured. `memory` is the peak of the process in bytes. `kept` is what the recording holds of a layer, without
its weights.
"""

import json
import resource
import statistics
import sys
import time
import warnings

import torch
import transformers
from matrix_cinema.capture.record import record

SIZES = {
    "vocab_size": 1000,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "max_position_embeddings": 4096,
}


def main(
    implementation: str, layers: str, tokens: str, pairs: str = "3", width: str = "768"
) -> dict[str, float]:
    """Seconds without and with recording, peak memory, and bytes kept."""
    torch.set_num_threads(1)
    config = transformers.BertConfig(**SIZES, hidden_size=int(width), intermediate_size=4 * int(width))
    config._attn_implementation = implementation
    model = transformers.BertModel(config).eval()
    ids = torch.arange(int(tokens))[None] % SIZES["vocab_size"]
    # Layers from the middle on, so that one of them is neither the first nor the last.
    chosen = [(6 + n) % 12 for n in range(int(layers))]
    times: dict[str, list[float]] = {"alone": [], "recorded": []}
    kept = 0
    with torch.no_grad():
        for n in range(int(pairs) + 1):
            for how in ("alone", "recorded")[: 1 if not chosen else 2][:: 1 if n % 2 else -1]:
                start = time.process_time()
                if how == "alone":
                    model(ids)
                else:
                    with record(model, layers=chosen) as recording:
                        model(ids)
                    arrays, _ = next(iter(recording.layers.values()))
                    kept = sum(one.nbytes for name, one in arrays.items() if name[:2] not in ("W_", "b_"))
                    del recording, arrays
                if n:  # the first pair loads what both share
                    times[how].append(time.process_time() - start)
    found = {how: statistics.median(each) for how, each in times.items() if each}
    return found | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "kept": kept}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(main(*sys.argv[1:])))
