"""Tokens of a vocabulary as people write them, told apart, and found again.

Each kind of vocabulary spells its tokens in its own way. Byte-level BPE has a letter for each of the 256
bytes (Radford et al. 2019; `Ġthe`, `cafÃ©`). SentencePiece marks a space (`▁the`) and spells lone bytes
(`<0xE4>`). WordPiece marks a token that continues a word (`##ing`). Other BPE marks one that ends a word
(`ing</w>`) or does not (`go@@`). Captures hold these spellings; what people see comes from `written`.
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

# [CLS], [SEP], <s>, </s>, <|endoftext|>; not <0x0A>, which is a byte, nor [UNK]: these stand for text.
_SPECIAL = re.compile(r"\[(?!UNK\])[A-Z]+\d*\]|<(?!0x|unk>)[^<>\s]+>")
_BYTE = re.compile(rb"<0x([0-9A-F]{2})>")
LINE_SIGNS = {"\n": "↵", "\r": "←", "\t": "→"}  # written for line breaks and tabs, so that they are seen
_BLANKS = {" ": "·", **LINE_SIGNS}
# Characters that shape or tint the letter before them: joiners, and tones of skin.
JOINERS = "\u200c\u200d\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
# Signs of so little ink that one of them alone is overlooked, of all scripts.
_FAINT = frozenset(".,:;'`\"’‘‚“”„‹›´¨^~¯-‐–—_·•…、。，．：；・")
_PART = re.compile(r"\([1-4]/[1-4]\)$")  # of a label
NO_BASE = "◌"  # stands under an accent whose letter is in another token
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_NO_CHARACTER = re.compile("<0x[89A-F][0-9A-F]>")
END, GOES_ON = "</w>", "@@"


def is_special(token: str) -> bool:
    """Whether a token stands for no text, such as [CLS] and </s>."""
    return _SPECIAL.fullmatch(token) is not None


def written(tokens: Sequence[str], byte_level: bool | None = None) -> tuple[str, ...]:
    """The tokens of one text as people write them, one label for each.

    A space is written "·", a line break "↵", a tab "→", a token that continues a word "-ing". A character
    whose bytes several tokens share is written at each of them, with its part: "你(1/2)", "你(2/2)". A byte
    that is no character is "<0xE4>"; a character that cannot be seen is its number, "U+200B". `byte_level`
    says whether the vocabulary spells bytes; None lets `is_byte_level` find out.
    """
    if byte_level is None:
        byte_level = is_byte_level(tokens)
    tokens, continues = _without_word_marks(tokens, byte_level)
    parts = [_bytes_of(token, byte_level) for token in tokens]
    texts = _decoded(parts)
    last = len(tokens) - 1
    added = {n for n, token in enumerate(tokens) if byte_level and _is_added(token, texts[n], n == last)}
    if added:
        texts = _decoded([tokens[n].encode() if n in added else part for n, part in enumerate(parts)])
    texts = [_visible(text) for text in texts]
    return tuple(
        token if is_special(token) else "-" * more + text
        for token, text, more in zip(tokens, texts, continues, strict=True)
    )


def is_byte_level(tokens: Iterable[str]) -> bool:
    """Whether tokens are spelled in the letters that byte-level BPE has for bytes.

    What the tokens would say as bytes is counted. Characters of several bytes, spaces at the start of a token
    and lone line breaks count for it. Bytes that are no character, control characters and letters that stand
    for no byte count against it.
    """
    score, run = 0, bytearray()
    for token in tokens:
        token = token.removesuffix(END)
        if is_special(token):
            continue
        spelled = _spelled(token)
        if spelled is None:
            score -= sum(letter > "\xff" for letter in token)
            continue
        score += token.startswith("Ġ") or token.strip("ĉč") == "Ċ"
        run += spelled
    return score + _sense_of(run) > 0


def told_apart(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels. One that occurs more than once has its place, from 0, as a subscript: "the₁" and "the₇"."""
    count = Counter(labels)
    return tuple(
        label + str(n).translate(_SUBSCRIPTS) if count[label] > 1 else label for n, label in enumerate(labels)
    )


def as_labels(tokens: Sequence[str]) -> tuple[str, ...]:
    """The tokens as they stand beside a matrix: told apart, and a faint sign alone, such as "." and "'", in
    quotation marks, "«.»", so that it is seen. Text that puts tokens in quotation marks uses `told_apart`."""
    return told_apart([_set_off(token) for token in tokens])


def places(text: str, labels: Sequence[str]) -> tuple[int, ...]:
    """The places in `labels` of the tokens that a person calls `text`; () if there are none. A person may
    write a label as it is, as told apart ("the₇"), as it stands beside a matrix ("«.»₁₄"), and without its
    mark of a space; or what a token stands for: " ", a line break, and a character of several tokens."""
    bare = tuple(label.strip("·") or label for label in labels)
    whole = tuple(_PART.sub("", label) for label in bare)
    for shown in (labels, bare, whole):
        set_off = tuple(map(_set_off, shown))
        for known in (shown, told_apart(shown), set_off, told_apart(set_off)):
            for asked in dict.fromkeys((text, _visible(text))):
                if asked in known:
                    return tuple(n for n, label in enumerate(known) if label == asked)
    return ()


def unjoined(text: str) -> str:
    """The text without joiners between pictures, as in an emoji. Joiners between letters stay."""
    return re.sub(f"(?<=[^\\w\u0900-\u0dff])[{JOINERS}]", "", text)


