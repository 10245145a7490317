"""Recording attention while a model runs, and writing it as a capture file.

    with record(model, layers=[0, 5]) as recording:
        model(**inputs)
    recording.save("capture.safetensors", tokens=tokens, text=text)

works for any torch model that runs in Python: transformers, torch.nn, or attention written by hand.
"""

import contextlib
import operator
import warnings

import torch

from ..attention.naming import layer_names, number_of
from ..errors import InputError
from ..formats.capture_file import PICTURE, numbers, write_capture
from .fused import seen_and_unchanged
from .joining import join, joins, side_by_side
from .labels import labels_of, passes_of_texts
from .layers import see, written
from .pictures import as_picture, seen_grids
from .watch import Watch, running_module


class CaptureWarning(UserWarning):
    """What was recorded is usable, but not as exact or complete as it should be."""


class Recording:
    """The layers that were recorded: name ("0", "1", "1.cross", ...) to (tensors, description).

    Self-attentions are numbered in the order in which they ran; a cross-attention has the number
    of the self-attention before it.
    """

    def __init__(self):
        self.layers = {}
        self.grids = set()  # (rows, columns) into which a picture was cut

    def save(
        self,
        path,
        tokens=None,
        target_tokens=None,
        text="",
        token_ids=None,
        model=None,
        made_by=None,
        byte_level=None,
        patches=None,
        picture=None,
    ):
        """Write the capture file. Tensors are float32, or float64 for a model in float64.

        `tokens` are the texts of the model's input, `target_tokens` those of a decoder with
        cross-attention, as the vocabulary spells them; where the model ran several times, those of all runs
        or a list of them for each, and so may be `text`. `byte_level` says whether that is byte-level BPE's
        way, None finds it out. `patches` are the (rows, columns) into which a picture was cut, where its
        layers shall have another grid than was seen, and `picture` what the model saw, [height, width, 3]
        in uint8. `model` is a table such as {"name": ..., "licence": ...}. Warns (CaptureWarning) of layers
        with another number of tokens than texts were given. Raises InputError.
        """
        if not self.layers:
            raise InputError("nothing is recorded; save after the with block has ended")
        tokens = passes_of_texts(tokens, "tokens")
        target = passes_of_texts(target_tokens, "target_tokens")
        grids = {tuple(patches)} if patches else self.grids
        labels, names, told = labels_of(self.layers, tokens, target, grids)
        for one in told:
            warnings.warn(one, CaptureWarning, stacklevel=2)
        tokens, several = tokens[0], any("@" in name for name in names.values())
        tensors, layers = {}, {}
        for key, (arrays, description) in self.layers.items():
            own = zip(("tokens_q", "tokens_k"), labels[key], strict=True)
            layers[key] = description | {side: texts for side, texts in own if texts != tokens}
            layers[key] |= {"name": names[key]} if several else {}
            tensors |= {f"L{key}.{name}": array for name, array in arrays.items()}
        if picture is not None:
            tensors[PICTURE] = as_picture(picture)
        texts = [text] if isinstance(text, str) else list(text)
        metadata = {"tokens_q": tokens, "tokens_k": tokens, "text": texts[0] if texts else ""}
        if len(texts) > 1:
            metadata["passes"] = [{"text": one} for one in texts]
        if byte_level is not None:
            metadata["byte_level"] = bool(byte_level)
        if token_ids is not None:
            metadata["token_ids"] = [int(n) for n in token_ids]
        made_by = {"torch": torch.__version__} | dict(made_by or {})
        metadata |= {"layers": layers, "model": dict(model or {}), "made_by": made_by}
        write_capture(path, tensors, metadata)


