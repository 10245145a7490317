"""What is too large is refused by what is declared, before anything is read or made."""

import tracemalloc

import numpy as np
import pytest
from from_tables import scene_from
from matrix_cinema import memory
from matrix_cinema.description import matrices
from matrix_cinema.errors import InputError
from matrix_cinema.formats import safetensors
from matrix_cinema.staging import limits
from matrix_cinema.staging.plan import plan

GB = 10**9


def scene(expression, **given):
    return scene_from({"expression": expression, "matrices": given})


def made(*shape):
    return {"init": "normal", "shape": list(shape)}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (scene("A", A={"init": "eye", "shape": [1048576, 1, 16]}), "1,048,576 matrices by its leading axes"),
        (scene("A @ B", A=made(900, 2, 2), B=made(900, 2, 2)), "makes 2,700 matrices of its heads"),
        (scene("A @ B @ C", **{name: made(8192, 8192) for name in "ABC"}), "335,544,320 elements"),
        (scene("A @ B", A=made(1, 2**26), B=made(2**26, 1)), "134,217,729 elements"),
        (scene("A @ B", A=made(2600, 2600), B=made(2600, 2600)), "takes 17,596,280,000 operations"),
        (scene("concat(A, A, axis=0) @ B", A=made(9999, 2), B=made(2, 3000)), "60,059,994 elements"),
    ],
)
def test_sizes_are_checked_before_anything_is_made(asked, message, monkeypatch):
    monkeypatch.setattr(limits, "available_memory", lambda: 8 * GB)
    monkeypatch.setattr(matrices.OpenedMatrix, "load", lambda self: pytest.fail("a matrix was made"))
    tracemalloc.start()
    with pytest.raises(InputError, match=message):
        plan(asked)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 0.2 * GB


def test_files_are_measured_by_their_headers(tmp_path, monkeypatch):
    """Eight-bit floats and archives are many times larger in memory than in the file."""
    monkeypatch.setattr(limits, "available_memory", lambda: 1 * GB)
    zeros = np.zeros((4096, 2048), np.uint8)
    np.savez_compressed(tmp_path / "a.npz", A=zeros)
    np.save(tmp_path / "a.npy", zeros)
    safetensors.write(tmp_path / "a.safetensors", {"A": zeros}, {})
    for kind in ("npz", "npy", "safetensors"):
        monkeypatch.setattr(matrices.OpenedMatrix, "load", lambda self: pytest.fail("a matrix was made"))
        with pytest.raises(InputError, match="elements, which need about"):
            plan(scene("A + A.T", A={"file": str(tmp_path / f"a.{kind}"), "slices": ["0:2048"]}))


def test_declared_shapes_are_those_of_what_is_read(tmp_path):
    arrays = {"A": np.arange(48.0).reshape(2, 3, 2, 4), "B": np.arange(6, dtype=np.uint8).reshape(2, 3)}
    np.savez(tmp_path / "a.npz", **arrays)
    safetensors.write(tmp_path / "a.safetensors", arrays, {})
    for kind in ("npz", "safetensors"):
        for spec in (
            {"tensor": "A", "index": [1], "axis_order": [2, 0, 1], "slices": ["1:", "::2"]},
            {"tensor": "A"},
            {"tensor": "B", "slices": [":", "1:2"]},
        ):
            asked = scene("A", A=spec | {"file": str(tmp_path / f"a.{kind}")})
            (found,) = matrices.open_matrices(asked, ["A"], None).values()
            assert found.declared.values.shape == found.load().values.shape
            assert not any(found.declared.values.strides), "a stand-in takes no memory"


def test_what_a_group_or_a_limit_leaves_counts(tmp_path, monkeypatch):
    texts = {
        "/proc/meminfo": "MemTotal: 64000000 kB\nMemAvailable: 32000000 kB\n",
        "/proc/self/status": "VmSize: 3000000 kB\nVmData: 1000000 kB\n",
    }
    monkeypatch.setattr(memory, "_text", lambda path: texts.get(str(path), ""))
    assert memory.available_memory() == 32_768_000_000
    groups = tmp_path
    monkeypatch.setattr(memory, "_GROUPS", groups)
    # The version of today, in a container: its limit is that of the root.
    texts |= {
        "/proc/self/cgroup": "0::/docker/abc\n",
        f"{groups}/memory.max": "8000000000\n",
        f"{groups}/memory.current": "3000000000\n",
        f"{groups}/memory.stat": "anon 1\ninactive_file 1000000000\n",
    }
    assert memory.available_memory() == 6 * GB
    texts[f"{groups}/docker/abc/memory.max"] = "max\n"
    texts[f"{groups}/docker/memory.max"] = "5000000000"
    texts[f"{groups}/docker/memory.current"] = "1000000000"
    assert memory.available_memory() == 4 * GB
    # The version before.
    texts["/proc/self/cgroup"] = "5:cpu,cpuacct:/a\n4:memory:/a\n0::/b\n"
    del texts[f"{groups}/memory.max"]
    texts[f"{groups}/memory/a/memory.limit_in_bytes"] = "3000000000"
    texts[f"{groups}/memory/a/memory.usage_in_bytes"] = "1000000000"
    texts[f"{groups}/memory/a/memory.stat"] = "total_inactive_file 500000000"
    texts[f"{groups}/memory/memory.limit_in_bytes"] = "9223372036854771712"
    texts[f"{groups}/memory/memory.usage_in_bytes"] = "1"
    assert memory.available_memory() == 2.5 * GB
    resource = pytest.importorskip("resource")
    most = {resource.RLIMIT_AS: 4_000_000_000, resource.RLIMIT_DATA: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (most[which], resource.RLIM_INFINITY))
    assert memory.available_memory() == 4_000_000_000 - 3_072_000_000
    most[resource.RLIMIT_DATA] = 1_024_000_000
    assert memory.available_memory() == 0
