"""What all tests share: Blender without the user's settings, no network, an end that does not hang."""

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import hypothesis
import pytest
from paths import ROOT

# Before anything imports bpy, which reads it once.
_resources = tempfile.mkdtemp(prefix="matrix-cinema-tests-")
os.environ["BLENDER_USER_RESOURCES"] = _resources
# A card's pictures are not equal to the last digit, and it takes minutes to begin: tests render on the CPU.
os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}
# Tests open files that they made: no second Blender has to survive each of them first.
os.environ["MATRIX_CINEMA_WATCHED"] = "1"
_status = 0
hypothesis.settings.register_profile("tests", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("tests")


def pytest_sessionfinish(exitstatus):
    global _status
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    """Blender 4.5's module hangs at Python's own exit once handlers or classes were registered."""
    shutil.rmtree(_resources, ignore_errors=True)
    if "bpy" in sys.modules:
        from matrix_cinema.outputs.interrupt import end_process

        end_process(_status)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """A test that would reach out fails."""
    connect = socket.socket.connect

    def refuse(self, address):
        if self.family != getattr(socket, "AF_UNIX", None):
            raise OSError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def factory():
    """The bpy module with an empty file, as after the start of a Blender that was never set up."""
    bpy = pytest.importorskip("bpy")
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return bpy


@pytest.fixture(scope="module")
def registered():
    """The panel, while the tests of a module run."""
    pytest.importorskip("bpy")
    from matrix_cinema import ui

    ui.register()
    yield
    ui.unregister()


@pytest.fixture
def tiny(tmp_path):
    """A copy of the scene file tests/tiny.toml in a folder of its own."""
    return Path(shutil.copy(ROOT / "tests" / "tiny.toml", tmp_path))
