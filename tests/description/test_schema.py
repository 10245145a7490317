"""The JSON Schema of scene files accepts what the program accepts."""

import dataclasses
import tomllib

import jsonschema
import matrix_cinema as mc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.description.light import LampOptions
from matrix_cinema.description.scene import Beat, MatrixOptions, ProductOptions, Scene, from_dict
from matrix_cinema.errors import InputError
from paths import ROOT

SCHEMA = mc.schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
# Where in a scene file a table of each class stands.
PLACES: dict[type, tuple] = {
    Scene: (),
    MatrixOptions: ("matrices", "A"),
    ProductOptions: ("products", "A"),
    LampOptions: ("light", "rim"),
    Beat: ("beats", 0),
} | {type(f.default): (f.name,) for f in dataclasses.fields(Scene) if dataclasses.is_dataclass(f.default)}
FIELDS = [(cls, f) for cls in PLACES for f in dataclasses.fields(cls) if f.name != "folder"]


def scene_with(cls, name, value):
    """A scene file, as tables, with one value."""
    made = {name: value}
    for key in reversed(PLACES[cls]):
        made = [made] if key == 0 else {key: made}
    return made


def accepted(table):
    try:
        from_dict(Scene, table, "scene")
    except InputError:
        return False
    return True


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.toml")), ids=lambda path: path.stem)
def test_every_example_keeps_the_schema(path):
    if path.parent.name != "styles":
        VALIDATOR.validate(tomllib.loads(path.read_text()))


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("cls, field", FIELDS, ids=lambda one: getattr(one, "__name__", None) or one.name)
@settings(max_examples=20)
@given(data=st.data())
def test_the_schema_accepts_a_value_where_the_program_does(cls, field, data):
    limits = [field.metadata.get(end) for end in ("low", "high")]
    near = [end + step for end in limits if end is not None for step in (-1, 0, 1, -0.25, 0.25)]
    choices = field.metadata.get("choices") or ()
    whole = [float(one).is_integer() and isinstance(one, float) for one in near]
    single = st.one_of(
        st.sampled_from([one for one, is_whole in zip(near, whole, strict=True) if not is_whole] or [7]),
        st.integers(-(10**6), 10**6),
        st.sampled_from([0.5, -3.5, 1e9 + 0.5]),
        st.booleans(),
        st.text(max_size=3),
        st.sampled_from([*choices, "#ff8800", "#xyz"]),
    )
    value = data.draw(st.one_of(single, st.lists(single, max_size=4), st.just({}), st.just({"x": 1})))
    if field.metadata.get("read") and isinstance(value, str):
        return  # texts with a grammar of their own, such as "24000/1001"
    table = scene_with(cls, field.name, value)
    assert VALIDATOR.is_valid(table) == accepted(table), table


def test_a_key_that_does_not_exist_is_marked():
    for cls in PLACES:
        table = scene_with(cls, "no_such_key", 1)
        assert not VALIDATOR.is_valid(table) and not accepted(table)


def test_every_key_says_what_it_means():
    def told(schema):
        for one in schema.get("properties", {}).values():
            yield one["description"]
            for way in (one, *one.get("anyOf", [])):
                yield from told(way)
                yield from told(way.get("items", {}))
                yield from told(way.get("additionalProperties") or {})

    assert all(text.strip() for text in told(SCHEMA)) and len(list(told(SCHEMA))) > 150
    assert "mm" in next(iter(SCHEMA["properties"]["look"]["properties"]["style"]["anyOf"]))["enum"]
