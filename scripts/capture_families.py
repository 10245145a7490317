"""Records small random models of many families and packages, and compares the files with the models.

    python scripts/capture_families.py [NAME ...] [--keep]

Each model runs on two inputs. The second is recorded, saved and opened again. The file is compared with what
the model itself had: hooks keep every input and output of every module. With `--keep` the table is written
into docs/families.md. Models of packages that are not installed are left out.
"""

import argparse
import contextlib
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

sys.path.remove(str(Path(__file__).resolve().parent))  # matrix_cinema.py there is not the package
sys.path.insert(0, str(Path(__file__).resolve().parent / "families"))

import numpy as np
import torch
import transformers
from matrix_cinema.capture.record import CaptureWarning, record
from matrix_cinema.errors import InputError
from matrix_cinema.formats.capture_file import Capture, Layer, open_capture
from packages import models as of_packages
from small_models import TRANSFORMERS, inputs_of, small
from torch.overrides import TorchFunctionMode

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "families.md"
BATCH = 1  # the element that is recorded
PACKED = {  # families that read all pictures as one row of tokens
    "PixtralVision", "Qwen3VLVision", "Qwen3_5Vision", "Glm4vVision", "GlmImageVision", "HYV4VLVision",
    "MiniMaxM3VLVision", "CohereCompassVision", "vit_pytorch: na_vit", "torch_geometric: TransformerConv",
}  # fmt: skip
NEAR = 2e-5  # of the largest magnitude, in float32
PATTERN_NEAR = 1e-5  # of patterns, which the models report from their eager implementation
# Models that may differ more. HrmText runs its two stacks in turn, sixteen attentions in all, so the rounding
# of two implementations adds up; recorded with the eager one its patterns agree to 2e-7.
PATTERN_NEAR_OF = {"HrmText": 2e-5}


DISTRIBUTIONS = {"open_clip": "open_clip_torch", "esm": "fair-esm", "whisper": "openai-whisper"}


@dataclass
class Row:
    """The results for one model; `wrong` lists its errors."""

    family: str
    captured: int = 0
    left_out: list[str] = field(default_factory=list)
    exact: float = 0.0
    projections: str = ""
    residual: str = ""
    patterns: str = ""
    wrong: list[str] = field(default_factory=list)


class Results(TorchFunctionMode):
    """The results of some functions of torch, kept while it is active."""

    def __init__(self, names: str):
        super().__init__()
        self.names, self.kept = set(names.split()), []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **kwargs or {})
        if getattr(function, "__name__", "") in self.names and isinstance(result, torch.Tensor):
            self.kept.append(result.detach().clone())
        return result


class Witness:
    """Every input and output of every module of a model, and every sum, kept while it is active."""

    def __init__(self, model: torch.nn.Module):
        self.seen: dict[int, list[torch.Tensor]] = {}  # by their last axis
        self.rows = {one.numpy().tobytes() for p in model.parameters() for one in _rows(p.detach().float())}
        self._hooks = [m.register_forward_hook(self._keep, with_kwargs=True) for m in model.modules()]
        self._sums = Results("add __add__ __radd__ add_ __iadd__")

    def _keep(self, module: torch.nn.Module | None, args: tuple, kwargs: dict, result: object) -> None:
        for one in _tensors((args, kwargs, result)):
            if one.is_floating_point() and 1 < one.dim() < 6:
                one = one.detach().clone()
                for way in (one, one.movedim(1, -1)):
                    self.seen.setdefault(way.shape[-1], []).append(way.reshape(-1, way.shape[-1]))

    def __enter__(self) -> "Witness":
        self._sums.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._sums.__exit__(None, None, None)
        for hook in self._hooks:
            hook.remove()
        self._keep(None, (), {}, self._sums.kept)

    def has(self, values: np.ndarray) -> bool:
        """Whether one tensor has all these rows, [tokens, features]."""
        wanted = torch.from_numpy(np.array(values, np.float32))
        near = NEAR * float(wanted.abs().max())
        for rows in self.seen.get(wanted.shape[1], ()):
            if len(rows) >= len(wanted):
                close = torch.cdist(
                    wanted, rows.float(), p=torch.inf, compute_mode="donot_use_mm_for_euclid_dist"
                )
                if (close.min(dim=1).values <= near).all():
                    return True
        return False

    def adds_to(self, values: np.ndarray) -> bool:
        """Whether these rows plus a module's output, such as a parallel MLP's, are a tensor that was seen."""
        each = [one for one in self.seen.get(values.shape[1], ()) if len(one) % len(values) == 0]
        parts = [part for one in each for part in one.double().numpy().reshape(-1, *values.shape)]
        return any(self.has(values + part) for part in parts)

    def weight(self, columns: np.ndarray) -> bool:
        """Whether the columns of [inputs, outputs] are rows or columns of the model's parameters."""
        return all(np.ascontiguousarray(one, np.float32).tobytes() in self.rows for one in columns.T)


