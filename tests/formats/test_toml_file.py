"""TOML that would take the parser's time or memory without end is refused; all other is read."""

import tomllib

import pytest
from matrix_cinema.errors import InputError
from matrix_cinema.formats import toml_file
from matrix_cinema.formats.toml_file import MOST_PARTS, read_table

LONG = ".".join(["a"] * (MOST_PARTS + 1))
RIGHT = ".".join(["a"] * MOST_PARTS)


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG} = 1",
        f"b = 1\n[{LONG}]",
        f"b = [1, {{{LONG} = 1}}]",
        f"b = '''x'''\n  {LONG.replace('.', ' . ')} = 1",
        f"""b = "\\\\" # "\n{LONG} = 1""",
        "'a.b'." + LONG + "=1",
        "x = 1\n" + ".".join(["a"] * 60_000) + " = 1",
    ],
)
def test_keys_of_many_parts_are_refused_by_their_line(tmp_path, text, monkeypatch):
    monkeypatch.setattr(toml_file.tomllib, "loads", lambda text: pytest.fail("the parser was asked"))
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(InputError, match=r"x.toml: line [12]: the key has more than 16 parts"):
        read_table(tmp_path / "x.toml", "scene")


@pytest.mark.parametrize(
    "text",
    [
        f"{RIGHT} = 1\n{RIGHT.replace('a', 'b')} = 2",
        f'b = "{LONG}"  # {LONG}',
        f"b = '{LONG}'\nc = '''\n{LONG}'''",
        f'b = """\n{LONG} \\""" {LONG}\\\\"""\nc = "\\\\"\nd = "\\"{LONG}"',
        "b = [" + "0.5, " * 1000 + "]",
        "# comment without an end",
        "#",
        "",
    ],
)
def test_all_other_toml_is_read(tmp_path, text):
    (tmp_path / "x.toml").write_text(text)
    assert read_table(tmp_path / "x.toml", "scene") == tomllib.loads(text)
