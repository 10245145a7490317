"""Tables in text files: read as they were written by any program, or refused by name, never read wrongly."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.errors import InputError
from matrix_cinema.formats.text_tables import SAMPLE, read_text_table


@pytest.fixture
def read(tmp_path):
    def read(text, **said):
        (tmp_path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_text_table(tmp_path / "t.csv", **said)

    return read


A = ((0.5, -1.0), (2.25, 3.0))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0.5,-1\n2.25,3\n",
            "0.5;-1\n2.25;3",
            "0.5\t-1\r\n2.25\t3\r\n",
            "0.5|-1\n2.25|3\n",
            "0.5 -1\n2.25 3\n",
        ),
        *("  0.5   -1\n 2.25\t 3 \n", "0.5, -1\n2.25, 3\n", "0.5,-1,\n2.25,3,\n", "\n0.5,-1\n\n2.25,3\n\n"),
        *("0,5;-1\n2,25;3\n", "0,5\t-1\n2,25\t3\n", "0,5 -1\n2,25 3\n", '"0,5","-1"\n"2,25","3"\n'),
        *("0,5;-1,0;\n2,25;3,0;\n", "0,5|-1\n2,25|3", "5e-1,-1E0\n.225e1,3.\n", "0.5,−1\n2.25,3\n"),
        *("# 0.5 3\n0.5 -1\n2.25 3\n", "# a heading\n# another one\n0.5,-1\n2.25,3\n", "+0.5,-1\n2.25,+3"),
        "0.5,-1\n2.25,3\n".encode("utf-16"),
        "\ufeff0.5,-1\n2.25,3\n",
    ],
)
def test_numbers_alone(read, text):
    table = read(text)
    np.testing.assert_array_equal(table.values, A)
    assert (table.row_labels, table.column_labels) == ((), ())


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("a,b\n0.5,-1\n2.25,3\n", "", "ab"),
        ("a;b\n0,5;-1\n2,25;3\n", "", "ab"),
        ("a b\n0.5 -1\n2.25 3\n", "", "ab"),
        ("# a,b\n0.5,-1\n2.25,3\n", "", "ab"),  # as NumPy writes a heading
        ("x,0.5,-1\ny,2.25,3\n", "xy", ""),
        ("x 0.5 -1\ny 2.25 3\n", "xy", ""),
        (",a,b\nx,0.5,-1\ny,2.25,3\n", "xy", "ab"),
        ("name,a,b\nx,0.5,-1\ny,2.25,3\n", "xy", "ab"),
        ("a,b\nx,0.5,-1\ny,2.25,3\n", "xy", "ab"),  # R leaves the corner out
        (",0,1\n0,0.5,-1\n1,2.25,3\n", "", ""),  # pandas counts what has no names
        (",a,b\n0,0.5,-1\n1,2.25,3\n", "", "ab"),
        (",5,7\n3,0.5,-1\n4,2.25,3\n", "34", "57"),
        ('"","[CLS]",","\n"it","0,5","-1"\n"""","2,25","3"\n', ("it", '"'), ("[CLS]", ",")),
        ("a\tb\r\n0,5\t-1\r\n2,25\t3\r\n", "", "ab"),
        ("a,b,\n0.5,-1,\n2.25,3,\n", "", "ab"),
    ],
)
def test_names_of_rows_and_columns(read, text, rows, columns):
    table = read(text)
    np.testing.assert_array_equal(table.values, A)
    assert (table.row_labels, table.column_labels) == (tuple(rows), tuple(columns))


