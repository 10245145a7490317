"""The documents keep up with the code."""

import dataclasses
import re
import typing

import pytest
from matrix_cinema.algebra.expression import parse
from matrix_cinema.algebra.lowering import stage
from matrix_cinema.description import scene
from paths import ROOT


def keys(cls):
    for field in dataclasses.fields(cls):
        if field.name == "folder":
            continue
        yield field.name
        hint = typing.get_type_hints(cls)[field.name]
        inner = hint if dataclasses.is_dataclass(hint) else next(iter(typing.get_args(hint)[1:]), None)
        if dataclasses.is_dataclass(inner):
            yield from keys(inner)


@pytest.mark.parametrize("key", sorted(set(keys(scene.Scene))))
def test_the_scene_language_is_documented(key):
    text = (ROOT / "docs" / "scenes.md").read_text()
    assert re.search(rf"[`\[. ]{key}[`\]., =\n]", text), f"docs/scenes.md says nothing of {key}"


@pytest.mark.parametrize("name", scene.ANIMATIONS)
def test_every_animation_is_documented(name):
    assert f"`{name}`" in (ROOT / "docs" / "scenes.md").read_text()


DOCUMENTS = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def test_expressions_in_documents_are_in_the_language():
    """In scene files and in Python, which write a line break alike."""
    texts = [(ROOT / document).read_text() for document in DOCUMENTS]
    written = [text for each in texts for text in re.findall(r'expression ?= ?"([^"]+)"', each)]
    assert len(written) >= 4
    for text in written:
        stage(parse(text.replace("\\n", "\n")))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{document} links to {target}, which is not there"


def test_pictures_are_small():
    pictures = [p for p in ROOT.glob("docs/*") if p.suffix in (".png", ".jpg", ".webp")]
    assert pictures
    assert not [p.name for p in pictures if p.stat().st_size >= 400_000]
