"""A scene description is the same as TOML, as JSON and as dataclasses; all else is refused in one line."""

import dataclasses
import types
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix_cinema.description.scene import (
    Beat,
    Look,
    MatrixOptions,
    Render,
    Scene,
    from_dict,
    from_json,
    load_scene,
    to_dict,
    to_json,
    to_toml,
)
from matrix_cinema.description.style import Color, Silent, Style
from matrix_cinema.errors import InputError

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
floats = st.floats(-1e300, 1e300)


def descriptions(cls):
    """Any instance of a dataclass of the description, within its choices and ranges."""
    hints = typing.get_type_hints(cls)
    fields = [f for f in dataclasses.fields(cls) if f.name != "folder"]
    return st.builds(cls, **{f.name: values(hints[f.name], f.metadata) for f in fields})


def values(hint, metadata):
    low, high = metadata.get("low"), metadata.get("high")
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return st.one_of([values(one, metadata) for one in typing.get_args(hint)])
    if hint in (types.NoneType, Silent):
        return st.none()
    if hint == Color:
        return st.tuples(*[st.floats(0, 1) | st.integers(0, 255).map(lambda n: n / 255)] * 3)
    if dataclasses.is_dataclass(hint):
        return descriptions(hint)
    if typing.get_origin(hint) is dict:
        return st.dictionaries(texts, descriptions(typing.get_args(hint)[1]), max_size=2)
    if typing.get_origin(hint) is tuple:
        limits = {key: metadata.get(key) for key in ("low", "high")}
        return st.lists(values(typing.get_args(hint)[0], limits), max_size=3).map(tuple)
    if metadata.get("choices"):
        return st.sampled_from(metadata["choices"])
    if hint is float:
        return st.floats(-1e300 if low is None else low, 1e300 if high is None else high)
    if hint is int:
        return st.integers(-(2**62) if low is None else low, 2**62 if high is None else high)
    if hint is str and metadata.get("read"):
        known = next(text for text in ("", "auto") if accepted(metadata["read"], text))
        return texts.map(lambda text: text if accepted(metadata["read"], text) else known)
    return {str: texts, bool: st.booleans()}[hint]


def accepted(read, text):
    try:
        return read(text) == text
    except InputError:
        return False


def test_a_scene_of_a_windows_editor_is_read(tmp_path):
    path = tmp_path / "scene.toml"
    path.write_bytes('\ufeffexpression = "A @ B"\r\ntitle = "ä"\r\n'.encode())
    assert load_scene(path).title == "ä"


@given(descriptions(Scene))
@settings(max_examples=80)
def test_toml_json_and_dataclasses_say_the_same(tmp_path_factory, scene):
    path = tmp_path_factory.getbasetemp() / "scene.toml"
    path.write_text(to_toml(scene), encoding="utf-8", newline="")
    assert from_json(to_json(scene)) == scene
    loaded = load_scene(path)
    assert dataclasses.replace(loaded, folder=scene.folder) == scene
    assert loaded.folder == str(path.parent)
    assert from_dict(Scene, to_dict(scene), "test") == scene


def test_what_is_the_default_is_not_written():
    assert to_dict(Scene()) == {}
    assert to_toml(Scene(expression="A", look=Look(style="paper"))) == (
        'expression = "A"\n\n[look]\nstyle = "paper"\n'
    )


def test_a_colour_is_written_as_it_is_read():
    scene = from_dict(Scene, {"style": {"text": "#FF8000", "background": [0, 0.1, 1]}}, "test")
    assert scene.style == Style(text=(1.0, 128 / 255, 0.0), background=(0.0, 0.1, 1.0))
    assert to_toml(scene) == '[style]\nbackground = [0.0, 0.1, 1.0]\ntext = "#ff8000"\n'


def test_the_example_comes_back_unchanged(tmp_path, request):
    scene = load_scene(request.config.rootpath / "examples" / "attention_head.toml")
    (tmp_path / "again.toml").write_text(to_toml(scene), encoding="utf-8")
    again = load_scene(tmp_path / "again.toml")
    assert dataclasses.replace(again, folder=scene.folder) == scene


