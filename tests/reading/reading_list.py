"""What the reading test shows: scenes under examples/, and films as strips of their frames."""

PICTURES = (
    "attention_head",
    "attention/01_scores",
    "attention/02_full_head",
    "attention/03_softmax",
    "attention/04_head_grid",
    "attention/05_induction",
    "attention/06_grouped_query",
    "attention/07_rotary",
    "attention/08_circuit",
    "attention/09_head_writes",
    "attention/10_masks",
    "heads/multi_head",
    "heads/minilm_layer",
    "heads/grouped_query",
    "article_trained/14_attention_head_minilm",
)
FILMS = (
    "attention_head:film",
    "attention/05_induction:film",
    "attention/03_softmax:film",
    "attention/06_grouped_query:film",
)
