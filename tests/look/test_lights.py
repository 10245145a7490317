"""Lamps that a scene sets itself: as it says, beside those of the rig."""

import numpy as np
import pytest
from from_tables import scene_from
from matrix_cinema.description.light import LampOptions, Light
from matrix_cinema.description.scene import Scene, from_dict, from_json, to_json, to_toml
from matrix_cinema.errors import InputError
from matrix_cinema.formats.toml_file import read_table
from matrix_cinema.look.lights import RIGS, lamps_of
from matrix_cinema.staging.plan import plan


@pytest.mark.parametrize("rig", RIGS)
def test_nothing_said_leaves_the_rig_as_it_is(rig):
    assert lamps_of(RIGS[rig], Light()) == RIGS[rig].lamps


def test_a_lamp_is_as_it_is_said_and_keeps_what_is_not():
    said = LampOptions(strength=2.0, color=(1.0, 0.5, 0.0), size=0.2, azimuth=-90.0, elevation=0.0)
    key, fill, rim = lamps_of(RIGS["studio"], Light(key=said, rim=LampOptions(elevation=45.0)))
    before = {lamp.name: lamp for lamp in RIGS["studio"].lamps}
    assert (key.name, key.strength, key.width, fill) == ("Key", 2.0, 0.2, before["Fill"])
    far = np.linalg.norm(before["Key"].place)
    np.testing.assert_allclose(key.place, (-far, 0.0, 0.0), atol=1e-9)  # at the camera's left
    assert key.color[0] == 1.0 and 0.2 < key.color[1] < 0.22 and key.color[2] == 0.0  # linear
    assert (rim.strength, rim.width, rim.color) == tuple(
        getattr(before["Rim"], name) for name in ("strength", "width", "color")
    )
    assert np.linalg.norm(rim.place) == pytest.approx(np.linalg.norm(before["Rim"].place))
    assert rim.place[2] < 0  # behind the scene, as before


def test_a_rig_without_the_lamp_gets_it():
    names = [lamp.name for lamp in lamps_of(RIGS["dark"], Light(key=LampOptions(strength=0.5)))]
    assert sorted(names) == ["Key", "Rim"]


def test_lamps_are_written_and_read_back(tmp_path):
    table = {"light": {"key": {"color": "#ff8000", "azimuth": -30.0}, "rim": {"strength": 3.0}}}
    scene = scene_from(table)
    assert scene.light.key.color == (1.0, 128 / 255, 0.0) and scene.light.fill == LampOptions()
    (tmp_path / "a.toml").write_text(to_toml(scene))
    assert from_dict(Scene, read_table(tmp_path / "a.toml", "scene"), "a") == scene
    assert from_json(to_json(scene)) == scene
    with pytest.raises(InputError, match="light: key: strength: -1.0 is too small"):
        scene_from({"light": {"key": {"strength": -1.0}}})


def scene(**look):
    given = {name: {"init": "gaussian", "shape": [4, 3]} for name in "QKV"}
    table = {"expression": "out = (attn = softmax(Q @ K.T)) @ V", "matrices": given, "look": look}
    return scene_from(table)


def test_a_style_blurs_only_where_nothing_is_written():
    bare = {"legend": False, "formula": False, "labels": False, "title": False}
    assert plan(scene()).depth_of_field == 0.0
    assert 0.0 < plan(scene(**bare)).depth_of_field < 0.5
    assert plan(scene(**bare, style="paper")).depth_of_field == 0.0