def test_tokens_that_are_numbers_may_be_names(read):
    tokens = ("[CLS]", "5", "+", "7", "=", "12")
    lines = [["", *tokens], *([token, *[0.5] * 6] for token in tokens)]
    text = "\n".join(",".join(map(str, line)) for line in lines)
    table = read(text)
    assert table.row_labels == table.column_labels == tokens and table.values.shape == (6, 6)
    assert read(text.removeprefix(",")).row_labels == tokens  # without a corner


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0,5\n1,05\n-2,25\n", [[0.5], [1.05], [-2.25]]),  # 05 is no whole number
        ("-0,5\n1,5\n", [[-0.5], [1.5]]),
        ("v\n0,5\n1,5\n", [[0.5], [1.5]]),  # one name, one column
        ("v,w\n0,5\n1,5\n", [[0, 5], [1, 5]]),
        ("0, 5\n1, 5\n", [[0, 5], [1, 5]]),
        ("0,-5\n1,5\n", [[0, -5], [1, 5]]),
        ("0,5,1\n1,5,2\n", [[0, 5, 1], [1, 5, 2]]),
        ("1234,5;6\n1,5;7\n", [[1234.5, 6], [1.5, 7]]),
        ("0,125;1,250\n", [[0.125, 1.25]]),
        ("1\n2.5\n", [[1], [2.5]]),
        ("x, 1.5\ny, 2\n", [[1.5], [2]]),
        ("New York,1.5\nRome,2\n", [[1.5], [2]]),
        ("x 1,5\nNew 2\n", [[1.5], [2]]),
        ("7", [[7]]),
        ("name\n7", [[7]]),
        ("1,2,3", [[1, 2, 3]]),
        ("0,1,2\n3,4,5\n", [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_where_the_file_tells_it_is_read(read, text, values):
    np.testing.assert_array_equal(read(text).values, values)


@pytest.mark.parametrize(
    ("text", "said", "message"),
    [
        ("0,5\n1,5\n2,25\n", {}, 'separate whole numbers or be decimal marks; say decimal = "."'),
        ("1,2\n3,4\n", {}, "separate whole numbers or be decimal marks"),
        ("x,1,5\ny,2,5\n", {}, "separate whole numbers or be decimal marks"),
        ("0,5\n1\n", {}, "line 1 has 2 fields, a later one 1|be decimal marks"),
        ("1,234;2\n5,678;3\n", {}, "as in 1,234, may be decimal marks or thousands separators"),
        ("1.5;2,5\n", {}, "line 1, field 1 has a decimal point, line 1, field 2 a comma"),
        ("1.234,5;2\n", {}, "line 1, field 1 is a number with thousands separators"),
        ("x 1,5\ny 2,25\n", {}, "by commas or by blanks"),
        ("1;2\n1;x\n", {}, "line 2, field 2 is text, not a number"),
        ("1;2\n3;\n", {}, "line 2, field 2 is empty; every field needs a number"),
        ("1;2\n;4\n", {}, "line 2, field 1 is empty"),
        ("1;2\nx;4\n", {}, "the first column has numbers and text"),
        ("1;2 3\n4;5 6\n", {}, "is text, not a number"),
        ("a,b\n1\n2\n", {}, "line 1 has 2 fields, a later one 1"),
        ("0.1,N/A,0.3\n0.4,0.5,0.6\n", {}, "the first line has numbers and text"),
        ("1.5,2.5\nx,3.5\ny,4.5\n3.5,1.5", {}, "the first column has numbers and text"),
        ("a,b\n1,2,3\n", {"names": "columns"}, 'its first line has 2 names, a later one 3 fields; .* "both"'),
        ("0,1,2\n0.1,0.2,0.3\n", {}, 'the first line counts, .* say names = "columns", names = "both"'),
        ("0,0.5\n1,0.7\n2,0.9\n", {}, 'the first column counts, .* say names = "rows"'),
        ("1;2\n3\n", {}, "line 2 has 1 fields|a later one"),
        ("1;2\n3;4;5\n6;7\n", {}, "line 2 has 3 fields, others have 2"),
        ("a,b\n", {}, "text, not a number|no numbers"),
        ("", {}, "has no numbers"),
        (" \n\n", {}, "has no numbers"),
        ("x\n1\ny\n", {}, "line 3, field 1 is text"),
        ("1_0\n", {}, "no numbers|is text"),
        ("1,5;2,5\n", {"decimal": "."}, "a number with another decimal mark"),
        ("1.5;2.5\n", {"decimal": ","}, "a number with another decimal mark"),
        ("x;1\ny;2\n", {"names": "none"}, "line 1, field 1 is text"),
        (b"\xff\xfe\x00", {}, "not a text file"),
        (b"1;\xe4\n", {}, "not a text file"),
    ],
)
def test_what_is_open_or_no_table_is_refused(read, text, said, message):
    with pytest.raises(InputError, match=f"t.csv: .*({message})"):
        read(text, **said)


@pytest.mark.parametrize(
    ("text", "said", "values"),
    [
        ("0,5\n1,5\n", {"decimal": ","}, [[0.5], [1.5]]),
        ("0,5\n1,5\n", {"decimal": "."}, [[0, 5], [1, 5]]),
        ("0,5\n1\n", {"decimal": ","}, [[0.5], [1]]),
        ("x 1,5\ny 2,25\n", {"decimal": ","}, [[1.5], [2.25]]),
        ("1,234;2\n5,678;3\n", {"decimal": ","}, [[1.234, 2], [5.678, 3]]),
        ("0,1,2\n0.1,0.2,0.3\n", {"names": "columns"}, [[0.1, 0.2, 0.3]]),
        ("0,1,2\n0.1,0.2,0.3\n", {"names": "none"}, [[0, 1, 2], [0.1, 0.2, 0.3]]),
        ("0,0.5\n1,0.7\n", {"names": "rows"}, [[0.5], [0.7]]),
        ("9,1,2\n7,0.1,0.2\n8,0.3,0.4\n", {"names": "both"}, [[0.1, 0.2], [0.3, 0.4]]),
    ],
)
def test_the_description_chooses(read, text, said, values):
    np.testing.assert_array_equal(read(text, **said).values, values)


def test_lines_beyond_the_sample_have_to_agree(read):
    lines = ["1;2"] * (SAMPLE + 5)
    assert read("\n".join([*lines, "0,5;2"])).values[-1, 0] == 0.5
    for last, message in (("x;2", "field 1 is text"), ("1;2;3", "has 3 fields"), ("1.5;0,5", "a comma")):
        with pytest.raises(InputError, match=f"line {SAMPLE + 6}.*{message}"):
            read("\n".join([*lines, last]))


letters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="−")
names = st.text(letters, min_size=1, max_size=6).filter(
    lambda name: name == name.strip() and not name.startswith("#") and not any(c.isdigit() for c in name)
    and name.lower() not in ("nan", "inf", "infinity") and len(name.splitlines()) == 1
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=2, max_size=4),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", ",")]),
    st.lists(names, min_size=7, max_size=7, unique=True),
    st.sampled_from(["none", "columns", "rows", "both"]),
)
def test_what_is_written_is_read_or_refused(tmp_path_factory, rows, marks, words, named):
    """Whatever a program writes with quotes where they are needed is read to the last digit, or refused."""
    separator, decimal = marks
    lines = [[repr(number).replace(".", decimal) for number in row] for row in rows]
    row_names = words[:4][: len(rows)] if named in ("rows", "both") else []
    column_names = words[4:] if named in ("columns", "both") else []
    if row_names:
        lines = [[name, *line] for name, line in zip(row_names, lines, strict=True)]
    if column_names:
        lines = [[*([""] if row_names else []), *column_names], *lines]
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(lines)
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(file.getvalue().encode())
    for said in ({}, {"decimal": decimal, "names": named}):
        try:
            table = read_text_table(path, **said)
        except InputError:
            assert not said
            continue
        np.testing.assert_array_equal(table.values, rows)
        assert (table.row_labels, table.column_labels) == (tuple(row_names), tuple(column_names))


@settings(max_examples=300)
@given(st.text(st.sampled_from('0123456789.,;|\t \n"-+exa#_'), max_size=40))
def test_any_text_is_a_table_or_refused_in_one_line(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(text.encode())
    try:
        table = read_text_table(path)
    except InputError as refused:
        assert "\n" not in str(refused)
    else:
        assert table.values.size and len(table.row_labels) in (0, len(table.values))
        assert len(table.column_labels) in (0, table.values.shape[1])
