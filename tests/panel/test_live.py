"""What is set in the panel takes effect in the built scene by itself."""

import types

import pytest

bpy = pytest.importorskip("bpy")

from drawn_panels import drawn_texts  # noqa: E402
from matrix_cinema.blender import remembered, stored, tags, update  # noqa: E402
from matrix_cinema.blender.nodes import store  # noqa: E402
from matrix_cinema.blender.nodes.formula import Group  # noqa: E402
from matrix_cinema.description.light import LampOptions, Light  # noqa: E402
from matrix_cinema.ui import build_operator, building, built, light_panel, live, properties  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
SCENE = """
expression = "out = A @ B"
title = "Made up"
[matrices]
A = { init = "gaussian", shape = [2, 3] }
B = { init = "gaussian", shape = [3, 2] }
[look]
style = "studio_dark"
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


def test_a_slow_scene_waits_only_with_changes_that_draw_all_anew(made):
    build_operator.seconds[made.session_uid] = 1000.0
    panel, matrix = made.matrix_cinema_panel, drawn(made, "A")
    panel.style.exposure = 0.5
    assert made.view_settings.exposure == 0.5
    panel.title = "Another"
    pass_time()
    assert '"Another"' in made[tags.DESCRIPTION] and drawn(made, "A") == matrix
    assert build_operator.seconds[made.session_uid] == 1000.0  # of drawing all, not of the film
    panel.expression = "out = A @ B @ A"
    assert not live.is_due(made) and "1000 s" in live.note(made)
    panel.expression = "out = A @ B"
    panel.camera.view = "hero"  # another view may move everything
    assert live.is_due(made)
    pass_time()
    assert drawn(made, "A") == matrix


def test_a_build_that_is_stopped_before_it_draws_leaves_all_as_it_was(made):
    panel = made.matrix_cinema_panel
    panel.live, panel.expression = False, "out = A @ B @ A"
    before, blocks = made[tags.DESCRIPTION], set(bpy.data.all_ids) if hasattr(bpy.data, "all_ids") else None
    names = {ob: ob.name for ob in bpy.data.objects}
    for make in (update.build_in_steps, update.update_in_steps):
        for taken in (update.TO_PLAN, update.TO_COMPOSE, update.TO_DRAW):
            steps = make(properties.description(made), made)
            while next(steps) != taken:
                pass
            steps.close()
            assert made[tags.DESCRIPTION] == before and {ob: ob.name for ob in bpy.data.objects} == names
            assert blocks is None or set(bpy.data.all_ids) == blocks
    steps = update.update_in_steps(properties.description(made), made)
    assert update.done(steps) == made and "A @ B @ A" in made[tags.DESCRIPTION]


def test_large_node_groups_are_made_ahead_one_a_step(made, monkeypatch):
    monkeypatch.setattr(store, "_seen", {})
    plan, trees = stored.plan_of(made, built.description(made)), [*bpy.data.node_groups]
    assert list(update.groups_ahead(plan)) == [update.TO_GROUPS] * 3  # of products, results and matrices
    assert [*bpy.data.node_groups] == trees
    assert list(update.groups_ahead(plan)) == []
    making, make = [], Group.__init__
    monkeypatch.setattr(Group, "__init__", lambda self, name: (making.append(name), make(self, name))[1])
    bpy.context.window.scene = bpy.data.scenes.new("Another")
    update.build(built.description(made), bpy.context.scene)
    assert making and not {f"Matrix Cinema {one}" for one in ("Product", "Result", "Matrix")}.intersection(
        making
    )


def test_a_new_scene_whose_build_is_stopped_is_not_there(made):
    scenes = len(bpy.data.scenes)
    steps = building.in_steps(properties.description(made), "Another")
    assert next(steps) == update.TO_PLAN and len(bpy.data.scenes) == scenes + 1
    steps.close()
    assert len(bpy.data.scenes) == scenes


def test_esc_ends_a_build_and_any_other_key_waits(made):
    panel, told = made.matrix_cinema_panel, made[tags.DESCRIPTION]
    panel.live, panel.expression = False, "out = A @ B @ A"
    cls, said, ended = build_operator.MATRIX_CINEMA_OT_build, [], []
    operator = types.SimpleNamespace(
        changes_only=False, film_only=False, report=lambda *one: said.append(one), timer=None,
        steps=update.build_in_steps(properties.description(made), made), next=update.TO_PLAN, spent=0.0,
        _end=lambda _: ended.append(True),
    )  # fmt: skip
    operator._step = lambda context: cls._step(operator, context)
    operator.cancel = lambda context: cls.cancel(operator, context)
    manager = types.SimpleNamespace(progress_update=lambda part: None)
    context = types.SimpleNamespace(scene=made, window_manager=manager)

    def press(kind):
        return cls.modal(operator, context, types.SimpleNamespace(type=kind))

    assert press("TIMER") == press("A") == press("TIMER") == {"RUNNING_MODAL"}
    assert operator.next == update.TO_COMPOSE and not ended
    assert press("ESC") == {"CANCELLED"} and ended and said
    assert made[tags.DESCRIPTION] == told


def test_esc_ends_the_pause_before_a_build_and_anything_else_goes_on(made):
    panel, told = made.matrix_cinema_panel, made[tags.DESCRIPTION]
    panel.expression = "out = A @ B @ A"
    cls, said = live.MATRIX_CINEMA_OT_wait, []
    operator = types.SimpleNamespace(report=lambda *one: said.append(one), cancel=lambda _: None)

    def press(kind):
        return cls.modal(operator, bpy.context, types.SimpleNamespace(type=kind))

    assert press("A") == press("MOUSEMOVE") == {"PASS_THROUGH"} and live.is_due(made)
    assert press("ESC") == {"CANCELLED"} and said and not live.is_due(made)
    assert press("ESC") == {"CANCELLED", "PASS_THROUGH"}  # with nothing due, Esc is for others
    pass_time()
    assert made[tags.DESCRIPTION] == told and properties.is_pending(made)


def test_undo_and_redo_pass_over_what_was_changed_but_not_built_yet(made):
    def seen():
        scene = bpy.data.scenes["Made up"]
        bpy.context.window.scene = scene  # without a window undo leaves another one there
        return scene.matrix_cinema_panel.title, "Another" in scene[tags.DESCRIPTION]

    bpy.ops.ed.undo_push(message="before")
    made.matrix_cinema_panel.title = "Another"
    bpy.ops.ed.undo_push(message="Title")
    pass_time()  # the build makes a step of its own
    for step, wanted in ((bpy.ops.ed.undo, ("Made up", False)), (bpy.ops.ed.redo, ("Another", True))):
        step()
        assert seen() == ("Another", False)
        live.pass_over(step)
        assert seen() == wanted
        live.pass_over(step)
        assert seen() == wanted


@pytest.mark.parametrize("stop", ["pause", "build"])
def test_undo_stops_at_what_was_changed_where_esc_stopped_its_build(made, stop):
    bpy.ops.ed.undo_push(message="before")
    made.matrix_cinema_panel.title = "Another"
    bpy.ops.ed.undo_push(message="Title")
    esc = types.SimpleNamespace(type="ESC")
    operator = types.SimpleNamespace(report=lambda *_: None, cancel=lambda _: None)
    if stop == "pause":
        live.MATRIX_CINEMA_OT_wait.modal(operator, bpy.context, esc)
    else:
        live._due.clear()
        build_operator.MATRIX_CINEMA_OT_build.modal(operator, bpy.context, esc)
    made.objects[0].location.x += 1.0
    bpy.ops.ed.undo_push(message="Move")
    bpy.ops.ed.undo()
    bpy.context.window.scene = bpy.data.scenes["Made up"]
    live.pass_over(bpy.ops.ed.undo)
    assert bpy.data.scenes["Made up"].matrix_cinema_panel.title == "Another"


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


# The lamps


def test_the_panel_shows_the_lamps_of_the_rig_and_says_nothing_of_them(made):
    panel = made.matrix_cinema_panel
    assert [lamp.name for lamp in panel.lamps] == ["Key", "Fill", "Rim"] and all(
        one.on for one in panel.lamps
    )
    assert panel.lamps["Fill"].strength == pytest.approx(0.22)
    assert properties.description(made).light == Light()


def test_a_flat_style_says_that_no_lamp_lights_it(made):
    told = "no lamp lights it"
    assert told not in " ".join(drawn_texts(light_panel.MATRIX_CINEMA_PT_light))
    made.matrix_cinema_panel.look.style = "paper"
    assert told in " ".join(drawn_texts(light_panel.MATRIX_CINEMA_PT_light))


def test_a_lamp_that_is_set_in_the_panel_takes_effect_and_is_said(made):
    key = next(ob for ob in made.objects if ob.type == "LIGHT" and ob.name.startswith("Key"))
    before, place = key.data.energy, key.location.copy()
    lamp = made.matrix_cinema_panel.lamps["Key"]
    lamp.strength, lamp.azimuth = 2.0, 80.0
    assert key.data.energy == pytest.approx(2.0 * before) and (key.location - place).length > 1.0
    assert properties.description(made).light == Light(key=LampOptions(strength=2.0, azimuth=80.0))
    lamp.on = False
    assert key.data.energy == 0.0 and not properties.is_pending(made)
    lamp.on = True
    assert key.data.energy == pytest.approx(2.0 * before)
    lamp.direction = (0.0, 0.0, 1.0)
    assert (lamp.azimuth, lamp.elevation) == (0.0, 0.0) and not properties.is_pending(made)


def test_another_rig_shows_its_lamps_with_what_was_changed(made):
    panel = made.matrix_cinema_panel
    panel.lamps["Rim"].size = 0.7
    panel.style.light = "dark"
    lamps = panel.lamps
    assert [lamp.on for lamp in lamps] == [False, False, True]
    assert (lamps["Rim"].strength, lamps["Rim"].size) == pytest.approx((0.18, 0.7))
    assert properties.description(made).light == Light(rim=LampOptions(size=pytest.approx(0.7)))
    lamps["Fill"].on = True
    assert properties.description(made).light.fill == LampOptions(strength=0.22)
    pass_time()
    assert {ob.name for ob in made.objects if ob.type == "LIGHT"} == {"Rim", "Fill"}
    assert not properties.is_pending(made)


def test_what_took_effect_by_itself_is_not_taken_for_a_persons_own(made):
    panel = made.matrix_cinema_panel
    panel.style.exposure, panel.lamps["Key"].strength, panel.style.roughness = 0.5, 2.0, 0.7
    ours = {made, *tags.owned(made)}
    assert not any(remembered.changed(block, ours) for block in ours)
