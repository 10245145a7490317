"""What the reading test shows: scenes and heads of captures under examples/, and films as strips of frames.

Each is written as the command line takes it.
"""

PICTURES = (
    "attention_head.toml",
    "attention/01_scores.toml",
    "attention/02_full_head.toml",
    "attention/03_softmax.toml",
    "attention/05_induction.toml",
    "attention/06_grouped_query.toml",
    "attention/08_circuit.toml",
    "attention/10_masks.toml",
    "heads/multi_head.toml",
    "heads/minilm_layer.toml",
    "heads/grouped_query.toml",
    "data/minilm.safetensors --layer 5 --head 4",
    "data/minilm.safetensors --layer 0 --head 5 --style paper",
    "data/masks.safetensors --layer decoder.0.cross --head 1",
    "data/induction.safetensors --layer 1 --head 3 --style studio_dark",
)
FILMS = (
    "attention_head.toml",
    "attention/05_induction.toml",
    "data/minilm.safetensors --layer 5 --head 11",
    "data/masks.safetensors --layer decoder.0.cross --head 0",
)