def _set_off(token: str) -> str:
    """A token of nothing but faint signs in quotation marks; any other as it is."""
    return f"«{token}»" if token and _FAINT.issuperset(token) else token


def spelled_in_bytes(text: str) -> str:
    """A text in the letters that byte-level BPE has for its bytes; [CLS] and the like stay as they are."""
    letters = {byte: letter for letter, byte in _alphabet().items()}
    return text if is_special(text) else "".join(letters[byte] for byte in text.encode("utf-8", "replace"))


@cache
def _alphabet() -> dict[str, int]:
    """Letter -> byte of byte-level BPE: printable bytes as in Latin-1, the others from U+0100 on.

    The others are there as in Latin-1 too: ByT5 spells them so, and added tokens spell their spaces so.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in range(0x100)} | {chr(0x100 + n): b for n, b in enumerate(others)}


def _spelled(token: str) -> bytes | None:
    """The bytes that a token spells in the letters of byte-level BPE, or None where it has other letters."""
    alphabet = _alphabet()
    return (
        bytes(alphabet[letter] for letter in token) if all(letter in alphabet for letter in token) else None
    )


def _sense_of(run: bytes) -> int:
    """How much sense bytes make as text: the number of characters of several bytes, less twice the number of
    control characters and of bytes that are no character. The bytes may begin and end within a character.
    """
    run = re.sub(rb"^[\x80-\xbf]{1,3}", b"", run)
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(run)
    controls = sum(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\n\r" for letter in text)
    return sum(letter > "\x7f" for letter in text) - 2 * controls


def _without_word_marks(tokens: Sequence[str], byte_level: bool) -> tuple[list[str], list[bool]]:
    """(tokens without their marks of words, whether each continues a word)."""
    marked = next(
        (mark for mark in (END, GOES_ON) if _has(tokens, mark) and not (byte_level and mark != END)), ""
    )
    spaced = byte_level or any("▁" in token for token in tokens if not is_special(token))
    plain, continues, going_on = [], [], False
    for token in tokens:
        if is_special(token):
            more, going_on = False, False
        elif marked:
            more, ends = going_on, token.endswith(marked)
            token = token[: -len(marked)] if ends and token != marked else token
            going_on = ends != (marked == END)
        else:
            more = not spaced and token.startswith("##") and len(token) > 2 and token[2] != "#"
            token = token[2:] if more else token
        plain.append(token)
        continues.append(more)
    return plain, continues


def _has(tokens: Sequence[str], mark: str) -> bool:
    return any(token.endswith(mark) and token != mark for token in tokens)


def _bytes_of(token: str, byte_level: bool) -> bytes:
    """The UTF-8 bytes of what a token stands for."""
    if is_special(token):
        return token.encode()
    if byte_level:
        spelled = _spelled(token)
        return token.encode("utf-8", "surrogatepass") if spelled is None else spelled
    text = token.replace("▁", " ").encode("utf-8", "surrogatepass")
    return _BYTE.sub(lambda match: bytes([int(match[1], 16)]), text)


def _is_added(token: str, text: str, last: bool) -> bool:
    """Whether a token was added to a byte-level vocabulary as it is, such as "été", which would be no
    characters as bytes: the `text`. The `last` token may end within a character; then letters tell, since no
    token of bytes has both letters and a part of a character."""
    if len(token) < 2 or max(token) > "\xff" or not _NO_CHARACTER.search(text):
        return False
    return not last or token[0].isascii() or not _may_be_cut(token.encode("latin-1"))


def _may_be_cut(data: bytes) -> bool:
    """Whether bytes are UTF-8 of which only the end is missing, perhaps from within a character on."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(re.sub(rb"^[\x80-\xbf]{1,3}", b"", data))
    except UnicodeDecodeError:
        return False
    return True


def _decoded(parts: Sequence[bytes]) -> list[str]:
    """The texts of parts of UTF-8 that follow each other. A character that several parts share is in each of
    their texts, with its number of parts."""
    data = b"".join(parts)
    part_of_byte = [n for n, part in enumerate(parts) for _ in part]
    texts, start = [""] * len(parts), 0
    while start < len(data):
        letter, length = _character(data, start)
        sharing = list(dict.fromkeys(part_of_byte[start : start + length]))
        for number, part in enumerate(sharing, 1):
            texts[part] += letter if len(sharing) == 1 else f"{_visible(letter)}({number}/{len(sharing)})"
        start += length
    return texts


def _character(data: bytes, start: int) -> tuple[str, int]:
    """(the character that begins at the byte `start`, its number of bytes). A byte that is no character is
    "<0xE4>"."""
    for length in range(1, 5):
        try:
            return data[start : start + length].decode("utf-8"), length
        except UnicodeDecodeError:
            continue
    return f"<0x{data[start]:02X}>", 1


def _visible(text: str) -> str:
    """A text with every character written so that it can be seen."""
    shown = ""
    for n, letter in enumerate(text):
        category = unicodedata.category(letter)
        if letter in _BLANKS:
            shown += _BLANKS[letter]
        elif letter in JOINERS and 0 < n and not text[n - 1].isspace():
            shown += letter
        elif category[0] in "CZ" or letter in JOINERS:
            shown += f"U+{ord(letter):04X}"
        elif category[0] == "M" and (n == 0 or text[n - 1].isspace()):
            shown += NO_BASE + letter
        else:
            shown += letter
    return shown
