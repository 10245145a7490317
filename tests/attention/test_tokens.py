"""Tokens as people write them: every vocabulary's spelling, and nothing lost where one cuts a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.attention.tokens import (
    as_labels,
    is_byte_level,
    places,
    spelled_in_bytes,
    told_apart,
    written,
)

TEXTS = (
    "the café, naïve",
    "你好 the 日本語テスト 한국어",
    "ไทยที่ नमस्ते",
    "🙂👩‍💻 ❤️",
    "Größe\tЖ\r\n\n  x",
    "\u200b\xa0\xad",
)


def letters():
    """Byte -> letter of byte-level BPE, as GPT-2's bytes_to_unicode has it."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}


def spelled(text):
    return "".join(letters()[byte] for byte in text.encode())


@pytest.mark.parametrize("text", TEXTS)
def test_byte_level_tokens_read_as_the_text_did(text):
    words = text.split(" ")
    tokens = [spelled(words[0]), *("Ġ" + spelled(word) for word in words[1:])]
    seen = {"\t": "→", "\r": "←", "\n": "↵", "\u200b": "U+200B", "\xa0": "U+00A0", "\xad": "U+00AD"}
    wanted = ["".join(seen.get(letter, letter) for letter in word) for word in words]
    assert written(tokens, True) == (wanted[0], *("·" + word for word in wanted[1:]))
    assert text.isascii() or is_byte_level(tokens) or not text.isprintable()


def test_a_character_in_several_tokens_is_at_each_with_its_part():
    assert written(["Ġä½", "ł", "å¥½"]) == ("·你(1/2)", "你(2/2)", "好")
    assert written(["ðŁ", "ĻĤ!"]) == ("🙂(1/2)", "🙂(2/2)!")
    assert written(["▁", "<0xE4>", "<0xBD>", "<0xA0>", "<0x0A>"]) == (
        "·",
        "你(1/3)",
        "你(2/3)",
        "你(3/3)",
        "↵",
    )
    # What is cut off is told by its bytes.
    assert written(["Ġthe", "Ġä½"]) == ("·the", "·<0xE4><0xBD>")
    # A sign that stands on the letter of another token has a place to stand.
    assert written(["Ġà¸Ĺ", "à¸µ"]) == ("·ท", "◌ี")
    assert written(["âĢį", "ðŁĳ©"], True) == ("U+200D", "👩")


@given(st.text(min_size=1), st.integers(1, 5))
def test_nothing_is_lost(text, size):
    """Cut anywhere, the labels have every character, and no two tokens that differ look alike."""
    data = "".join(letters()[byte] for byte in text.encode("utf-8", "ignore"))
    tokens = [data[n : n + size] for n in range(0, len(data), size)]
    labels = written(tokens, True)
    assert len(labels) == len(tokens) and all(labels)
    for letter in set(text):
        if letter.isalnum():
            assert any(letter in label for label in labels)


@pytest.mark.parametrize(
    ("tokens", "labels"),
    [
        (("[CLS]", "the", "##ing", "##", "###", "[UNK]"), ("[CLS]", "the", "-ing", "##", "###", "[UNK]")),
        (("▁the", "▁▁", "##a", "▁日", "</s>"), ("·the", "··", "##a", "·日", "</s>")),
        (("a</w>", "pho", "tos</w>", "<|endoftext|>", "b</w>"), ("a", "pho", "-tos", "<|endoftext|>", "b")),
        (("cafÃ©</w>", "ä½", "ł</w>"), ("café", "你(1/2)", "-你(2/2)")),
        (("go@@", "ing", "home"), ("go", "-ing", "home")),
        (("<｜begin▁of▁sentence｜>", "Ġhi"), ("<｜begin▁of▁sentence｜>", "·hi")),
        (("a", " b", "\n"), ("a", "·b", "↵")),
        (tuple("ä½\xa0Ã©"), ("你(1/3)", "你(2/3)", "你(3/3)", "é(1/2)", "é(2/2)")),  # ByT5
    ],
)
def test_other_vocabularies(tokens, labels):
    assert written(tokens) == labels


@pytest.mark.parametrize(
    "text", ["caf é", "Ġ o r ġ ħ", "česky", "č e š", "ağaç", "Größe über", "ółść", "Ā ē"]
)
def test_letters_that_are_letters(text):
    """Texts in the letters that byte-level BPE has for bytes."""
    assert written(text.split()) == tuple(text.split())


def test_tokens_added_to_a_byte_level_vocabulary_are_kept_as_written():
    """An added token is spelled as it is, and its letters would be no characters as bytes."""
    assert written(["Ġun", "été", "Ġà", "cafÃ©"], True)[:2] == ("·un", "été")
    assert written(["café", "Ġis", "caf", "Ã", "©"], True) == ("café", "·is", "caf", "é(1/2)", "é(2/2)")
    assert written(["Ġa", "ä", "Ġb"], True) == ("·a", "<0xE4>", "·b")
    # The last token of a text may be cut within a character.
    assert written(["Ġun", "été"], True)[1] == "été" and written(["Ġun", "café"], True)[1] == "café"
    assert written(["Ġun", "ä½"], True)[1] == "<0xE4><0xBD>"


@pytest.mark.parametrize("text", ["é", "été", "my token", "ł", "你", "a\n"])
def test_an_added_token_that_is_spelled_in_bytes_reads_as_written(text):
    seen = text.replace(" ", "·").replace("\n", "↵")
    assert written(["Ġa", spelled_in_bytes(text), "Ġb"], True) == ("·a", seen, "·b")
    assert spelled_in_bytes("<｜begin▁of▁sentence｜>") == "<｜begin▁of▁sentence｜>"


def test_tokens_that_come_again_are_told_apart_and_found():
    labels = ("[CLS]", "the", "·cat", "the", "·cat", "-s")
    assert told_apart(labels) == ("[CLS]", "the₁", "·cat₂", "the₃", "·cat₄", "-s")
    assert places("the", labels) == (1, 3) and places("the₃", labels) == (3,)
    assert places("cat", labels) == places("·cat", labels) == (2, 4)
    assert places("cat₄", labels) == (4,) and places("dog", labels) == ()


def test_a_faint_sign_alone_is_set_off_where_tokens_are_labels():
    labels = ("it", "'", "·.", "it", ".", "'", "·", "don't", "-ing", "(", "?", "", "·it", "...")
    shown = as_labels(labels)
    assert shown[:7] == ("it₀", "«'»₁", "«·.»", "it₃", "«.»", "«'»₅", "«·»")
    assert shown[7:] == ("don't", "-ing", "(", "?", "", "·it", "«...»")
    # Whatever stands at a matrix is found by what stands there, and as the token itself.
    assert places("«'»₅", labels) == places("'₅", labels) == (5,)
    assert places("«'»", labels) == places("'", labels) == (1, 5)
    assert places("«.»", labels) == places(".", labels) == (4,)
    for n, text in enumerate(shown):
        assert not text or n in places(text, labels)


def test_a_character_of_several_tokens_is_found_by_itself():
    labels = ("·日(1/2)", "日(2/2)", "·U+1F3FD(1/2)", "U+1F3FD(2/2)", "◌ี่", "↵", "·", "e\u0301", "f(1/2)")
    assert places("日", labels) == (0, 1) and places("日(2/2)", labels) == places("日₁", labels) == (1,)
    assert places("🏽", labels) == (2, 3) and places("ี่", labels) == (4,)
    assert places("\n", labels) == (5,) and places(" ", labels) == places("·", labels) == (6,)
    assert places("(1/2)", labels) == ()