def _parts(weight: np.ndarray) -> list[slice]:
    """The inputs of each of the maps that [inputs, outputs] is made of. Of several, as for keys without and
    with positions, each has zeros for the inputs of the others."""
    moves = [np.flatnonzero(column) for column in weight.T]
    ranges = {(int(one[0]), int(one[-1]) + 1) for one in moves if len(one)}
    return [slice(*one) for one in sorted(ranges)]


def _rows(parameter: torch.Tensor) -> Iterator[torch.Tensor]:
    """What may be the weights of one output: rows of a parameter by its last axis, and by its first."""
    if 2 <= parameter.dim() <= 4:
        flat = parameter.flatten(1)
        yield from flat.contiguous()
        yield from flat.T.contiguous()
        yield from parameter.flatten(0, -2).contiguous()
        if parameter.dim() == 3:  # one matrix for each head
            yield from parameter.transpose(1, 2).flatten(0, 1).contiguous()


def _tensors(values: object) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, dict):
        yield from _tensors(list(values.values()))
    elif isinstance(values, (tuple, list)):
        for one in values:
            yield from _tensors(one)


def tried(
    family: str,
    model: torch.nn.Module,
    run: Callable[[], object],
    own: Callable[[], list],
    besides: Sequence[torch.Tensor] = (),
) -> Row:
    """Records one model; `own()` gives the patterns that the model itself reports, [] for none. `besides` has
    patterns that it computes and does not report."""
    row = Row(family)
    with torch.no_grad():
        patterns = own()  # first: it may leave another implementation
        torch.manual_seed(1)
        with Results(""):  # a mode, as while it is recorded: torch.nn has another way without
            plain = list(_tensors(run()))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", CaptureWarning)
        try:
            batch = 0 if family in PACKED else BATCH
            with torch.no_grad(), Witness(model) as witness, record(model, batch=batch) as recording:
                torch.manual_seed(1)
                recorded = list(_tensors(run()))
        except InputError as error:
            row.left_out = [str(error).partition("; ")[0]]
            return row
    if len(plain) != len(recorded) or not all(map(_same, plain, recorded)):
        row.wrong.append("the model's output changed")
    row.left_out = [f"{one['what']} in {one['module']}: {one['why']}" for one in recording.left_out]
    known = [str(one.message) for one in told if issubclass(one.category, CaptureWarning)]
    row.left_out += [text for text in known if "not in the recording" not in text]
    with tempfile.TemporaryDirectory() as folder:
        recording.save(Path(folder) / "x.safetensors")
        capture = open_capture(Path(folder) / "x.safetensors")
        if len(capture.layers) < len(recording.layers):
            row.wrong.append(f"{len(recording.layers) - len(capture.layers)} layers are lost on saving")
        check(row, capture, witness, patterns, besides)
    return row


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.equal(a, b) or bool(((a == b) | (a.isnan() & b.isnan())).all())


def check(
    row: Row, capture: Capture, witness: Witness, patterns: list, besides: Sequence[torch.Tensor]
) -> None:
    """Compare every layer with the tensors of the model."""
    found, residual, matched = {}, {}, []
    for layer in capture.layers.values():
        row.captured += 1
        for head in layer.heads:
            made, z = capture.recompute(layer.name, head).z, capture.tensor(layer.name, "z", head)
            row.exact = max(row.exact, float(np.abs(made - z).max() / max(np.abs(z).max(), 1e-30)))
        for name in "QKVO":
            said = _projection(row, capture, layer, name, witness)
            found.setdefault(name, []).append(said)
        said = _residual(row, capture, layer, witness)
        residual[said] = residual.get(said, 0) + 1
        if patterns:
            near = PATTERN_NEAR_OF.get(row.family, PATTERN_NEAR)
            same = _in(capture, layer, patterns, near)
            matched.append(None if same is False and _in(capture, layer, list(besides), near) else same)
    if row.exact > 1e-4:
        row.wrong.append(f"recomputing misses by {row.exact:.1e}")
    row.projections = " ".join(
        f"{name} {'/'.join(dict.fromkeys(each))}" for name, each in found.items() if any(each)
    )
    row.residual = ", ".join(f"{n} {said}" for said, n in residual.items())
    if patterns:
        row.patterns = f"{matched.count(True)} of {len(patterns)}"
        if False in matched:
            row.wrong.append(f"{matched.count(False)} patterns are not the model's own")


