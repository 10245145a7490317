"""The safetensors reader and writer: against the library's own, and against damaged files."""

import json
import os
import random
import stat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matrix_cinema.errors import InputError
from matrix_cinema.formats import safetensors as ours

library = pytest.importorskip("safetensors.numpy", reason="NO ORACLE: pip install safetensors")

DTYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", "c8")
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8).filter(
    lambda name: name != "__metadata__"
)
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)


def build(header, data=b"", length=None):
    """The bytes of a file with this header, a table or raw bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(shape=(2,), begin=0, end=8, dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


@settings(max_examples=100)
@given(st.dictionaries(NAMES, ARRAYS, max_size=4), st.dictionaries(st.text(max_size=3), st.just("é")))
def test_round_trip_and_the_library_reads_the_same(tmp_path_factory, arrays, metadata):
    path = tmp_path_factory.mktemp("st") / "x.safetensors"
    try:
        ours.write(path, arrays, metadata)
    except InputError:
        assert any("\ud800" <= c <= "\udfff" for text in metadata for c in text)
        return
    tensors, found = ours.read(path)
    theirs = library.load_file(path)
    assert found == metadata and set(tensors) == set(arrays) == set(theirs)
    for name, array in arrays.items():
        for read in (tensors[name], theirs[name]):
            assert read.dtype == array.dtype and read.shape == array.shape
            assert read.tobytes() == np.ascontiguousarray(array).tobytes()
    for name in tensors:
        assert not tensors[name].flags.writeable


def test_reads_what_the_library_wrote(tmp_path):
    arrays = {str(n): np.arange(24).reshape(2, 3, 4).astype(dtype) for n, dtype in enumerate(DTYPES)}
    library.save_file(arrays, tmp_path / "x", metadata={"a": "b"})
    tensors, metadata = ours.read(tmp_path / "x")
    assert metadata == {"a": "b"}
    for name, array in arrays.items():
        assert tensors[name].dtype == array.dtype
        assert np.array_equal(tensors[name], array)


@pytest.mark.parametrize(
    ("dtype", "code", "value"),
    [
        ("BF16", 0x3FC0, 1.5),
        ("BF16", 0xC2F7, -123.5),
        ("F8_E4M3", 0x7E, 448.0),
        ("F8_E4M3", 0x01, 2.0**-9),
        ("F8_E4M3", 0xFF, np.nan),
        ("F8_E5M2", 0x7B, 57344.0),
        ("F8_E5M2", 0xFC, -np.inf),
        ("F8_E5M2", 0x01, 2.0**-16),
        ("F8_E4M3FNUZ", 0x80, np.nan),
        ("F8_E4M3FNUZ", 0x7F, 240.0),
        ("F8_E5M2FNUZ", 0x7F, 57344.0),
        ("F8_E8M0", 0x80, 2.0),
        ("F8_E8M0", 0xFF, np.nan),
    ],
)
def test_widens_small_floats(tmp_path, dtype, code, value):
    """The largest, smallest and special values of each format, from their specifications."""
    data = code.to_bytes(2 if dtype == "BF16" else 1, "little")
    (tmp_path / "x").write_bytes(build({"a": entry((), 0, len(data), dtype)}, data))
    tensors, _ = ours.read(tmp_path / "x")
    assert tensors["a"].dtype == np.float32
    assert np.array_equal(tensors["a"], value, equal_nan=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"1234567", "too few"),
        (b"\xff" * 8, "header it announces is too long"),
        (build(b"{}", length=3), "header it announces is too long"),
        (build(b"[]"), "not a JSON table"),
        (build(b'{"a":'), "breaks the format"),
        (build(b'{"a": NaN}'), "NaN"),
        (build(b"{" + b'"a":{' * 100_000), "breaks the format"),
        (build(b'{"a":' + b"9" * 5000 + b"}"), "breaks the format"),
        (build(b'{"\xff": 1}'), "UTF-8"),
        (build(b'{"\\ud800": 1}'), "UTF-8"),
        (build(b'{"a":1,"a":2}'), "twice"),
        (build({"__metadata__": {"a": 1}}), "table of texts"),
        (build({"__metadata__": []}), "table of texts"),
        (build({"a": 1}), "expected dtype"),
        (build({"a": entry() | {"more": 1}}, b"12345678"), "expected dtype"),
        (build({"a": entry(dtype="F31")}, b"12345678"), "unknown dtype"),
        (build({"a": entry(dtype=[])}, b"12345678"), "unknown dtype"),
        (build({"a": entry([-1])}, b"12345678"), "not a list"),
        (build({"a": entry([2.0])}, b"12345678"), "not a list"),
        (build({"a": entry([True, 2])}, b"12345678"), "not a list"),
        (build({"a": entry([2**64])}, b"12345678"), "not a list"),
        (build({"a": entry([1] * 33, 0, 4)}, b"1234"), "at most 32"),
        (build({"a": entry([2**31, 2**31, 4])}, b"12345678"), "takes"),
        (build({"a": entry([2], 8, 0)}, b"12345678"), "takes"),
        (build({"a": entry([2], 0, 12)}, b"123456789012"), "takes"),
        (build({"a": entry([2], "0", 8)}, b"12345678"), "pair"),
        (build({"a": entry([2])}, b"1234567"), "cut short"),
        (build({"a": entry([2])}, b"123456789"), "belong to no tensor"),
        (build({"a": entry([2], 4, 12)}, b"123456789012"), "hole"),
        (build({"a": entry(), "b": entry([2], 4, 12)}, b"123456789012"), "overlaps"),
        (build({"a": entry(), "b": entry()}, b"12345678"), "overlaps"),
    ],
)
def test_refuses(tmp_path, content, message):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        ours.read(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert len(str(caught.value)) < 400


def test_refuses_what_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    messages = {".": "folder", "no": "no such file", "pipe": "regular", "a\0b": "cannot be read"}
    for name, message in messages.items():
        with pytest.raises(InputError, match=message):
            ours.read(tmp_path / name)


def test_bool_bytes_are_checked(tmp_path):
    (tmp_path / "x").write_bytes(build({"a": entry([2], 0, 2, "BOOL")}, b"\x01\x02"))
    tensors, _ = ours.read(tmp_path / "x")
    with pytest.raises(InputError, match="BOOL"):
        tensors["a"]


def test_unknown_tensor_names_the_nearest_or_all(tmp_path):
    ours.write(tmp_path / "x", {"query": np.zeros(1), "key": np.zeros(1)}, {})
    tensors, _ = ours.read(tmp_path / "x")
    with pytest.raises(InputError, match='did you mean "query"'):
        tensors["quary"]
    with pytest.raises(InputError, match="tensors: key, query"):
        tensors["values"]


def test_written_with_the_umask_and_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.safetensors"
    old = os.umask(0o027)
    try:
        ours.write(path, {"a": np.zeros(3), "b": np.ones(2)}, {"z": "1", "a": "2"})
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    before = path.read_bytes()
    ours.write(path, {"b": np.ones(2), "a": np.zeros(3)}, {"a": "2", "z": "1"})
    assert path.read_bytes() == before, "the same input must give the same bytes"
    for tensors, metadata in (
        ({"a": np.zeros(1, "longdouble")}, {}),
        ({"a": np.array(["x"])}, {}),
        ({"__metadata__": np.zeros(1)}, {}),
        ({"a": np.zeros(1)}, {"a": 1}),
        ({"\ud800": np.zeros(1)}, {}),
    ):
        with pytest.raises(InputError):
            ours.write(path, tensors, metadata)
    with pytest.raises(InputError, match="cannot be written"):
        ours.write(tmp_path / "no" / "x", {}, {})
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["x.safetensors"]


def test_ten_thousand_damaged_files(tmp_path):
    """Whatever is done to a file: refused in one line, or read as the library reads it."""
    path = tmp_path / "x.safetensors"
    rng = random.Random(7)
    arrays = {"a": np.arange(6, dtype="f4").reshape(2, 3), "b": np.array([True, False]), "c": np.zeros(0)}
    ours.write(path, arrays, {"note": "x"})
    good = path.read_bytes()
    header = 8 + int.from_bytes(good[:8], "little")
    accepted = 0
    for _ in range(10_000):
        bad = bytearray(good)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            at = rng.randrange(len(bad)) if rng.random() < 0.2 else rng.randrange(min(header, len(bad)))
            kind = rng.randrange(5)
            if kind == 0:
                bad[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                bad[at : at + 1] = rng.choice((b"", b"9", b'"', b"-", b"{", b"[", b",", b"0"))
            elif kind == 2:
                del bad[at : at + rng.randrange(1, 20)]
            elif kind == 3:
                bad[at:at] = bad[: rng.randrange(20)]
            else:
                other = rng.randrange(len(bad))
                bad[at], bad[other] = bad[other], bad[at]
            if not bad:
                break
        path.write_bytes(bad)
        try:
            tensors, _ = ours.read(path)
            read = {name: tensors[name] for name in tensors}
        except InputError as error:
            assert "\n" not in str(error)
            continue
        accepted += 1
        theirs = library.load(bytes(bad))
        assert set(theirs) == set(read)
        for name, array in theirs.items():
            assert array.dtype == read[name].dtype and array.shape == read[name].shape
            assert array.tobytes() == read[name].tobytes()
    assert 100 < accepted < 9000, "the damage must be neither harmless nor hopeless"