def test_beats_are_tables_of_their_own():
    beats = (Beat(say="Each token asks.", show="Q", view="-60, 28"), Beat(), Beat(run="attn", seconds=2.5))
    scene = Scene(expression="A", beats=beats, look=Look(style="paper"))
    assert to_toml(scene) == (
        'expression = "A"\n\n[[beats]]\nsay = "Each token asks."\nshow = "Q"\nview = "-60, 28"\n\n'
        '[[beats]]\n\n[[beats]]\nrun = "attn"\nseconds = 2.5\n\n[look]\nstyle = "paper"\n'
    )
    assert from_json(to_json(scene)) == from_dict(Scene, to_dict(scene), "test") == scene


REFUSED = {
    "[[beats]]\nsya = 1": 'beats[0]: unknown key "sya"; did you mean "say"?',
    '[[beats]]\n[[beats]]\nview = "fornt"': 'beats[1]: view: "fornt" is not a view; did you mean "front"?',
    '[[beats]]\nview = "10, 95"': "the azimuth must be -360 to 360 degrees, the elevation -90 to 90",
    "[[beats]]\nseconds = -1": "beats[0]: seconds: -1.0 is too small",
    f'[[beats]]\nsay="{"a" * 401}"': "beats[0]: say: 401 letters are too many for a caption; the most is 400",
    "[[beats]]\n" * 101: "beats: 101 are too many; the most is 100",
    'beats = "atuo"': 'beats: unknown "atuo"; did you mean "auto"?',
    "beats = 1": "beats: expected a list",
    # unknown words, with the nearest known one
    'expresion = "A"': 'unknown key "expresion"; did you mean "expression"?',
    "[look]\nstyl = 1": 'look: unknown key "styl"; did you mean "style"?',
    "[matrices.A]\nsede = 1": 'matrices.A: unknown key "sede"; did you mean "seed"?',
    'zzz = "A"': "known keys: animation, beats, camera,",
    'folder = "/tmp"': 'unknown key "folder"',
    '[camera]\nview = "fornt"': 'camera: view: unknown "fornt"; did you mean "front"?',
    '[products.out]\nanimation = "vmpro"': 'did you mean "vmprod"?',
    # wrong types
    "expression = 1": "expression: expected text, found a whole number ('1')",
    "expression = true": "expression: expected text, found true or false ('True')",
    "look = 1": "look: expected a table, found a whole number ('1')",
    "matrices = []": "matrices: expected a table, found a list",
    "[matrices]\nA = [[1]]": "matrices.A: expected a table, found a list; some of its keys are file,",
    "[matrices.A]\nseed = true": "seed: expected a whole number, found true or false ('True')",
    "[matrices.A]\nseed = 1.0": "seed: expected a whole number, found a number ('1.0')",
    "[matrices.A]\nmin = false": "min: expected a number, found true or false ('False')",
    "[matrices.A]\nvalues = [1, 2]": "values[0]: expected a list, found a whole number ('1')",
    '[matrices.A]\nvalues = [[1, "2"]]': "values[0][1]: expected a number, found text ('2')",
    "[matrices.A]\nshape = [1, true]": "shape[1]: expected a whole number",
    '[matrices.A]\nrow_labels = "abc"': "row_labels: expected a list, found text ('abc')",
    "[look]\nlabels = 1": "labels: expected true or false, found a whole number ('1')",
    "title = 1979-05-27": "title: expected text, found date ('1979-05-27')",
    # ranges
    "[render]\nwidth = 1": "render: width: 1 is too small; the least is 16",
    "[render]\nwidth = 16385": "render: width: 16385 is too large; the most is 16384",
    "[camera]\nmargin = -0.1": "camera: margin: -0.1 is too small; the least is 0.0",
    "[look]\nmin_size = 0": "look: min_size: 0.0 is too small",
    "[products.out]\ni_blocks = 65": "products.out: i_blocks: 65 is too large; the most is 64",
    # colours
    '[style]\ntext = "red"': 'style: text: "red" is not a colour such as "#ff8800"',
    '[style]\ntext = "#12345"': "is not a colour",
    '[style]\ntext = "é12345"': "is not a colour",
    "[style]\ntext = [1, 2]": 'text: a colour is "#rrggbb" or three numbers from 0 to 1',
    "[style]\ntext = [0, 0, 1.1]": "a colour is",
    '[style]\nlight = "moon"': 'style: light: unknown "moon"; known ones:',
    '[style]\nbackgound = "#000000"': 'style: unknown key "backgound"; did you mean "background"?',
    "[style]\nexposure = 11": "style: exposure: 11.0 is too large; the most is 10",
    # numbers that are none
    "[camera]\nlens = nan": "camera: lens: nan is not a finite number",
    "[camera]\nlens = inf": "camera: lens: inf is not a finite number",
    "[matrices.A]\nvalues = [[1.0, nan]]": "values[0][1]: nan is not a finite number",
    f"[camera]\nlens = {10**400}": "camera: lens: the number is too large",
    f"[matrices.A]\nseed = -{10**30}": "seed: the number is too large",
    f"title = 0x{'f' * 9_000}": "title: the number is too large",
    f"[render]\nwidth = 0x{'f' * 9_000}": "width: the number is too large",
    # not TOML
    "expression = ": "not TOML",
    "a = 1\na = 2": "not TOML",
    "a = " + "[" * 10_000 + "]" * 10_000: "not TOML",
    "a = " + "1" * 5_000: "not TOML",
    ".".join(["a"] * 5_000) + " = 1": "",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:40]))