def _projection(row: Row, capture: Capture, layer: Layer, name: str, witness: Witness) -> str:
    """How one of the projections was found, or "-" for none. Errors are added to the row."""
    shapes = layer.shapes
    if f"W_{name}" not in shapes:
        return "-"
    heads = layer.heads if name in "QO" else [h for n, h in enumerate(layer.heads) if n % _group(layer) == 0]
    weights = [capture.tensor(layer.name, f"W_{name}", head) for head in heads]
    whole = np.concatenate(weights, axis=0 if name == "O" else 1)
    low = f"A_{name}" in shapes
    parts = _parts(whole)
    of_each = [whole[part][:, whole[part].any(axis=0)] for part in parts]
    if not low and not all(map(witness.weight, of_each)):
        row.wrong.append(f"layer {layer.name}: W_{name} is no weight of the model")
    if name == "O":
        z = np.concatenate([capture.tensor(layer.name, "z", head) for head in heads], axis=1)
        made = z @ whole + (capture.tensor(layer.name, "b_O") if "b_O" in shapes else 0)
        wanted, how = capture.tensor(layer.name, "attn_out") if "attn_out" in shapes else made, "value"
        if not witness.has(wanted):
            row.wrong.append(f"layer {layer.name}: attn_out was given by no module")
    else:
        source = {"Q": ("x",), "K": ("x_k", "x"), "V": ("x_v", "x_k", "x")}[name]
        source = next(one for one in source if one in shapes)
        x = capture.tensor(layer.name, source)
        bias = f"b_{name}" in shapes
        made = np.concatenate([
            x @ w + (capture.tensor(layer.name, f"b_{name}", head) if bias else 0)
            for head, w in zip(heads, weights, strict=True)
        ], axis=1)  # fmt: skip
        pre = f"{name.lower()}_pre" if f"{name.lower()}_pre" in shapes else name.lower()
        wanted = np.concatenate([capture.tensor(layer.name, pre, head) for head in heads], axis=1)
        how = capture.metadata["layers"][layer.key]["projections_found_by"][name]
        if not low and not all(witness.has(x[:, part]) for part in parts):
            row.wrong.append(f"layer {layer.name}: {source} was seen by no module")
    wanted = wanted[: len(made)]  # `nn.MultiheadAttention` may put keys of its own after those of the tokens
    if np.abs(made - wanted).max() > NEAR * 5 * np.abs(wanted).max():
        row.wrong.append(f"layer {layer.name}: W_{name} misses by {np.abs(made - wanted).max():.1e}")
    return how + " of low rank" * (f"A_{name}" in shapes)


def _group(layer: Layer) -> int:
    return layer.n_q_heads // layer.n_kv_heads


def _residual(row: Row, capture: Capture, layer: Layer, witness: Witness) -> str:
    """What the file says of the residual stream, after comparing that with the tensors of the modules."""
    told = capture.metadata["layers"][layer.key].get("residual", {}).get("kind", "plain")
    if "resid_pre" in layer.shapes:
        stream = capture.tensor(layer.name, "resid_pre")
        after = stream + capture.tensor(layer.name, "attn_out")
    elif "stream" in layer.shapes:
        stream = capture.tensor(layer.name, "stream")
        after = stream + capture.tensor(layer.name, "added")
    else:
        return "not written"
    if told != "parallel" and not witness.has(after) and not witness.adds_to(after):
        row.wrong.append(f"layer {layer.name}: the residual stream after it was seen by no module")
    if told == "parallel" and not witness.has(stream):
        row.wrong.append(f"layer {layer.name}: its residual stream was seen by no module")
    return told


