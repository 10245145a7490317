"""Tokens of a vocabulary as people write them."""


def tidy_tokens(tokens):
    """Tokens as people write them: a leading space shows as "·", a continued word as "-ing".

    Knows the marks of byte-level BPE (Ġ, Ċ), SentencePiece (▁) and WordPiece (##).
    """
    marks = {"Ġ": "·", "▁": "·", "Ċ": "↵", "ĉ": "→", "\n": "↵", "\t": "→", " ": "·"}
    tidy = []
    for token in tokens:
        if token.startswith("##") and len(token) > 2:
            token = "-" + token[2:]
        tidy.append("".join(marks.get(letter, letter) for letter in token))
    return tuple(tidy)
