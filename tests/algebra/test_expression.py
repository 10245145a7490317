"""The expression language: what it reads, what it refuses, and where it points."""

import random
import time

import pytest
from matrix_cinema.algebra.epilogue import MM_EPILOGUES, with_epilogue, with_epilogues
from matrix_cinema.algebra.evaluate import evaluate, shapes
from matrix_cinema.algebra.expression import Binary, Call, Name, Named, Number, Transpose, parse, text_of
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.errors import InputError
from matrix_cinema.kinds.stage import leaf_names


def name(text):
    return Name(None, text)


def refused(text):
    """The message with which a text is refused, all the way to its stages."""
    with pytest.raises(InputError) as error:
        stage(parse(text))
    message = str(error.value)
    assert "\n" not in message
    return message


def test_attention_reads_as_in_numpy():
    scores = Binary(None, "/", Binary(None, "@", name("Q"), Transpose(None, name("K"))),
                    Call(None, "sqrt", (Number(None, 32),)))  # fmt: skip
    attention = Named(None, "attn", Call(None, "softmax", (scores,)))
    expected = Named(None, "out", Binary(None, "@", attention, name("V")))
    assert parse("out = (attn = softmax(Q @ K.T / sqrt(32))) @ V") == expected


def test_a_result_is_named_wherever_it_stands():
    plain = parse("out = (attn = Q @ K_t) @ V")
    assert parse(" out\n=( attn=Q@K_t )@V ") == plain
    assert parse("(out := ((attn = Q @ K_t)) @ V)") == plain
    assert parse("relu((h = A @ B))") == parse("relu(h := A @ B)")


def test_any_name_stands_in_quotes():
    odd = "layer.0-W!#$%^&/[1]"
    assert parse(f"`{odd}` @ B") == parse(f"'{odd}' @ B") == parse(f'"{odd}" @ B')
    assert leaf_names(stage(parse(f"x = `{odd}` @ B"))) == (odd, "B")
    assert parse("lambda @ in") == parse("`lambda` @ `in`")  # no word is reserved
    assert leaf_names(stage(parse("α @ ﬁ"))) == ("α", "ﬁ")  # and none is respelled


@pytest.mark.parametrize(
    "text",
    [
        "A @ (B @ C)", "A - (B - C) / 2", "(A @ B).T[0:4, :]", "-(A + B)**2", "(-A)**2 * 0.5",
        "softmax(A @ B / sqrt(k), axis=0, mask=causal)", "concat(A, relu(B), axis=0)[1:-1, :3]",
        "`a.b` @ `k` * k", "2 - A * 1e-05", "window(A, 3) + triu(B, -1)",
    ],
)  # fmt: skip
def test_the_canonical_text_reads_back_to_the_same_tree(text):
    tree = parse(text)
    assert parse(text_of(tree)) == tree
    assert len(text_of(tree)) <= len(text) + 2  # "[:3]" is written with both axes


@pytest.mark.parametrize(
    ("text", "character", "says"),
    [
        ("Q @@ K", 4, 'expected a name, a number or "(", found "@"'),
        ("out = Q K", 9, 'expected an operator before "K"'),
        ("out = (Q @ K", 7, 'expected ")" before the end'),
        ("Q @ K) @ V", 6, "closes nothing"),
        ("Q @ K +", 8, "found the end"),
        ("W.1 @ x", 2, "backquotes"),
        ("W#1 @ x", 2, "`W#1`"),
        ("a = b = c", 7, "a name is given at the start"),
        ("(A @ b = c)", 8, "a name is given at the start"),
        ("sofmax(Q)", 1, 'did you mean "softmax"'),
        ("softmax(Q, axs=0)", 12, 'did you mean "axis"'),
        ("softmax(Q, axis=2)", 17, "expected axis=-1"),
        ("softmax(Q, mask=casual)", 17, "expected causal, window(n) or padded(n)"),
        ("softmax(Q, mask=window(0))", 24, "expected a whole number from 1"),
        ("relu(Q, K)", 1, "takes 1 argument, found 2"),
        ("relu()", 1, "takes 1 argument, found 0"),
        ("concat(Q)", 1, "takes 2 to 64 arguments, found 1"),
        ("Q[0:4, 1:2, 3]", 1, "expected [rows, columns]"),
        ("Q[::2]", 1, "start:stop"),
        ("Q[0:A]", 1, "expected whole numbers"),
        ("A @ `B", 5, "not closed"),
        ("A @ 3", 5, "3 is a number; expected a matrix"),
        ("A ** B", 6, "expected a number up to 8"),
        ("A ? B", 3, 'unexpected "?"'),
        ("A × B", 3, "write @"),
        ("A^T @ B", 2, "write .T or ** 2"),
        ("A < B", 1, "not part of the language"),
        ("3 + sqrt(4)", 1, "this is a number"),
        ("A, B", 2, 'found ","'),
    ],
)
def test_errors_point_at_the_character(text, character, says):
    message = refused(text)
    assert f"character {character} " in message and says in message
    assert f"»{text[character - 1 : character + 4]}" in message


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "A.__class__", "A.T.dtype", "open('x')", "A.sum()", "f(A)",
        "(f)(A)", "lambda: A", "lambda x: x", "[A for A in B]", "{A: B}", "{A}", "[A]", "(A, B)",
        "A if B else C", "A and B", "not A", "~A", "await A", "yield A", "f'{A}'",
        "A; = B", ";", "relu(A; B)",
        "'a' 'b'", "b'a' @ A", "A[B]", "A[1.5]", "A := B := C", "*A", "relu(*A)", "relu(**A)",
        "relu(x=A)", "softmax(A, axis=-1, axis=-1)", "A ** 9", "A ** 1e9", "A ** -9", "A ** (2 ** 8)",
        "9 ** 8 ** 8", "A * 1e13", "A * 1e999", "A * 1" + "0" * 3000, "A * 0x10", "A * 1_0", "A * 1j",
        "A * 007", "A == B", "A // B", "A % B", "A | B", "A -> B", "...", "A[...]",
        "(" * 41 + "A" + ")" * 41, "-" * 900 + "A", "A" + " @ A" * 100, "A" + ".T" * 100, "A" * 121,
        "A" * 5000, "A " * 1500, "", " \n ", "``", "`\n`", "\x00", "A\u2028B", "\ud800", None, 3,
    ],
)  # fmt: skip
def test_what_is_not_the_language_is_refused(text):
    refused(text)