def _in(capture: Capture, layer: Layer, patterns: list, near: float) -> bool | None:
    """Whether the model itself reports the pattern of a layer, within `near`; None where it reports none of
    that shape."""
    made = np.stack([capture.recompute(layer.name, head).pattern for head in layer.heads])
    alike = [one for one in patterns if one.dim() == 4 and tuple(one.shape[1:]) == made.shape]
    mean = np.broadcast_to(made.mean(axis=0), made.shape)  # WavLM reports this mean for each head
    parts = [part.float().numpy() for one in alike for part in one]  # elements, or windows
    each = [float(np.abs(part - own).max()) for part in parts for own in (made, mean)]
    return min(each) < near if each else None


def rows_of(names: list[str]) -> Iterator[Row]:
    """The rows of families of transformers and models of packages, by name; of all for none."""
    packages = of_packages()
    for name in names or [*TRANSFORMERS, *packages]:
        try:
            yield _of_package(name, packages[name]) if name in packages else _of_transformers(name)
        except Exception as error:  # a model that does not run here, with or without recording
            text = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
            yield Row(name, wrong=[f"does not run: {text}"])


def _of_package(name: str, make: Callable[[], tuple]) -> Row:
    torch.manual_seed(0)
    return tried(name, *make(), lambda: [])


def _of_transformers(name: str) -> Row:
    model = small(name)
    given = inputs_of(name, model)
    softmaxes: list[torch.Tensor] = []  # models may report some of their patterns only, or filled up

    def own() -> list[torch.Tensor]:
        """The patterns that the model itself reports, without those that are something else."""
        before, plain = model.config._attn_implementation, next(_tensors(model(**given)))
        try:
            model.set_attn_implementation("eager")
            torch.manual_seed(1)  # Informer chooses queries by chance
            with Results("softmax") as eager:
                result = model(**given, output_attentions=True)
        except Exception:  # models that report none, or know no other implementation
            return []
        finally:
            with contextlib.suppress(ValueError):  # of parts that know no other
                model.set_attn_implementation(before)
        if not torch.allclose(next(_tensors(result)), plain, atol=1e-4):
            return []  # Falcon's eager implementation computes something else
        found = [one for key in result if "attentions" in key for one in _tensors(result[key])]
        softmaxes.extend(one for one in eager.kept if one.dim() == 4)
        softmaxes.extend(
            one.unflatten(0, (2, -1)) for one in eager.kept if one.dim() == 3 and len(one) % 2 == 0
        )
        # Some models report scores instead. Rows may sum to less than 1, because sinks take a part.
        return [one for one in found if (one >= 0).all() and one.sum(-1).max() < 1 + 1e-3]

    return tried(name, model, lambda: model(**given), own, softmaxes)


def table(rows: list[Row]) -> str:
    lines = [
        "| family | layers | recomputed | own patterns | projections | residual | left out |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = (
            row.family,
            row.captured or "-",
            f"{row.exact:.0e}" if row.captured else "-",
            row.patterns or "-",
            row.projections or "-",
            row.residual or "-",
            "; ".join([*row.left_out, *(f"**{one}**" for one in row.wrong)]).replace("|", "\\|") or "-",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def keep(rows: list[Row]) -> None:
    """Write the table into the page, in the place of the one there."""
    begin, end = "<!-- the table of capture_families.py -->\n", "<!-- its end -->\n"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    packages = sorted({row.family.partition(":")[0] for row in rows if ":" in row.family})
    known = ["torch", "transformers", *packages]
    names = [DISTRIBUTIONS.get(one, one.replace("_", "-")) for one in known]
    versions = ", ".join(f"{one} {version(one)}" for one in names)
    recorded = [row for row in rows if row.captured]
    partly, wrong = sum(bool(row.left_out) for row in recorded), sum(bool(row.wrong) for row in rows)
    counts = f"{len(rows)} models: {len(recorded)} are recorded, of {partly} something is left out"
    counts += f", {wrong} are wrong."
    text = f"{before}{begin}{counts} With {versions}.\n\n{table(rows)}\n{end}{after}"
    PAGE.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="as in the table's first column; all for none"
    )
    parser.add_argument("--keep", action="store_true", help="write the table into docs/families.md")
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    rows = []
    for row in rows_of(options.names):
        rows.append(row)
        print(table([row]).splitlines()[-1], flush=True)
    if options.keep:
        keep(rows)
    wrong = [row.family for row in rows if row.wrong]
    print(f"{len(rows)} models, {len(wrong)} with something wrong: {', '.join(wrong) or '-'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
