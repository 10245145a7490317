"""Functions are short, and public ones say their types."""

import ast

import pytest
from paths import ROOT

ADDON = ROOT / "addon"
FILES = sorted(ADDON.rglob("*.py"))
MOST = 60  # lines of a function


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def public(tree):
    """The functions of a module, and the methods of its classes, that others may call."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node)
        elif isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
            yield node


def untyped(function):
    """What a function does not say the type of."""
    said = function.args
    arguments = [*said.posonlyargs, *said.args, *said.kwonlyargs, *filter(None, [said.vararg, said.kwarg])]
    lacking = [one.arg for one in arguments if one.annotation is None and one.arg not in ("self", "cls")]
    return lacking + ["what it returns"] * (function.returns is None and function.name != "__init__")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ADDON)))
def test_functions_are_short_and_public_ones_say_their_types(path):
    tree = ast.parse(path.read_text())
    long = {one.name: one.end_lineno - one.lineno + 1 for one in functions(tree)}
    assert {name: lines for name, lines in long.items() if lines > MOST} == {}
    assert {one.name: what for one in public(tree) if (what := untyped(one))} == {}


def test_every_dataclass_says_its_types():
    """`field: object` says nothing."""
    vague = [
        f"{path.relative_to(ADDON)}: {node.name}.{ast.unparse(one.target)}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for one in node.body
        if isinstance(one, ast.AnnAssign) and ast.unparse(one.annotation) == "object"
    ]
    assert vague == []
