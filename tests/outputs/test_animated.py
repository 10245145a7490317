"""Pictures that move, read back by another program: every frame, how long it stays, and its colours."""

import io
from fractions import Fraction

import numpy as np
import pytest
from matrix_cinema.errors import InputError
from matrix_cinema.outputs.animated import apng, gif, webp
from PIL import Image

pytestmark = pytest.mark.one_blender

SIZE = (60, 40)
SEEN = [0, 1, 3, 4]  # the frames of `pictures` that differ from the one before


@pytest.fixture
def pictures():
    """A gradient in which a square moves; it stands still once."""
    down, across = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    ground = np.stack([150 + across, 100 + 2 * down, 200 - across], axis=-1).astype(np.uint8)
    made = []
    for left in (3, 9, 9, 20, 41):
        made.append(ground.copy())
        made[-1][10:20, left : left + 12] = (230, 40, 20)
    return made


@pytest.fixture
def files(pictures, tmp_path):
    for n, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{n:04d}.png")
    return sorted(tmp_path.glob("*.png"))


def read_back(data):
    """(pictures, milliseconds) of a file, as Pillow reads it."""
    image = Image.open(io.BytesIO(data))
    assert image.size == SIZE and image.info.get("loop") == 0
    shown, times = [], []
    for n in range(image.n_frames):
        image.seek(n)
        image.load()
        shown.append(np.asarray(image.convert("RGB")))
        times.append(image.info.get("duration"))
    return shown, times


def test_an_apng_loses_nothing(pictures, files):
    shown, times = read_back(apng(files, Fraction(24000, 1001)))
    assert [np.array_equal(one, pictures[n]) for one, n in zip(shown, SEEN, strict=True)] == [True] * 4
    each = 1001 / 24
    assert times == pytest.approx([each, 2 * each, each, each])


def test_a_frame_of_an_apng_stays_for_as_long_as_its_numbers_allow(files):
    """Times are fractions of 16 bits: 100 frames of 1001/24000 s are two parts of one picture."""
    shown, times = read_back(apng([files[0]] * 100, Fraction(24000, 1001)))
    assert sum(times) == pytest.approx(100 * 1001 / 24, rel=1e-4) and len(shown) == 2


def test_what_is_no_frame_of_an_apng_is_named(files):
    files[2].write_bytes(files[2].read_bytes()[:-9])
    with pytest.raises(InputError, match=r"0002.png: is no whole PNG like 0000.png"):
        apng(files, Fraction(24))


def test_a_gif_keeps_its_colours_and_its_time(pictures):
    shown, times = read_back(gif(pictures, Fraction(24)))
    for one, n in zip(shown, SEEN, strict=True):
        assert np.abs(one.astype(int) - pictures[n]).mean() < 4
    assert times == [40, 80, 50, 40]  # in hundredths of a second, and none is lost: 5 frames are 210
    still = pictures[0][25:, :], shown[0][25:, :]
    assert np.array_equal(shown[1][25:, :], still[1])  # what does not move does not flicker


def test_a_gif_of_noise_has_every_code_of_its_packing():
    """Packing begins anew where its table is full: every pixel has to come back where it was."""
    noise = np.random.default_rng(1).integers(0, 4, (SIZE[1] * 3, SIZE[0] * 5, 1), dtype=np.uint8)
    picture = np.repeat(noise * 85, 3, axis=2)
    image = Image.open(io.BytesIO(gif([picture], Fraction(10))))
    assert np.abs(np.asarray(image.convert("RGB")).astype(int) - picture).max() <= 2


def test_a_webp_has_each_frame_as_it_was_encoded(pictures):
    stills = []
    for picture in pictures:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "WEBP", lossless=True)
        stills.append(file.getvalue())
    shown, times = read_back(webp(stills, SIZE, Fraction(24), alpha=False))
    assert [np.array_equal(one, pictures[n]) for one, n in zip(shown, SEEN, strict=True)] == [True] * 4
    assert sum(map(len, stills)) > 0 and (times[0] is None or sum(times) == 208)
