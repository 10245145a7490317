"""What Cycles renders on, with a stand-in for its list: what is taken, and what happens when it fails."""

import types

import pytest
from matrix_cinema.cli import commands as cli
from matrix_cinema.errors import InputError

bpy = pytest.importorskip("bpy")

from matrix_cinema.outputs import devices, frames  # noqa: E402
from matrix_cinema.outputs.silence import reported  # noqa: E402

CPU = ("A processor", "CPU", "CPU", False, False, True, False, True)
L4 = [(f"NVIDIA L4 {n}", "CUDA", f"CUDA_{n}", False, False, True, False, True) for n in range(2)]
L4X = [(f"NVIDIA L4 {n}", "OPTIX", f"OPTIX_{n}", False, True, True, True, True) for n in range(2)]
ARC = ("Arc A770", "ONEAPI", "ONEAPI_0", False, False, False, False, True)


class StandIn:
    """Cycles' preferences as far as a job needs them; as Cycles does, it tells the CPU with every kind."""

    def __init__(self, *cards, kind="NONE", ticked=()):
        self.compute_device_type, self.cards = kind, cards
        entries = (types.SimpleNamespace(type=c[1], id=c[2], use=c[2] in ticked) for c in (*cards, CPU))
        self.devices = list(entries)

    def get_device_list(self, kind):
        return tuple(one for one in (*self.cards, CPU) if one[1] in (kind, "CPU"))

    def used(self):
        return [entry.id for entry in self.devices if entry.use]


@pytest.fixture
def cycles(monkeypatch):
    def put(*cards, **more):
        stand_in = StandIn(*cards, **more)
        monkeypatch.setattr(devices, "_preferences", lambda: stand_in)
        return stand_in

    return put


@pytest.mark.parametrize(
    "asked, ids",
    [
        ("auto", ["OPTIX_0", "OPTIX_1"]),
        ("cpu", []),
        ("cuda", ["CUDA_0", "CUDA_1"]),
        ("optix:1", ["OPTIX_1"]),
        ("CUDA: 1, 0", ["CUDA_1", "CUDA_0"]),
        ("oneapi", ["ONEAPI_0"]),
    ],
)
def test_what_is_asked_for_is_taken(cycles, asked, ids):
    cycles(ARC, *L4, *L4X)
    assert [one.id for one in devices.taken(asked)] == ids


def test_auto_takes_the_ticked_devices_or_else_the_best(cycles):
    cycles(*L4, *L4X, kind="CUDA", ticked=["CUDA_1", "OPTIX_0"])
    assert [one.id for one in devices.taken("auto")] == ["CUDA_1"]
    cycles(ARC)
    assert devices.chosen("auto", "stop")[1] == f"rendering on Arc A770 (oneAPI); {devices.FIRST_RENDER}"
    cycles()
    assert devices.chosen("auto", "stop") == ([], "")


def test_a_card_that_is_not_there(cycles):
    cycles(*L4)
    with pytest.raises(InputError, match="no OptiX card here; it has cuda"):
        devices.chosen("optix", "stop")
    with pytest.raises(InputError, match="no card 2; they go from 0 to 1"):
        devices.taken("cuda:2")
    assert devices.chosen("optix", "cpu") == (
        [],
        "`device` optix: Cycles lists no OptiX card here; it has cuda; the CPU renders",
    )
    with pytest.raises(InputError, match='"gpu" is no device'):
        devices.taken("gpu")


def test_devices_are_listed_as_they_are_asked_for(cycles):
    cycles(ARC, *L4)
    assert devices.lines() == [
        "cuda:0     NVIDIA L4 0",
        "cuda:1     NVIDIA L4 1",
        "oneapi:0   Arc A770 (denoising on the CPU)",
        "cpu        A processor",
        "auto       takes NVIDIA L4 0 (CUDA) and NVIDIA L4 1 (CUDA)",
    ]


def test_tiles_only_where_memory_asks_for_them(cycles, factory, monkeypatch):
    scene = bpy.context.scene

    def tiled(cards, width, height, free):
        monkeypatch.setattr(devices, "available_memory", lambda: free)
        changes = devices.changes(scene, cards, width, height)
        return {name: value for _, name, value in changes}["use_auto_tile"]

    cycles(*L4)
    assert not tiled([], 3840, 2160, 8 * 10**9) and tiled([], 16384, 16384, 8 * 10**9)
    assert not tiled([], 3840, 2160, None) and tiled(devices.taken("cuda"), 640, 360, None)


@pytest.fixture
def failing(monkeypatch):
    """Renders fail while they are on a card; the list of where each was."""
    tried, render = [], frames._render_one

    def fails(scene, frame, *more):
        tried.append((frame, scene.cycles.device, scene.cycles.denoising_use_gpu))
        if scene.cycles.device == "GPU":
            raise frames.RenderError(f"frame {frame}: Blender could not render it (out of GPU memory)")
        render(scene, frame, *more)

    monkeypatch.setattr(frames, "_render_one", fails)
    return tried


def test_a_card_that_fails_leaves_the_rest_to_the_cpu(cycles, failing, tiny, capsys):
    there = cycles(*L4, kind="NONE", ticked=["CPU"])
    out = tiny.parent / "frames"
    command = ["render", str(tiny), "-o", str(out), "--frames", "2-3", "--device", "cuda:1"]
    assert cli.run(command) == 0
    assert failing == [(2, "GPU", True), (2, "CPU", False), (3, "CPU", False)]
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"rendering on NVIDIA L4 1 (CUDA); {devices.FIRST_RENDER}"
    (told,) = [line for line in said if "out of GPU memory" in line]
    assert told.endswith("that was on NVIDIA L4 1 (CUDA): going on with the CPU")
    assert there.compute_device_type == "NONE" and there.used() == ["CPU"]  # as the user had it


def test_what_a_card_reports_again_and_again_is_told_once():
    full = "Error: Out of memory in CUDA queue enqueue (integrator_shade_surface)\n"
    assert reported(RuntimeError(2 * full)) == full.removeprefix("Error: ").strip()
    assert reported(RuntimeError(full + "Error: Failed")).endswith("surface); Failed")
    assert reported(RuntimeError("")) == ""


def test_a_card_that_fails_stops_the_job_where_that_is_asked_for(cycles, failing, tiny, capsys):
    cycles(*L4)
    out = tiny.parent / "a.png"
    words = ["render", str(tiny), "-o", str(out), "--device", "cuda", "--if-device-fails", "stop"]
    assert cli.run(words) == 1 and not out.exists() and len(failing) == 1
    assert "render without a card by --device cpu" in capsys.readouterr().err
    words[5] = "hip"
    assert cli.run(words) == 2 and "no HIP card here" in capsys.readouterr().err


def test_the_device_is_no_part_of_a_picture_s_mark(cycles, tiny, capsys):
    cycles()
    command = ["render", str(tiny), "-o", str(tiny.parent / "a.png"), "--size", "32x32"]
    assert cli.run([*command, "--device", "auto"]) == 0
    assert cli.run([*command, "--device", "cpu"]) == 0 and "up to date" in capsys.readouterr().out


def test_the_command_devices(cycles, capsys):
    cycles(*L4X)
    assert cli.run(["devices"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "optix:0    NVIDIA L4 0"
