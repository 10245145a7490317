"""The side panel in a real Blender with a window: only where one is given, see tests/window/README.md."""

import os
import subprocess
import sys

import pytest
from paths import ROOT

BLENDER = os.environ.get("MATRIX_CINEMA_BLENDER_UI")


@pytest.mark.skipif(not BLENDER, reason="MATRIX_CINEMA_BLENDER_UI does not name a Blender with a window")
def test_the_mouse_builds_the_example_and_scrubs_it(tmp_path):
    package = tmp_path / "matrix_cinema.zip"
    subprocess.run(
        [BLENDER, "--command", "extension", "build", "--source-dir", ROOT, "--output-filepath", package],
        check=True,
    )
    walk, scene = ROOT / "tests" / "window" / "walk.py", ROOT / "examples" / "attention_head.toml"
    walked = subprocess.run(
        [sys.executable, walk, package, tmp_path / "pictures", "--blender", BLENDER, "--scene", scene]
    )
    assert walked.returncode == 0
