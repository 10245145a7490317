"""The colour profile of stills: another program takes it for sRGB, and changes no colour."""

import io

import pytest
from matrix_cinema.outputs.png_file import SRGB, profile_chunk
from PIL import Image, ImageCms

pytestmark = pytest.mark.one_blender


def test_the_profile_is_srgb_to_the_last_bit():
    profile = ImageCms.ImageCmsProfile(io.BytesIO(SRGB.read_bytes()))
    assert "sRGB" in ImageCms.getProfileName(profile)
    steps = range(0, 256, 15)
    colors = bytes(channel for r in steps for g in steps for b in steps for channel in (r, g, b))
    picture = Image.frombytes("RGB", (len(colors) // 3, 1), colors)
    shown = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    assert max(abs(a - b) for a, b in zip(picture.tobytes(), shown.tobytes(), strict=True)) <= 1


def test_the_chunk_is_what_a_png_has():
    kind, content = profile_chunk()
    assert kind == b"iCCP" and content.startswith(b"sRGB\0\0")