@pytest.mark.parametrize("depth", [10, 40])
def test_nesting_has_a_limit_that_is_out_of_the_way(depth):
    assert leaf_names(stage(parse("(" * depth + "A" + ")" * depth))) == ("A",)
    assert refused("relu(" * 41 + "A" + ")" * 41).endswith("the most is 40 brackets")


def test_a_hundred_thousand_random_strings_neither_hang_nor_crash():
    draw = random.Random(7)
    pieces = [
        "A", "B", "k", "out", "x1", "2", "0.5", "1e3", "(", ")", "(", ")", "[", "]", " @ ", " + ", " - ",
        " * ", " / ", "**", ".T", ".", "=", " = ", ":=", ":", ",", "softmax(", "relu(", "sqrt(",
        "concat(", "tril(", "axis=", "mask=", "causal", "window(2)", "`a.b`", "'", '"', "`", "lambda ",
        " if ", " for ", "{", "}", "\\", "#", "\n", "\t", "%", "<", "==", "é", "😀", "\x00", "\ud800",
        "_", "__class__", "99999999999999", "[0:2]", "[:, 1]", "-1", "~", "!",
    ]  # fmt: skip
    characters = "AB@()[]=.,:*/+-T k'`\"0123456789\n" + "".join(map(chr, range(1, 200)))
    start, good = time.monotonic(), 0
    for n in range(100_000):
        length = draw.randrange(1, 14)
        text = "".join(draw.choices(pieces if n % 4 else characters, k=length))
        try:
            root = stage(parse(text))
            text_of(parse(text))
            shapes(root, {leaf: (3, 3) for leaf in leaf_names(root)})
            good += 1
        except InputError as error:
            assert len(str(error).splitlines()) == 1, text
    assert good > 500  # the strings reach the language's inside
    assert time.monotonic() - start < 120


def test_the_longest_texts_are_quick():
    start = time.monotonic()
    long = ["A+" * 1999 + "A", "(" * 4000, "A[" * 2000, "." * 4000, "`" * 3999, "1" * 4000, "A(" * 2000]
    for text in [*long, "-" * 999]:
        refused(text)
    assert time.monotonic() - start < 2


def test_mm_epilogues_have_the_expressions_of_their_names():
    assert len(MM_EPILOGUES) == 14
    body = parse("Q @ K")
    written = {epilogue: text_of(with_epilogue(epilogue, body)) for epilogue in MM_EPILOGUES}
    assert written["none"] == "Q @ K"
    assert written["layernorm"] == "layernorm_all(Q @ K)"
    assert written["softmax(tril(x/sqrt(k)))"] == "softmax(tril(Q @ K / sqrt(k)))"
    assert written["x/k"] == "Q @ K / k"
    assert written["x**2"] == "(Q @ K)**2"
    for text in written.values():
        assert stage(parse(text)).text == text
    with pytest.raises(InputError, match='unknown epilogue "gelo"; did you mean "gelu"'):
        with_epilogue("gelo", body)


def test_a_single_letter_is_an_expression():
    root = stage(parse("A"))
    assert evaluate(root, {"A": [[1.0, 2.0]]})[root].final.tolist() == [[1.0, 2.0]]
    assert stage(parse("k")).name == "k"


def test_epilogues_go_onto_the_matrices_that_the_expression_names():
    node = parse("out = (attn = Q @ K) @ V")
    finished = with_epilogues(node, {"attn": "softmax(x/sqrt(k))", "out": "relu"})
    assert finished == parse("out = relu((attn = softmax(Q @ K / sqrt(k))) @ V)")
    assert with_epilogues(node, {}) == node
    with pytest.raises(InputError, match='names no result "scores"'):
        with_epilogues(node, {"scores": "relu"})
