"""What a change of each field of a description changes in a built scene."""

import dataclasses
import typing

from matrix_cinema.description import option
from matrix_cinema.description.changes import changes, differing
from matrix_cinema.description.scene import Beat, MatrixOptions, Scene, from_dict

WORDS = {
    option.NOTHING,
    option.SETTINGS,
    option.LIGHT,
    option.SIZES,
    option.MATERIALS,
    option.COLORS,
    option.FILM,
    option.DRAWING,
    option.EVERYTHING,
}


def tables(cls):
    """A table of a description and all that are in it."""
    yield cls
    for hint in typing.get_type_hints(cls).values():
        for inner in (hint, *typing.get_args(hint)):
            if dataclasses.is_dataclass(inner):
                yield from tables(inner)


def test_each_field_says_one_of_the_known_words_or_nothing():
    said = {
        f.metadata.get("changes", option.EVERYTHING) for cls in tables(Scene) for f in dataclasses.fields(cls)
    }
    assert said == WORDS


def test_what_says_nothing_changes_everything():
    assert changes(Scene(), Scene(expression="A")) == {option.EVERYTHING}
    assert changes(Scene(), Scene(beats=(Beat(say="a"),))) == {option.FILM}
    other = Scene(matrices={"A": MatrixOptions(label="a")})
    assert differing(Scene(), other) == {"matrices": option.EVERYTHING}


def test_differences_within_one_table_are_told():
    before, after = (
        from_dict(Scene, {"expression": "out = A @ B", "products": {"out": table}}, "test")
        for table in ({"label": "a"}, {"label": "a", "color_map": "vik"})
    )
    assert differing(before, after) == {"products.out.color_map": option.COLORS}


def test_what_differs_is_told_field_by_field():
    before = from_dict(Scene, {"expression": "A @ B", "light": {"key": {"size": 1.0}}}, "test")
    after = from_dict(
        Scene, {"expression": "A @ B", "light": {"key": {"size": 2.0}}, "style": {"exposure": 1.0}}, "test"
    )
    assert differing(before, after) == {"light.key.size": "light", "style.exposure": "settings"}
    assert changes(before, after) == {"light", "settings"}
    assert changes(before, dataclasses.replace(before, folder="elsewhere")) == frozenset()
