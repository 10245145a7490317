"""The sizes that pictures say they have, against files that other programs wrote."""

import io
import struct

import pytest
from from_tables import scene_from
from hypothesis import given
from hypothesis import strategies as st
from matrix_cinema.errors import InputError
from matrix_cinema.formats.picture import PICTURE_STARTS, kind_of, size_of
from matrix_cinema.look.environment import environment_path
from matrix_cinema.look.styles import style_of
from PIL import Image

EXR = b"\x76\x2f\x31\x01\x02\0\0\0channels\0chlist\0\x01\0\0\0\0dataWindow\0box2i\0\x10\0\0\0"


def written(kind, **options):
    file = io.BytesIO()
    Image.new("RGB", (52, 31)).save(file, kind, **options)
    return file


PICTURES = {
    "PNG": written("PNG"),
    "JPEG": written("JPEG", exif=b"Exif\0\0" + bytes(60_000), icc_profile=bytes(150_000), progressive=True),
    "TIFF": written("TIFF"),
    "TIFF, packed": written("TIFF", compression="tiff_lzw"),
    "TIFF, big end first": io.BytesIO(
        struct.pack(">2sHIH", b"MM", 42, 8, 2) + struct.pack(">2HI2H2HII", 256, 3, 1, 52, 0, 257, 4, 1, 31)
    ),
    "OpenEXR": io.BytesIO(EXR + struct.pack("<4i", -10, 5, 41, 35) + b"end"),
    "Radiance HDR": io.BytesIO(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 31 +X 52\n\x02\x02"),
    "Radiance HDR, turned": io.BytesIO(b"#?RGBE\n\n+X 52 -Y 31\n"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_sizes(name):
    assert kind_of(PICTURES[name]) == name.split(",")[0]
    assert size_of(PICTURES[name]) == (52, 31)


def refusal(folder, content):
    (folder / "sky").write_bytes(content)
    scene = scene_from({"style": {"environment": str(folder / "sky")}})
    with pytest.raises(InputError) as caught:
        environment_path(scene, style_of(scene))
    return str(caught.value)


def test_pictures_that_are_too_large_are_refused_by_their_header(tmp_path):
    png = bytearray(PICTURES["PNG"].getvalue())
    png[16:24] = struct.pack(">2I", 60_000, 60_000)
    assert "60000 x 60000 pixels are too many" in refusal(tmp_path, png)
    exr = EXR + struct.pack("<4i", 0, 0, 2**20, 2**20)
    assert "pixels are too many" in refusal(tmp_path, exr)
    assert "does not say how large" in refusal(tmp_path, EXR + struct.pack("<4i", 5, 5, -5, 9))
    assert "does not say how large" in refusal(tmp_path, PICTURES["JPEG"].getvalue()[:3000])


@given(st.sampled_from([starts[0] for starts in PICTURE_STARTS.values()]), st.binary(max_size=200))
def test_damaged_headers_have_no_size(start, rest):
    size = size_of(io.BytesIO(start + rest))
    assert size is None or len(size) == 2