@contextlib.contextmanager
def record(model, layers=None, heads=None, batch=0):
    """Record the attention of everything that runs inside the `with` block.

    Modules are named as `model` has them, or, where that is None, as the outermost one that runs does.
    `layers` and `heads` choose by number (None: all); a layer's number is that in its stack, and its name,
    such as "decoder.0.cross", chooses it alone. `batch` is the element of the batch. The
    model's results are those it gives without recording, to the bit. When the block ends, the
    layers stand in the recording that it yielded. Raises InputError when no attention was seen,
    or not the layer, head or batch element asked for. Warns (CaptureWarning) when the numbers are
    half precision or do not reproduce the model's own.
    """
    layers = _numbers(layers, "layers", names=True)
    heads = _numbers(heads, "heads")
    batch = next(iter(_numbers(batch, "batch", one=True)))
    recording = Recording()
    _check_model(model)
    seen = []

    def done(call):
        size = call.q.shape[0]
        if not 0 <= batch < size:
            raise InputError(f"batch element {batch} is not there; the batch has {size}")
        try:
            now = see(call, batch)
        except Exception as error:
            # Models do what nobody thought of; one such layer must not stop the model or the others.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            _told(f"an attention in {call.module or 'the model'} is left out: not understood ({reason})")
            return
        together = side_by_side([*seen[1 - now.parts :], now]) if now.parts > 1 else None
        if together is not None:
            del seen[1 - now.parts :]
            now = together
        before = next((n for n, old in enumerate(seen) if joins(old, now)), None)
        if before is None:
            seen.append(now)
        else:
            seen[before] = join(seen[before], now)

    with _eagerly(model), seen_grids(recording.grids), running_module(model) as module:
        with Watch(module, done, _told) as watch, seen_and_unchanged(watch):
            yield recording
        watch.finish()
    if not seen:
        raise InputError(_why_nothing(watch))
    _select(recording, _numbered(seen), layers, heads)
    _warn(recording)


def _told(text):
    warnings.warn(text, CaptureWarning, stacklevel=3)


@contextlib.contextmanager
def _eagerly(model):
    """Compiled code runs as plain Python meanwhile, so that it can be watched."""
    modules = () if model is None else model.modules()
    if any(type(module).__name__ == "OptimizedModule" for module in modules):
        text = "the model is compiled; it is recorded running eagerly, and may differ in the last bits"
        warnings.warn(text, CaptureWarning, stacklevel=5)
    set_stance = getattr(torch.compiler, "set_stance", None)  # from torch 2.6
    with set_stance("force_eager") if set_stance else contextlib.nullcontext():
        yield


def _why_nothing(watch):
    if not watch.ran:
        return "no attention was seen: the model did not run inside the with block"
    return (
        "no attention was seen: the model has none, or runs it where Python cannot look (flex_attention, "
        "flash-attn and other external kernels, TorchScript inside); use an eager implementation, in "
        'transformers attn_implementation="eager" or "sdpa"'
    )


def _numbered(seen):
    """The layers by name."""
    named, count = {}, 0
    for layer in seen:
        if layer.kind == "self":
            named[str(count)] = layer
            count += 1
        else:
            name = f"{max(count - 1, 0)}.cross"
            while name in named:  # two cross-attentions in a row, or none of the other kind
                count += 1
                name = f"{count - 1}.cross"
            named[name] = layer
    return named


def _select(recording, named, layers, heads):
    names = layer_names({key: (layer.module, layer.kind) for key, layer in named.items()})
    for key, layer in named.items():
        if layers is not None and not {names[key], key, number_of(names[key])} & set(layers):
            continue
        for head in heads or ():
            if not 0 <= head < len(layer.q):
                raise InputError(
                    f"head {head} is not in layer {names[key]}; heads: {numbers(range(len(layer.q)))}"
                )
        arrays, description = written(layer, heads)
        # What a layer is called is seen from all that ran.
        recording.layers[key] = arrays, description | ({"name": names[key]} if layers is not None else {})
    known = {one for key, name in names.items() for one in (name, key, number_of(name))}
    for layer in layers or ():
        if layer not in known:
            raise InputError(f"layer {layer} was not seen; layers: {', '.join(names.values())}")


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


def _check_model(model):
    if model is None:
        return
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"expected a torch.nn.Module to record, found {type(model).__name__}")
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            name = name or "at the top"
            raise InputError(f"module {name} is TorchScript, which cannot be recorded; use the eager model")


def _warn(recording):
    for name, (arrays, description) in recording.layers.items():
        error, largest = description["max_abs_error"], float(abs(arrays["z"]).max())
        dtype, module = description["dtype"], description["module"]
        if dtype in ("float16", "bfloat16"):
            text = f"was recorded in {dtype}, with an error of {error:.1e}; use model.float()"
        elif error > 1e-4 * max(largest, 1e-30):
            text = f"({module}): recomputing misses its output by {error:.1e}; is it in eval() mode?"
        else:
            continue
        warnings.warn(f"layer {name} {text}", CaptureWarning, stacklevel=4)
