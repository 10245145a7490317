"""Stills, frames and films: what is rendered, what is kept, what a film holds, how an interrupt ends."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest
from matrix_cinema.cli import commands as cli
from paths import ROOT
from PIL import Image

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.usefixtures("factory")
FRAMES, DIFFERENT = 12, 10  # the last two look like the one before them


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of the tiny scene and its folder of frames, made once."""
    folder = tmp_path_factory.mktemp("film")
    scene = folder / "tiny.toml"
    scene.write_text((ROOT / "tests" / "tiny.toml").read_text())
    assert cli.run(["render", str(scene), "-o", str(folder / "a.mp4"), "--quiet"]) == 0
    return folder


def times(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def rendered(capsys):
    """How many frames the last command says that it rendered."""
    return int(re.search(r"(\d+) rendered now", capsys.readouterr().out)[1])


def test_a_still_has_the_asked_size_and_is_made_once(tiny, capsys):
    out = tiny.parent / "new" / "still.png"
    assert cli.run(["render", str(tiny), "-o", str(out), "--size", "50x41"]) == 0
    assert Image.open(out).size == (50, 41)
    assert "RenderTime" not in Image.open(out).info
    before = times(out.parent)
    assert list(before) == ["still.png"]
    capsys.readouterr()
    assert cli.run(["render", str(tiny), "-o", str(out), "--size", "50x41"]) == 0
    assert "is up to date" in capsys.readouterr().out and times(out.parent) == before


@pytest.mark.one_blender
def test_a_still_of_another_job_is_rendered_anew(tiny, capsys):
    out = tiny.parent / "still.png"
    command = ["render", str(tiny), "-o", str(out), "--size", "32x32"]
    assert cli.run(command) == 0
    for change in (["--size", "52x40"], ["--samples", "2"], ["--frame", "3"], ["--style", "paper"]):
        before = out.read_bytes()
        capsys.readouterr()
        assert cli.run([*command, *change]) == 0
        assert "up to date" not in capsys.readouterr().out and out.read_bytes() != before, change


def test_a_film_can_be_read_and_has_every_frame(film):
    clip = bpy.data.movieclips.load(str(film / "a.mp4"))
    assert (tuple(clip.size), clip.frame_duration, clip.fps) == ((64, 36), FRAMES, 24.0)
    assert sorted(path.name for path in (film / "a.frames").iterdir()) == [
        *(f"{n:04d}.png" for n in range(1, FRAMES + 1)),
        "frames.json",
    ]
    head = (film / "a.mp4").read_bytes()
    assert b"avc1" in head  # H.264


def test_a_film_shows_the_colours_of_its_frames(film):
    """No second tone mapping: the mean colour of a film's frame is that of the picture."""
    movie = bpy.data.images.load(str(film / "a.mp4"))
    pixels = list(movie.pixels)
    picture = Image.open(film / "a.frames" / "0001.png").convert("RGB")
    for channel in range(3):
        shown = 255 * sum(pixels[channel::4]) / (len(pixels) / 4)
        values = picture.getchannel(channel).tobytes()
        assert shown == pytest.approx(sum(values) / len(values), abs=3)


def test_a_film_that_is_finished_is_not_made_again(film, capsys):
    before = times(film) | times(film / "a.frames")
    assert cli.run(["render", str(film / "tiny.toml"), "-o", str(film / "a.mp4")]) == 0
    assert "is up to date" in capsys.readouterr().out
    assert times(film) | times(film / "a.frames") == before


def test_only_missing_and_damaged_frames_are_rendered(film, capsys):
    frames, whole = film / "a.frames", (film / "a.mp4").read_bytes()
    (frames / "0003.png").unlink()
    damaged = bytearray((frames / "0005.png").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (frames / "0005.png").write_bytes(damaged)
    (frames / "0007.png").write_bytes(b"no PNG at all")
    (film / "a.mp4").write_bytes(whole[:100] + bytes(50) + whole[150:])  # so is the film
    before = times(frames)
    assert cli.run(["render", str(film / "tiny.toml"), "-o", str(film / "a.mp4")]) == 0
    told = capsys.readouterr()
    assert "3 rendered now" in told.out and "2 frames there are damaged" in told.err
    after = times(frames)
    assert {name for name in after if after[name] != before.get(name)} == {"0003.png", "0005.png", "0007.png"}
    assert bpy.data.movieclips.load(str(film / "a.mp4")).frame_duration == FRAMES


def test_copies_of_equal_frames_do_not_count_as_rendered(tiny, capsys, monkeypatch):
    from matrix_cinema.outputs import frames

    made, picture = [], frames.Rendering.picture
    seen = lambda self, n, *more: made.append(n) or picture(self, n, *more)  # noqa: E731
    monkeypatch.setattr(frames.Rendering, "picture", seen)
    out = tiny.parent / "frames"
    assert cli.run(["render", str(tiny), "-o", str(out)]) == 0
    assert rendered(capsys) == len(made) == DIFFERENT and len(list(out.glob("*.png"))) == FRAMES


def test_a_frame_tells_of_its_progress_without_tiles(tiny):
    """Tiles go through a file on the disk, and make a frame of a film a tenth dearer."""
    from matrix_cinema.outputs import frames

    cli.run(["build", str(tiny), "-o", str(tiny.parent / "a.blend")])
    settings, said = frames.Settings(64, 64, samples=16), []
    with frames.handler_of(bpy.app.handlers.render_stats, lambda text, *_: said.append(str(text))):
        frames.render_still(bpy.context.scene, tiny.parent / "a.png", 1, settings, "0" * 64)
    parts = {frames.frame_part(text) for text in said}
    assert max(parts) == 0.99 and len(parts) >= 3 and not any("Tiles" in text for text in said)


@pytest.mark.one_blender
@pytest.mark.parametrize(
    "text, part",
    [
        ("Fra:1 Mem:8.39M | Time:00:00.26 | Scene, ViewLayer | Sample 3/4", 0.75),
        ("Mem: 5M | Rendered 14/15 Tiles, Sample 32/64", 14.5 / 15),
        ("Mem: 2M | Sample 4/4", 1.0),
        ("Mem: 0M | Synchronizing object | Cube", 0.0),
    ],
)
def test_the_part_of_a_frame_that_is_done(text, part):
    from matrix_cinema.outputs.frames import frame_part

    assert frame_part(text) == pytest.approx(0.99 * part)


@pytest.mark.one_blender
def test_frames_of_another_job_are_rendered_anew_and_it_says_so(tiny, capsys):
    out = tiny.parent / "frames"
    command = ["render", str(tiny), "-o", str(out), "--frames", "2-4"]
    assert cli.run(command) == 0 and rendered(capsys) == 3
    assert cli.run(command) == 0 and rendered(capsys) == 0
    assert cli.run(["render", str(tiny), "-o", str(out), "--frames", "2-6"]) == 0 and rendered(capsys) == 2
    tiny.write_text(tiny.read_text().replace("[3, 4]", "[2, 4]"))
    assert cli.run(command) == 0
    told = capsys.readouterr()
    assert "3 frames there are of another job" in told.err and "3 rendered now" in told.out


def test_a_blend_is_known_by_its_own_bytes(tiny, capsys):
    blend, out = tiny.parent / "a.blend", tiny.parent / "frames"
    assert cli.run(["build", str(tiny), "-o", str(blend)]) == 0
    command = ["render", str(blend), "-o", str(out), "--frames", "1-2"]
    assert cli.run(command) == 0 and rendered(capsys) == 2
    assert cli.run(command) == 0 and rendered(capsys) == 0
    tiny.write_text(tiny.read_text() + 'title = "another"\n')
    assert cli.run(["build", str(tiny), "-o", str(blend)]) == 0
    assert cli.run(command) == 0 and rendered(capsys) == 2


def test_a_frame_is_the_same_alone_and_in_a_film(film):
    """What Cycles keeps between the frames of a film changes nothing."""
    out = film / "alone"
    assert cli.run(["render", str(film / "tiny.toml"), "-o", str(out), "--frames", "7-7"]) == 0
    alone, within = (Image.open(folder / "0007.png").tobytes() for folder in (out, film / "a.frames"))
    assert alone == within


def test_frames_of_one_picture_are_rendered_once(tiny, monkeypatch):
    """Nothing moves at the end: each of these frames is what it would be if it were rendered."""
    from matrix_cinema.outputs import frames

    rendered, render = [], frames._render_one
    monkeypatch.setattr(frames, "_render_one", lambda *words: (rendered.append(words[1]), render(*words)))
    out, alone = tiny.parent / "frames", tiny.parent / "alone"
    assert cli.run(["render", str(tiny), "-o", str(out)]) == 0
    still = [n for n in range(1, FRAMES + 1) if n not in rendered]
    assert still == list(range(min(still), FRAMES + 1)) and len(still) >= 2
    assert cli.run(["render", str(tiny), "-o", str(alone), "--frames", f"{FRAMES}-{FRAMES}"]) == 0
    name = f"{FRAMES:04d}.png"
    assert (alone / name).read_bytes() == (out / name).read_bytes()  # its mark, too
    assert Image.open(out / "0003.png").tobytes() != Image.open(out / "0004.png").tobytes()


def test_the_size_of_a_film_is_made_even(tiny):
    out = tiny.parent / "odd.mp4"
    assert cli.run(["render", str(tiny), "-o", str(out), "--size", "33x31", "--frames", "1-2"]) == 0
    assert tuple(bpy.data.movieclips.load(str(out)).size) == (34, 32)


def test_progress_as_json_covers_the_whole_job(tiny, capfd):
    out = tiny.parent / "frames"
    assert cli.run(["render", str(tiny), "-o", str(out), "--frames", "1-3", "--json-progress"]) == 0
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert {line["job"] for line in told} == {"rendering"}
    done = [line["done"] for line in told]
    assert done == sorted(done) and done[-1] == told[-1]["total"] == 3


def test_blender_itself_says_nothing(tiny, capfd):
    out = tiny.parent / "still.png"
    assert cli.run(["render", str(tiny), "-o", str(out), "--quiet"]) == 0
    assert cli.run(["build", str(tiny), "-o", str(tiny.parent / "a.blend")]) == 0
    told = capfd.readouterr()
    assert told.err == "" and told.out == f"{tiny.parent / 'a.blend'}\n"


@pytest.mark.one_blender
@pytest.mark.parametrize("frames", ["0-3", "5-99"])
def test_frames_that_the_scene_has_not(tiny, frames, capsys):
    out = tiny.parent / "frames"
    assert cli.run(["render", str(tiny), "-o", str(out), "--frames", frames]) == 2
    assert f"frames 1 to {FRAMES}" in capsys.readouterr().err and not out.exists()


def test_a_blend_that_was_cut_short_is_noticed(tiny):
    """Blender 4.5 and 5.0 report it as saved when the disk was full."""
    from matrix_cinema.outputs import blend_file

    path = tiny.parent / "a.blend"
    assert cli.run(["build", str(tiny), "-o", str(path)]) == 0
    assert blend_file._ends_well(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert not blend_file._ends_well(path)


def test_a_blend_without_a_camera(tmp_path, capsys):
    path = tmp_path / "empty.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    assert cli.run(["render", str(path), "-o", str(tmp_path / "a.png")]) == 2
    assert "no camera" in capsys.readouterr().err and not (tmp_path / "a.png").exists()


def test_the_settings_of_the_scene_are_put_back(tiny):
    from matrix_cinema.outputs.frames import Settings, render_still

    cli.run(["build", str(tiny), "-o", str(tiny.parent / "a.blend")])
    scene = bpy.context.scene

    def state():
        render = scene.render
        return (
            render.engine,
            render.resolution_x,
            render.resolution_percentage,
            render.filepath,
            render.image_settings.file_format,
            scene.cycles.samples,
            scene.cycles.tile_size,
            scene.frame_current,
            len(bpy.app.handlers.render_stats),
        )

    before = state()
    render_still(scene, tiny.parent / "a.png", 5, Settings(20, 16, 1), "0" * 64)
    assert state() == before


def films_at_once(scene, *commands):
    """Render films at the same time; returns how many frames each process says that it rendered."""
    script = [
        sys.executable,
        str(ROOT / "scripts" / "matrix_cinema.py"),
        "render",
        str(scene),
        "--json-progress",
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([*script, *command], cwd=scene.parent, **pipes) for command in commands]
    made = []
    for process in running:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        made.append(int(re.search(r"(\d+) rendered now", out)[1]))
    return made


@pytest.mark.one_blender
def test_films_of_one_name_made_at_once_do_not_mix(tiny):
    """Two films of the same frames share them; a third has others, and a folder of its own for them."""
    made = films_at_once(
        tiny, ["-o", "a.mp4"], ["-o", "a.mov"], ["-o", "a.webm", "--style", "paper", "--frames", "2-4"]
    )
    assert made[0] + made[1] == DIFFERENT and made[2] == 3  # no frame is rendered twice
    from matrix_cinema.outputs import frames_folder, marks

    folders = sorted(path for path in tiny.parent.iterdir() if path.is_dir())
    assert len(folders) == 2
    for folder in folders:
        job = frames_folder.read_job(folder)
        there = sorted(folder.glob("*.png"))
        assert len(there) == (3 if job.film == "a.webm" else FRAMES)
        for path in there:
            assert marks.read_mark(path) == frames_folder.frame_mark(job, int(path.stem))
        assert len(list(folder.iterdir())) == len(there) + 1  # frames.json; all claims are given back
    for film in ("a.mp4", "a.mov", "a.webm"):
        assert marks.read_mark(tiny.parent / film)
    assert cli.run(["render", str(tiny), "-o", str(tiny.parent / "a.mp4")]) == 0


@pytest.mark.one_blender  # a killed process does nothing more, whichever Blender is in it
@pytest.mark.skipif(sys.platform == "win32", reason="a process there is killed otherwise")
def test_a_killed_film_goes_on_and_nothing_is_left_of_it(tiny, capsys):
    out = tiny.parent / "a.mp4"
    frames = out.with_suffix(".frames")
    command = ["render", str(tiny), "-o", str(out), "--samples", "16", "--size", "160x90", "--quiet"]
    process = subprocess.Popen([sys.executable, "scripts/matrix_cinema.py", *command], cwd=ROOT)
    while not (frames / "0003.png").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert (frames / ".work").exists()
    assert cli.run(command) == 0
    assert {path.name for path in frames.iterdir()} == {
        "frames.json",
        *(f"{n:04d}.png" for n in range(1, 13)),
    }
    assert {path.name for path in tiny.parent.iterdir()} == {"a.mp4", "a.frames", "tiny.toml"}


@pytest.mark.one_blender  # what is kept is told by our files; how each Blender ends is tested below
@pytest.mark.skipif(sys.platform == "win32", reason="a process there gets no SIGINT")
def test_an_interrupted_film_keeps_its_frames_and_goes_on(tiny, capsys):
    out = tiny.parent / "a.mp4"
    frames = out.with_suffix(".frames")
    command = ["render", str(tiny), "-o", str(out), "--samples", "16", "--size", "160x90"]
    process = subprocess.Popen(
        [sys.executable, "scripts/matrix_cinema.py", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    while not (frames / "0003.png").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    kept = times(frames)
    assert kept.pop("frames.json")
    assert 3 <= len(kept) < FRAMES and not out.exists()
    assert all(re.fullmatch(r"\d{4}\.png", name) for name in kept)
    last = err.splitlines()[-1]
    assert f"{len(kept)} of {FRAMES} frames are kept" in last and "run the same command again" in last
    assert "Traceback" not in err

    assert cli.run(command) == 0
    assert rendered(capsys) == max(DIFFERENT - len(kept), 0)
    assert {name: time for name, time in times(frames).items() if name in kept} == kept
    assert out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a process there gets no SIGINT")
def test_an_interrupt_does_not_wait_for_the_frame(tiny):
    """Not even if its parent process ignores interrupts, which a child process inherits."""
    command = [
        "render",
        str(tiny),
        "-o",
        str(tiny.parent / "a.png"),
        "--size",
        "512x512",
        "--samples",
        "4096",
        "--json-progress",
    ]
    process = subprocess.Popen(
        [sys.executable, "scripts/matrix_cinema.py", *command],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    for line in process.stderr:
        if json.loads(line)["done"] > 0:
            break
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    assert time.monotonic() - asked < 15
    assert list(tiny.parent.iterdir()) == [tiny]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
@pytest.mark.parametrize(
    "arguments", [["render", "-o", "a.png", "--size", "256x256"], ["build", "-o", "a.blend"]]
)
def test_a_disk_that_is_full_leaves_no_half_file(tiny, arguments):
    """A limit on the size of a file stands for the full disk: Blender may report success at either."""
    process = on_a_full_disk(tiny.parent, arguments[0], str(tiny), *arguments[1:])
    assert process.returncode == 1, process.stderr
    last = process.stderr.splitlines()[-1]
    assert last.startswith("matrix-cinema: error: ")
    if arguments[0] == "render":
        assert "a.png: the picture was cut short; the disk may be full" in last
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny.toml"]


def on_a_full_disk(folder, *command):
    """A command of ours in a process that cannot write more than a kilobyte into a file. Python writes no
    compiled modules there (-B): cut short, they would be read by every process after this one."""
    code = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)); "
        f"sys.path.insert(0, {str(ROOT / 'scripts')!r}); import matrix_cinema as script; "
        "script.load_package(); from matrix_cinema.cli.start import start; sys.exit(start(sys.argv[1:]))"
    )
    line = [sys.executable, "-B", "-c", code, *command]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such limit there")
def test_a_disk_that_is_full_while_encoding_keeps_the_frames_and_no_half_film(film):
    before = times(film / "a.frames")
    process = on_a_full_disk(film, "encode", "a.frames", "-o", "full.mp4")
    assert process.returncode == 1, process.stderr
    last = process.stderr.splitlines()[-1]
    assert last.endswith("full.mp4: the film was cut short; the disk may be full"), last
    assert not list(film.glob("*full*")) and times(film / "a.frames") == before