def test_refused_in_one_line_that_says_where(tmp_path, text):
    path = tmp_path / "scene.toml"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        load_scene(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ") and "\n" not in message and len(message) < 1000
    assert REFUSED[text] in message


def test_refused_files(tmp_path):
    with pytest.raises(InputError, match="no such scene file"):
        load_scene(tmp_path / "none.toml")
    with pytest.raises(InputError, match="is a folder, not a scene file"):
        load_scene(tmp_path)
    for content in (b'title = "\xff"', b"\x80\x03pickle", "title = 'ä'".encode("utf-16")):
        (tmp_path / "bytes.toml").write_bytes(content)
        with pytest.raises(InputError, match="not a text file"):
            load_scene(tmp_path / "bytes.toml")


@given(st.binary(max_size=60) | texts.map(str.encode))
@settings(max_examples=200)
def test_any_bytes_are_a_scene_or_an_input_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    try:
        assert isinstance(load_scene(path), Scene)
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "[" * 100_000, "1" * 5_000, '{"look": NaN}', '{"camera": {"lens": NaN}}']
)
def test_json_that_is_no_scene(text):
    with pytest.raises(InputError) as raised:
        from_json(text, "here")
    assert str(raised.value).startswith("here: ") and "\n" not in str(raised.value)


def test_whole_numbers_are_numbers_and_floats_keep_their_digits():
    scene = from_dict(Scene, {"camera": {"lens": 35}, "matrices": {"A": {"values": [[1, 0.1]]}}}, "test")
    assert scene.camera.lens == 35.0 and isinstance(scene.camera.lens, float)
    assert scene.matrices["A"] == MatrixOptions(values=((1.0, 0.1),))
    assert isinstance(scene.matrices["A"].values[0][0], float)
    tiny = Scene(
        matrices={"A": MatrixOptions(values=((0.1 + 0.2, 5e-324, -0.0),))}, render=Render(still=1 / 3)
    )
    assert str(from_json(to_json(tiny))) == str(tiny)


@pytest.mark.parametrize(
    "table, said",
    [
        ({"render": {"still": 1.5}}, "the most is 1.0 of the film's length"),
        ({"camera": {"margin": -1.0}}, "the least is 0.0 of the frame"),
        ({"style": {"bevel": 0.7}}, "the most is 0.5 of a cube's width"),
    ],
)
def test_a_part_out_of_range_says_what_it_is_a_part_of(table, said):
    with pytest.raises(InputError, match=said):
        from_dict(Scene, {"expression": "A", **table}, "test")
