"""What is set in the panel takes effect in the built scene by itself."""

import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.blender import tags  # noqa: E402
from matrix_cinema.ui import live, properties  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
SCENE = """
expression = "out = A @ B"
title = "Made up"
[matrices]
A = { init = "gaussian", shape = [2, 3] }
B = { init = "gaussian", shape = [3, 2] }
[look]
formula = false
legend = false
labels = false
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A scene that the panel has built."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    path = tmp_path / "made_up.toml"
    path.write_text(SCENE)
    bpy.context.scene.matrix_cinema_panel.file = str(path)
    assert bpy.ops.matrix_cinema.build() == {"FINISHED"}
    monkeypatch.setattr(live, "PAUSE", 0.0)
    monkeypatch.setattr(live, "MOST_SECONDS", 500.0)  # on any machine
    return bpy.context.scene


def pass_time():
    """Let timers run until nothing is due."""
    for _ in range(5):
        if live._build_due() is None:
            return
    raise AssertionError("something is due for ever")


def drawn(scene, name):
    return next(ob for ob in scene.objects if ob.get(tags.KIND) == "matrix" and ob.get(tags.NAME) == name)


def test_what_only_sets_what_stands_takes_effect_at_once(made):
    panel, matrix = made.matrix_cinema_panel, drawn(made, "A")
    panel.style.exposure = 0.5
    panel.render.samples = 7
    assert made.view_settings.exposure == 0.5 and made.cycles.samples == 7
    assert not properties.is_pending(made) and not live.is_due(made)
    assert drawn(made, "A") == matrix  # nothing was built


def test_what_a_person_set_by_hand_stays(made):
    key = next(ob for ob in made.objects if ob.type == "LIGHT" and ob.name.startswith("Key"))
    others = {ob: ob.data.energy for ob in made.objects if ob.type == "LIGHT" and ob != key}
    key.data.energy, key.location.z = 1234.0, 77.0
    made.matrix_cinema_panel.style.light_strength = 2.0
    assert (key.data.energy, key.location.z) == (1234.0, 77.0)
    assert [ob.data.energy for ob in others] == pytest.approx([2.0 * energy for energy in others.values()])


def test_all_else_is_built_after_a_pause(made):
    panel = made.matrix_cinema_panel
    made.frame_set(3)
    panel.look.style = "paper"
    panel.title = "Another"
    assert live.is_due(made) and live.note(made) and properties.is_pending(made)
    pass_time()
    assert made.world.name == "Matrix Cinema flat world" and '"Another"' in made[tags.DESCRIPTION]
    assert not properties.is_pending(made) and made.frame_current == 3


def test_without_live_everything_waits_for_the_button(made):
    panel = made.matrix_cinema_panel
    panel.live = False
    panel.style.exposure, panel.title = 0.5, "Another"
    assert made.view_settings.exposure == 0.0 and not live.is_due(made) and properties.is_pending(made)


def test_a_large_scene_waits_and_says_so(made, monkeypatch):
    monkeypatch.setattr(live, "MOST_ELEMENTS", 10)
    made.matrix_cinema_panel.style.exposure = 0.5
    assert made.view_settings.exposure == 0.0 and "waits for the button" in live.note(made)


def test_a_scene_whose_build_took_long_waits_with_what_is_built_anew(made):
    live.took(made, 1000.0)
    panel = made.matrix_cinema_panel
    panel.style.exposure = 0.5
    assert made.view_settings.exposure == 0.5
    panel.title = "Another"
    assert not live.is_due(made) and "1000 s" in live.note(made)


def test_what_is_wrong_is_said_and_the_scene_stays(made):
    panel, text = made.matrix_cinema_panel, made[tags.DESCRIPTION]
    panel.star = "nothing"
    pass_time()
    assert 'nothing is named "nothing"' in panel.problem and made[tags.DESCRIPTION] == text
    panel.star = ""
    assert panel.problem == ""


def test_another_file_waits_for_the_button(made, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(SCENE.replace("Made up", "Other"))
    made.matrix_cinema_panel.file = str(other)
    made.matrix_cinema_panel.title = "Mine"
    assert not live.is_due(made)
