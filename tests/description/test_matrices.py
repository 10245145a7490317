"""Where matrices come from: captures, files, values, initialisers; and what is refused."""

import io
import random
import zipfile

import numpy as np
import pytest
from loaded import load_matrices
from matrix_cinema.description.scene import CaptureOptions, MatrixOptions, Scene
from matrix_cinema.errors import InputError
from matrix_cinema.formats import safetensors
from paths import ROOT

DATA = ROOT / "examples/data"
A = np.arange(6, dtype=np.float64).reshape(2, 3)


NO_CAPTURE = CaptureOptions()


def load(spec, folder=".", capture=NO_CAPTURE, name="A"):
    """The one matrix of a scene."""
    scene = Scene(matrices={name: spec}, folder=str(folder), capture=capture)
    return load_matrices(scene, [name], ones)[name]


def ones(spec, shape, seed_key):
    return np.ones(shape) * len(seed_key)


def npz(path, **members):
    """An NPZ file with members given as bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_a_part_of_a_capture_s_matrix_with_its_tokens():
    def q(slices):
        capture = CaptureOptions(file=str(ROOT / "examples/data/minilm.safetensors"), layer=5, heads=(3, 11))
        scene = Scene(capture=capture, matrices={"q": MatrixOptions(tensor="q", slices=slices)})
        return load_matrices(scene, ["q"], None)["q"]

    whole, part = q(()), q(("9:12", "0:4"))
    assert np.array_equal(part.values, whole.values[:, 9:12, :4]) and part.values.shape == (2, 3, 4)
    assert part.row_labels == ("because", "it", "was")
    with pytest.raises(InputError, match="takes nothing of 16 entries"):
        q(("16:17",))


def test_bare_names_come_from_the_scenes_capture():
    scene = Scene(
        capture=CaptureOptions("minilm_layer_5.safetensors", 5, 11),
        matrices={
            "Q": MatrixOptions(tensor="q"),
            "W": MatrixOptions(tensor="W_Q"),
            "s": MatrixOptions(tensor="scores"),
        },
        folder=str(DATA),
    )
    found = load_matrices(scene, ["Q", "W", "s", "v", "b_Q"], ones)
    tensors, _ = safetensors.read(DATA / "minilm_layer_5.safetensors")
    for name, tensor in (("Q", "q"), ("W", "W_Q"), ("v", "v")):
        assert np.array_equal(found[name].values, tensors[f"L5.{tensor}"][11])
        assert found[name].values.dtype == np.float64
    assert found["Q"].row_labels[2] == "animal" and found["Q"].column_labels == ()
    axes = {name: (matrix.row_axis, matrix.column_axis) for name, matrix in found.items()}
    assert axes == {
        "Q": ("query", "head dimension"),
        "v": ("key", "head dimension"),
        "W": ("model dimension", "head dimension"),
        "s": ("query", "key"),
        "b_Q": ("", "head dimension"),
    }
    assert found["s"].row_labels == found["s"].column_labels == found["Q"].row_labels
    assert found["Q"].source == "q of layer 5, head 11"
    assert np.allclose(found["s"].values, tensors["L5.q"][11] @ tensors["L5.k"][11].T, atol=1e-5)


def test_full_names_choose_layer_and_head():
    here = CaptureOptions("minilm.safetensors", 5, 11)
    tensors, _ = safetensors.read(DATA / "minilm.safetensors")
    whole, _ = safetensors.read(DATA / "minilm_layer_5.safetensors")
    for spec, expected in (
        (MatrixOptions(tensor="L3.q"), tensors["L3.q"][11]),
        (MatrixOptions(tensor="L3.q", index=(4,)), tensors["L3.q"][4]),
        (MatrixOptions(tensor="q", index=(4,)), tensors["L5.q"][4]),
        (MatrixOptions(file="minilm_layer_5.safetensors", tensor="L5.x"), whole["L5.x"]),
        (MatrixOptions(file="minilm.safetensors", tensor="L3.q", index=(4,)), tensors["L3.q"][4]),
    ):
        assert np.array_equal(load(spec, DATA, here).values, expected)


def test_axes_are_put_in_order_and_cut(tmp_path):
    array = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    np.save(tmp_path / "a.npy", array)

    def loaded(**spec):
        scene = Scene(folder=str(tmp_path), matrices={"A": MatrixOptions(file="a.npy", **spec)})
        return load_matrices(scene, ["A"], ones)["A"]

    found = loaded(index=(1,), axis_order=(2, 0, 1), slices=("1:4", ":", "-2:"))
    np.testing.assert_array_equal(found.values, array[1].transpose(2, 0, 1)[1:4, :, -2:])
    assert [axis.numbers for axis in found.leading] == [(1, 2, 3)]  # the numbers that they have in the file
    assert list(found.members()) == [(1,), (2,), (3,)]
    np.testing.assert_array_equal(loaded(index=(0, 1), slices=("::2",)).values, array[0, 1, ::2])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            MatrixOptions(file="minilm_layer_5.safetensors", tensor="L5.b_QQ"),
            'has no "b_QQ"; did you mean "b_Q"',
        ),
        (MatrixOptions(tensor="L9.q"), "layer 9 is not in .*; layers: 0, 3, 5"),
        (MatrixOptions(tensor="q", index=(12,)), "head 12 is not in layer 5 .*; heads: 0-11"),
        (MatrixOptions(tensor="q", index=(1, 2)), "needs index"),
        (MatrixOptions(file="minilm_layer_5.safetensors", tensor="L5.x", index=(1,)), "takes no index"),
        (MatrixOptions(tensor="L0.W_Q"), "layer 0 .* has no"),
        (MatrixOptions(file="minilm.safetensors", tensor="q"), "needs its layer"),
        (MatrixOptions(file="minilm.safetensors", tensor="L3.q"), "needs index"),
        (MatrixOptions(file="minilm.safetensors"), "choose one by tensor"),
    ],
)
def test_refuses_what_a_capture_does_not_have(spec, message):
    with pytest.raises(InputError, match=message):
        load(spec, DATA, CaptureOptions("minilm.safetensors", 5, 11))


def test_every_kind_of_file(tmp_path):
    cube = np.stack([A, -A]).astype(np.float32)
    safetensors.write(tmp_path / "many.safetensors", {"a": A, "cube": cube, "row": A[1]}, {})
    safetensors.write(tmp_path / "one.safetensors", {"a": A}, {})
    np.savez_compressed(tmp_path / "many.npz", a=A, cube=cube)
    np.savez(tmp_path / "one.npz", a=A)
    np.save(tmp_path / "a.npy", np.asfortranarray(A))
    np.save(tmp_path / "half.npy", A.astype(">f2"))
    np.save(tmp_path / "cube.npy", cube)
    (tmp_path / "a.csv").write_text('\ufeff0, 1,2\r\n\r\n3,4e0,"5"\n', encoding="utf-8")
    for spec in (
        MatrixOptions(file="many.safetensors", tensor="a"),
        MatrixOptions(file="one.safetensors"),
        MatrixOptions(file="many.safetensors", tensor="cube", index=(0,)),
        MatrixOptions(file="many.npz", tensor="a"),
        MatrixOptions(file="many.npz", tensor="cube", index=(0,)),
        MatrixOptions(file="one.npz"),
        MatrixOptions(file="a.npy"),
        MatrixOptions(file="cube.npy", index=(0,)),
        MatrixOptions(file="half.npy"),
        MatrixOptions(file="a.csv"),
        MatrixOptions(file=str(tmp_path / "a.csv")),
        MatrixOptions(values=((0, 1, 2), (3, 4, 5))),
    ):
        found = load(spec, tmp_path)
        assert np.array_equal(found.values, A) and found.values.dtype == np.float64
    assert np.array_equal(load(MatrixOptions(file="many.safetensors", tensor="row"), tmp_path).values, A[1:])
    assert load(MatrixOptions(file="many.npz", tensor="a"), tmp_path).source == "a of many.npz"


def test_names_in_a_text_file_are_labels(tmp_path):
    (tmp_path / "a.tsv").write_text("\ta\tb\tc\nx\t0,5\t1\t2\ny\t3\t4\t5\n")

    def labels(**spec):
        found = load(MatrixOptions(file="a.tsv", **spec), tmp_path)
        assert found.values.shape == (len(found.row_labels or "x"), len(found.column_labels))
        return "".join(found.row_labels), "".join(found.column_labels)

    assert labels() == ("xy", "abc") and labels(axis_order=(1, 0)) == ("abc", "xy")
    assert labels(slices=("1:", "::2")) == ("y", "ac")
    assert labels(slices=("1:3", ":"), axis_order=(1, 0)) == ("bc", "xy")
    assert labels(column_labels=("p", "q", "r")) == ("xy", "pqr")
    assert load(MatrixOptions(file="a.tsv", index=(1,)), tmp_path).values.tolist() == [[3, 4, 5]]
    (tmp_path / "b.csv").write_text("0,5\n1,5\n")
    assert load(MatrixOptions(file="b.csv", decimal=","), tmp_path).values.tolist() == [[0.5], [1.5]]


def test_initialisers_get_their_name_as_key():
    found = load(MatrixOptions(init="uniform", shape=(2, 3), seed=4), name="abc")
    assert np.array_equal(found.values, np.full((2, 3), 3.0)) and found.source == "uniform, seed 4"


def test_descriptions_override_labels():
    spec = MatrixOptions(values=((1.0, 2.0),), row_axis="r", column_axis="c", column_labels=("x", "y"))
    found = load(spec)
    assert (found.row_axis, found.column_axis, found.row_labels) == ("r", "c", ())
    assert found.column_labels == ("x", "y")
    with pytest.raises(InputError, match="matrix A: 2 row_labels for 1 rows"):
        load(MatrixOptions(values=((1.0, 2.0),), row_labels=("x", "y")))
    tokens = tuple(f"t{n}" for n in range(16))
    relabelled = load(
        MatrixOptions(tensor="q", row_labels=tokens), DATA, CaptureOptions("minilm.safetensors", 5, 11)
    )
    assert relabelled.row_labels == tokens and relabelled.row_axis == "query"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (MatrixOptions(), "no numbers; give tensor, file, values or init"),
        (MatrixOptions(values=((1.0,),), init="eye", shape=(1, 1)), "has values and init; give exactly one"),
        (MatrixOptions(values=((1.0,),), file="a.npy"), "has values and file; give exactly one"),
        (MatrixOptions(init="eye", tensor="q"), "has init and tensor"),
        (MatrixOptions(init="eye"), "needs shape"),
        (MatrixOptions(init="eye", shape=(3,)), "needs shape"),
        (MatrixOptions(init="eye", shape=(3, 0)), "needs shape"),
        (MatrixOptions(init="eye", shape=(10**9, 10**9)), "1000000000 x 1000000000 entries are too many"),
        (MatrixOptions(values=((1.0,),), shape=(1, 1)), "shape goes with init"),
        (MatrixOptions(values=((1.0,),), index=(1,)), "index goes with tensor"),
        (MatrixOptions(values=((1.0,), (1.0, 2.0))), "different lengths: 1, 2"),
        (MatrixOptions(values=((),)), "has 0 entries"),
        (MatrixOptions(tensor="q"), "needs a file"),
        (MatrixOptions(file="x.npy"), "no such file"),
        (MatrixOptions(file="x.dat"), "unknown kind of file; known kinds: .safetensors"),
        (MatrixOptions(file="a.npy", tensor="a"), "holds one matrix"),
        (MatrixOptions(file="one.npz", tensor="b"), 'no tensor "b"; tensors: a'),
        (MatrixOptions(file="one.safetensors", tensor="b"), 'no tensor "b"; tensors: a'),
        (MatrixOptions(file="one.npz", tensor="a", index=(2,)), r"index\[0\] is 2; it must be 0 to 1"),
        (MatrixOptions(file="one.npz", tensor="a", index=(-1,)), r"index\[0\] is -1"),
        (MatrixOptions(file="one.npz", tensor="a", index=(1, 1, 1)), "index has 3 numbers"),
        (MatrixOptions(file="one.npz", tensor="a", index=(1, 1)), "a single number"),
        (
            MatrixOptions(file="deep.npy"),
            r"is 2 x 2 x 2 x 2 x 2, not a matrix; choose by index = \[1 number\]",
        ),
        (
            MatrixOptions(file="cube.npy", axis_order=(0, 1)),
            r"axis_order is \[0, 1\]; expected each of 0 to 2 once",
        ),
        (MatrixOptions(file="cube.npy", axis_order=(0, 1, 1)), r"axis_order is \[0, 1, 1\]"),
        (MatrixOptions(file="cube.npy", slices=(":",) * 4), "slices has 4 texts; the array has only 3"),
        (MatrixOptions(file="cube.npy", slices=("1",)), r'slices\[0\] is "1"; expected start:stop'),
        (MatrixOptions(file="cube.npy", slices=("0:x",)), r'slices\[0\] is "0:x"; expected start:stop'),
        (MatrixOptions(file="cube.npy", slices=("::0",)), "its step must be at least 1"),
        (
            MatrixOptions(file="cube.npy", slices=(":", "2:")),
            r'slices\[1\] is "2:", which takes nothing of 2 entries',
        ),
        (MatrixOptions(values=((1.0,),), slices=("0:1",)), "slices goes with file; use .T and x"),
        (MatrixOptions(file="complex.npy"), "complex128.*, not real"),
        (MatrixOptions(file="object.npy"), "not real|cannot|not an NPY|pickled objects"),
        (MatrixOptions(file="nan.npy"), "matrix A: row 1, column 2 is nan"),
        (MatrixOptions(file="nan.csv"), "matrix A: row 0, column 1 is inf"),
        (MatrixOptions(file="ragged.csv"), "ragged.csv: its commas may separate whole numbers or be"),
        (MatrixOptions(file="word.csv"), "word.csv: line 2, field 1 is text, not a number"),
        (MatrixOptions(file="under.csv"), "under.csv: line 1, field 1 is text"),
        (MatrixOptions(file="blank.csv"), "blank.csv: has no numbers"),
        (MatrixOptions(file="bytes.csv"), "not a text file"),
        (MatrixOptions(file="a.npy", decimal=","), "decimal is for .csv, .tsv, .txt, not for a.npy"),
        (MatrixOptions(file="one.npz", names="both"), "names is for .csv, .tsv, .txt, not for one.npz"),
        (MatrixOptions(file="bad.npz"), "not an NPZ file"),
        (MatrixOptions(file="bomb.npz"), "unpacks to"),
        (MatrixOptions(file="short.npy"), "do not fill"),
        (MatrixOptions(file="liar.npy"), "do not fill"),
    ],
)
def test_refuses(tmp_path, spec, message):
    np.savez(tmp_path / "one.npz", a=A)
    safetensors.write(tmp_path / "one.safetensors", {"a": A}, {})
    np.save(tmp_path / "a.npy", A)
    np.save(tmp_path / "deep.npy", np.zeros((2, 2, 2, 2, 2)))
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    np.save(tmp_path / "complex.npy", A * 1j)
    np.save(tmp_path / "object.npy", np.array([[{}]]))
    holed = A.copy()
    holed[1, 2] = np.nan
    np.save(tmp_path / "nan.npy", holed)
    texts = {"nan": "1,inf\n", "ragged": "1,2\n3\n", "word": "1\nx\n", "under": "1_0\n", "blank": "\n"}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "short.npy").write_bytes(npy(A)[:-8])
    (tmp_path / "liar.npy").write_bytes(npy(A).replace(b"(2, 3)", b"(-2,-3)")[:128] + npy(A)[128:])
    if spec.file == "bomb.npz":
        npz(tmp_path / "bomb.npz", a=bytes(600_000_000))
    with pytest.raises(InputError, match=message) as caught:
        load(spec, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_pickle_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.save(tmp_path / "a.npy", np.array([[Trap()]], object))
    np.savez(tmp_path / "a.npz", a=np.array([[Trap()]], object))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(InputError):
            load(MatrixOptions(file=name), tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_damaged_archives_are_refused_or_read_the_same(tmp_path):
    rng = random.Random(5)
    for kind in ("npy", "npz"):
        path = tmp_path / f"a.{kind}"
        (np.savez_compressed if kind == "npz" else np.save)(path, **{"a": A} if kind == "npz" else {"arr": A})
        good = path.read_bytes()
        for _ in range(500):
            bad = bytearray(good)
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
            del bad[rng.randrange(len(bad)) : rng.choice((None, len(bad)))]
            path.write_bytes(bad or b"x")
            try:
                load(MatrixOptions(file=path.name), tmp_path)
            except InputError as error:
                assert "\n" not in str(error)


def test_unused_and_missing_matrices():
    scene = Scene(matrices={"Qq": MatrixOptions(values=((1.0,),))})
    with pytest.raises(InputError, match='"Qq" is not in the expression; did you mean "Q"'):
        load_matrices(scene, ["Q", "K"], ones)
    with pytest.raises(InputError, match="matrix K: has no numbers"):
        load_matrices(Scene(matrices={"Q": MatrixOptions(values=((1.0,),))}), ["Q", "K"], ones)
