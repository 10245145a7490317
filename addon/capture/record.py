"""Recording attention while a model runs, and writing it as a capture file.

    with record(model, layers=[0, 5]) as recording:
        model(**inputs)
    recording.save("capture.safetensors", tokens=tokens, text=text)

works for any torch model that runs in Python: transformers, torch.nn, or attention written by hand.
"""

import contextlib
import operator
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..attention.naming import layer_names, number_of
from ..errors import InputError
from ..formats.capture_file import numbers
from .accounts import OTHER_ELEMENTS, Accounts, line, pattern_of
from .compiled import eagerly
from .fused import seen_and_unchanged
from .generating import generating
from .layers import written
from .pictures import seen_grids
from .recorder import Recorder
from .running import running
from .saving import Said, Texts, save
from .watch import Watch


class CaptureWarning(UserWarning):
    """A recording that is usable, but not as exact or complete as it should be."""


class Recording:
    """The layers that were recorded: name ("0", "1", "1.cross", ...) to (tensors, description).

    Self-attentions are numbered in the order in which they ran; a cross-attention has the number of the
    self-attention before it. `left_out` lists attention that ran and is no layer: module, what, why, times.
    """

    def __init__(self, model: torch.nn.Module | None = None):
        self.layers: dict[str, tuple[dict[str, np.ndarray], dict[str, Any]]] = {}
        self.left_out: list[dict[str, Any]] = []
        self.grids: set[tuple[int, int]] = set()  # (rows, columns) into which a picture was cut
        # What is known of the model if `save` is told nothing; torch.compile keeps the model in `_orig_mod`.
        self.model = {"class": type(getattr(model, "_orig_mod", model)).__name__} if model is not None else {}

    def save(
        self,
        path: str | Path,
        tokens: Texts = None,
        target_tokens: Texts = None,
        text: str | Sequence[str] = "",
        token_ids: Iterable[int] | None = None,
        model: Mapping[str, Any] | None = None,
        made_by: Mapping[str, Any] | None = None,
        byte_level: bool | None = None,
        patches: tuple[int, int] | None = None,
        picture: Any = None,
    ) -> None:
        """Write the capture file. Tensors are float32, or float64 for a model in float64.

        `tokens` are the texts of the model's input, `target_tokens` those of a decoder with cross-attention,
        as the vocabulary spells them. If the model ran several times, they hold for all runs, or are a list
        for each run; so is `text`. `byte_level` says whether byte-level BPE spelled them; None finds out.
        `patches` are the (rows, columns) into which a picture was cut, to replace the grid that was seen.
        `picture` is the picture that the model saw, [height, width, 3] in uint8. `model` is a dictionary such
        as {"name": ..., "licence": ...}; without it the file has the name of the model's class.
        Warns (CaptureWarning) of layers with another number of tokens than texts, and of tensors that are
        left out because they do not hold. Raises InputError; the recording can
        be saved again.
        """
        if not self.layers:
            raise InputError("nothing is recorded; save after the with block has ended")
        known = model or self.model
        said = Said(tokens, target_tokens, text, token_ids, known, made_by, byte_level, patches, picture)
        told = save(path, self.layers, self.left_out, self.grids, said)
        for one in told:
            warnings.warn(one, CaptureWarning, stacklevel=2)


@contextlib.contextmanager
def record(
    model: torch.nn.Module | None,
    layers: Sequence[int | str] | None = None,
    heads: Sequence[int] | None = None,
    batch: int = 0,
    window: int = 0,
) -> Iterator[Recording]:
    """Record the attention of everything that runs inside the `with` block.

    Modules have their names in `model`, or, if that is None, in the outermost module that runs. `layers` and
    `heads` choose by number (None: all); a layer's number is that in its stack, and its name, such as
    "decoder.0.cross", chooses it alone. `batch` is the element of the batch, `window` the number of the
    window where a model cuts its tokens into such. The model's results are those it gives without recording,
    to the bit. When the block ends, even by an error, the layers are in the recording that it yielded. Raises
    InputError for arguments of another kind before anything runs. Afterwards raises it if no attention was
    seen, or not the requested layer, head or element of the batch. Warns (CaptureWarning) of attention that
    ran and is not in the recording, of half precision, and of numbers that do not reproduce the model's own.
    """
    layers = _numbers(layers, "layers", names=True)
    heads = _numbers(heads, "heads")
    batch, window = (_numbers(n, what, one=True)[0] for n, what in ((batch, "batch"), (window, "window")))
    recording = Recording(model)
    told = _check_model(model)
    accounts = Accounts()
    with seen_grids(recording.grids), running(model) as run, eagerly(run.module) as ran_eagerly:
        recorder = Recorder(run, accounts, layers, batch, window)
        watch = Watch(run.module, recorder, accounts)
        run.given = watch.given
        try:
            with generating(recorder), watch, seen_and_unchanged(watch):
                yield recording
        except BaseException:
            with contextlib.suppress(Exception):
                _finish(recording, recorder, accounts, layers, heads)
            raise
    absent = _finish(recording, recorder, accounts, layers, heads)
    for one in recorder.only_of_others():
        accounts.refuse(one, OTHER_ELEMENTS)
    recording.left_out = accounts.told()
    told += [line(one) for one in recording.left_out]
    told += [
        f"compiled code in {name or 'the model'} ran eagerly while it was recorded, and may differ in the "
        "last bits"
        for name in sorted(ran_eagerly)[:3]
    ]
    told += [
        f"{f'module {name}' if name else 'the model'} ran in another thread, which is not recorded"
        for name in run.others()[:3]
    ]
    for one in told + _told_by(recorder):
        _tell(one)
    if not recording.layers and not absent:
        raise InputError(_why_nothing(watch, recording.left_out))
    if batch and not recorder.reached:
        size = max(recorder.sizes, default=1)
        absent.insert(0, f"batch element {batch} is not there; the batch has {size}")
    if absent:
        raise InputError(absent[0])
    _warn(recording, model)


