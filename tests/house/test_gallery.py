"""The gallery's page is what its script would write, and every picture is there and small."""

import importlib.util
import sys

from paths import ROOT


def script(name):
    """A module of scripts/, which may not be on the path: one of them has the package's name."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script("stills")
gallery = script("make_gallery")


def test_the_page_is_of_the_pictures_in_the_list():
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page()


def test_every_picture_is_there_small_and_of_an_example():
    names = {picture.name for picture in gallery.PICTURES}
    assert len(names) == len(gallery.PICTURES), "two pictures of one name"
    assert {path.stem for path in gallery.FOLDER.iterdir()} == names
    for picture in gallery.PICTURES:
        assert (ROOT / "examples" / f"{picture.scene}.toml").exists(), picture.scene
        assert 10_000 < (gallery.FOLDER / f"{picture.name}.jpg").stat().st_size < 400_000, picture.name