def _finish(
    recording: Recording, recorder: Recorder, accounts: Accounts, layers: list | None, heads: list[int] | None
) -> list[str]:
    """Fills the recording. Returns messages about requested things that are not there."""
    entries = recorder.finished()
    names = layer_names({key: (entry.module, entry.kind) for key, entry in entries})
    called = {key: {name, key, number_of(name)} for key, name in names.items()}
    absent = []
    for key, entry in entries:
        if (layers is not None and not called[key] & set(layers)) or not entry.beams:
            continue
        seen = entry.beams[0].seen
        there = [head for head in heads or () if head < len(seen.q)]
        for head in set(heads or ()) - set(there):
            known = numbers(range(len(seen.q)))
            absent.append(f"head {head} is not in layer {names[key]}; heads: {known}")
        try:
            arrays, description = written(seen, there or None)
        except Exception as error:  # ours; the other layers are kept
            accounts.failed(entry.module, f"layer {names[key]}", error)
            continue
        # The names of layers depend on all layers that ran.
        recording.layers[key] = arrays, description | ({"name": names[key]} if layers is not None else {})
    for layer in layers or ():
        if not any(layer in known for known in called.values()):
            absent.insert(0, f"layer {layer} was not seen; layers: {', '.join(names.values())}")
    return absent


def _told_by(recorder: Recorder) -> list[str]:
    """Messages about steps of decoding that do not fit together, and about attentions side by side."""
    told = [
        f"{module}: its steps of decoding do not continue one another; the last that do are kept"
        for module in dict.fromkeys(recorder.lost)
    ]
    told += [
        f"{module or 'the model'}: its steps of decoding could not be joined, and are {count} layers here; "
        "their keys change or move in the cache"
        for module, count in recorder.apart().items()
    ]
    told += [
        f"{module or 'the model'}: attention {number} of {count} side by side is recorded, which is not "
        f"known to be that of batch element {recorder.batch}; record a batch of one"
        for module, (number, count) in recorder.unproven.items()
    ]
    return told + [
        f"{module or 'the model'}: {count} attentions of the same tokens run side by side; number {number} "
        "is recorded, another by window="
        for module, (number, count) in recorder.copies.items()
    ]


def _tell(text: str) -> None:
    warnings.warn(text, CaptureWarning, stacklevel=5)


def _why_nothing(watch: Watch, left_out: list) -> str:
    if not watch.ran:
        return "no attention was seen: the model did not run inside the with block"
    if left_out:
        return f"no attention is in the recording: {line(left_out[0])}"
    return (
        "no attention was seen: the model has none, or runs it where Python cannot look (flex_attention, "
        "flash-attn and other external kernels, TorchScript inside); use an eager implementation, in "
        'transformers attn_implementation="eager" or "sdpa"'
    )


def _numbers(given, what, one=False, names=False):
    """Numbers to choose by, from 0: a list of them, or None for all; `names` may be among them. Raises
    InputError for anything else."""
    if given is None and not one:
        return None
    example = "one number from 0" if one else "a list of numbers from 0, as [0, 5], or None for all"
    if isinstance(given, str):
        raise InputError(f"{what}={given!r}: give {example}")
    try:
        chosen = [
            n if names and isinstance(n, str) else operator.index(n) for n in ([given] if one else given)
        ]
    except TypeError:
        raise InputError(f"{what}={given!r}: give {example}") from None
    if not chosen or any(not isinstance(n, str) and n < 0 for n in chosen):
        raise InputError(f"{what}={given!r}: give {example}")
    return chosen


def _check_model(model: Any) -> list[str]:
    """Warns about a model before it runs. Raises InputError if it cannot be recorded."""
    if model is None:
        return []
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"expected a torch.nn.Module to record, found {type(model).__name__}")
    if isinstance(model, torch.jit.ScriptModule):
        raise InputError("module at the top is TorchScript, which cannot be recorded; use the eager model")
    scripted = [name for name, one in model.named_modules() if isinstance(one, torch.jit.ScriptModule)]
    return [
        f"module {name} is TorchScript, and what it runs is not recorded; use the eager model"
        for name in scripted[:3]
    ]


def _warn(recording: Recording, model: torch.nn.Module | None) -> None:
    """Tells of layers whose numbers are not exact, and what to do."""
    halves = (torch.float16, torch.bfloat16)
    half = model is None or any(one.dtype in halves for one in model.parameters())
    sums = {pattern_of(d["module"]): name for name, (_, d) in recording.layers.items() if d.get("bias_of")}
    for module, name in sums.items():
        _tell(
            f"layer {name} ({module}): its scores are a sum of products; q and k are those of one, and bias "
            "has the others as they were for this input"
        )
    for name, (arrays, description) in recording.layers.items():
        error, largest = description["max_abs_error"], float(abs(arrays["z"]).max())
        dtype, module = description["dtype"], description["module"]
        if dtype in ("float16", "bfloat16"):
            instead = "use model.float()" if half else "leave torch.autocast, .half() and the like out"
            text = f"was recorded in {dtype}, with an error of {error:.1e}; {instead}"
        elif error > 1e-4 * max(largest, 1e-30):
            text = f"({module}): recomputing misses its output by {error:.1e}; is it in eval() mode?"
        else:
            continue
        warnings.warn(f"layer {name} {text}", CaptureWarning, stacklevel=4)
