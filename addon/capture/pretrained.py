"""The command `capture`: a pretrained model of transformers reads a text or sees a picture, and is recorded.

A folder is never looked up on the network. Anything else is a name, which transformers finds in its cache or
fetches. torch and transformers are imported only after everything else was checked.
"""

import hashlib
import os
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import InputError, needs_extra
from ..formats.reading import opened, read_bounded

LONGEST_TEXT_FILE = 2**20  # bytes of a text file; far more than any model reads at once


def capture_text(
    model: str | os.PathLike[str],
    text: str | Sequence[str],
    output: str | os.PathLike[str],
    *,
    pair: str = "",
    image: str | os.PathLike[str] | None = None,
    layers: Sequence[int | str] | None = None,
    heads: Sequence[int] | None = None,
    progress: Callable[[float, str], object] | None = None,
) -> list[str]:
    """Write the capture file `output` of `model` (folder or name) reading `text`, a picture, or both.

    Several texts are read one by one, each in a pass of its own. `image` is the path of a PNG or JPEG file.
    `pair` is what the decoder of an encoder-decoder has written, to which its cross-attention belongs; for
    other models the second text, as BERT takes two. `layers` and `heads` choose by number, layers also by
    name. `progress(done, note)` is told the parts of the work done, of 1. Returns warnings, each a line.
    Raises InputError for what cannot be used and JobError without torch, transformers or Pillow.
    """
    progress = progress or (lambda done, note: None)
    model = os.fspath(model)
    folder, texts = _folder(model), [text] if isinstance(text, str) else list(text)
    if not image and not all(one.strip() for one in texts):
        raise InputError("there is no text to read; give some with `texts`")
    torch, transformers = _libraries(offline=folder is not None)
    from .inputs import inputs_of
    from .passes import merged
    from .pictures import read_picture
    from .record import CaptureWarning, record

    picture = read_picture(image) if image else None
    progress(0.0, "loading the model")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", CaptureWarning)
        network, missing = _network(transformers, model, folder)
        load = _loader(transformers, model, folder)
        inputs = [inputs_of(network, load, one, pair, picture, model) for one in texts]
        each = []
        for n, one in enumerate(inputs):
            read = [f"{count} tokens"] if (count := len(one.tokens) + len(one.target)) else []
            read += ["a picture"] if picture is not None else []
            progress(0.4 + 0.5 * n / len(inputs), f"running it on {' and '.join(read)}")
            with record(network, layers=layers, heads=heads) as recording:
                _run(torch, network, one.arguments, model)
            each.append(recording)
        progress(0.9, "writing")
        _save(each[0] if len(each) == 1 else merged(each), output, inputs, texts, {
            "model": _described(model, folder, network),
            "made_by": {"transformers": transformers.__version__, "command": "matrix-cinema capture"},
        })  # fmt: skip
    return [*_told_missing(missing), *dict.fromkeys(str(one.message) for one in caught)]


def _save(recording, output, inputs, texts, about):
    """Write the recording of each pass, with its Inputs."""
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    first = inputs[0]
    recording.save(
        output,
        tokens=[one.labelled(recording.grids) for one in inputs],
        target_tokens=[one.target for one in inputs],
        token_ids=first.token_ids if len(inputs) == 1 else None,
        byte_level=first.byte_level,
        picture=first.picture,
        text=texts,
        **about,
    )


def _told_missing(names):
    some = f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
    text = f"{len(names)} weights are not in the model's files, so they are random: {some}"
    return [text] if names else []


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a UTF-8 file, without the line break at its end. Raises InputError."""
    try:
        return read_bounded(path, LONGEST_TEXT_FILE, "text file").decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8 text") from None


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """The lines of a UTF-8 file; other signs at which Unicode breaks lines are part of them."""
    return re.split("\r\n|\r|\n", read_text(path))


def _folder(model):
    """The folder that `model` names, or None for a name."""
    folder = Path(model)
    if os.path.isdir(folder):
        if not (folder / "config.json").is_file():
            raise InputError(f"{model}: has no config.json, so it is no model of transformers")
        for path in folder.iterdir():  # transformers reads what it finds, and would wait for a FIFO
            if not path.is_dir():
                opened(path).close()
        return folder
    if os.path.exists(folder):
        raise InputError(f"{model}: is a file; give the folder that holds config.json and the weights")
    if folder.is_absolute() or model.startswith(".") or model.count("/") > 1 or "\\" in model or not model:
        raise InputError(f"{model}: no such folder")
    return None


def _libraries(offline):
    if offline:  # before they are imported: the tokenizers ask the network about a folder too
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch
        import transformers
    except ImportError as error:
        raise needs_extra(error, "recording needs torch and transformers", "capture") from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return torch, transformers


def _options(folder):
    return {"local_files_only": folder is not None, "trust_remote_code": False}


def _network(transformers, model, folder):
    """(model in float32, names of weights that the files lack)."""
    try:
        kind = _kind(transformers, folder or model, _options(folder))
        network, info = kind.from_pretrained(folder or model, output_loading_info=True, **_options(folder))
        return network.float().eval(), sorted(info["missing_keys"])
    except Exception as error:  # whatever is wrong with the files, transformers has many errors for it
        raise InputError(f"{model}: cannot be loaded: {_first_line(error)}") from None


def _kind(transformers, source, options):
    """AutoModel, or for what it does not know, such as pairs of any encoder and decoder, the class in the
    model's own description."""
    config = transformers.AutoConfig.from_pretrained(source, **options)
    named = (getattr(config, "architectures", None) or [""])[0]
    known = type(config) in transformers.AutoModel._model_mapping
    return transformers.AutoModel if known else getattr(transformers, named, transformers.AutoModel)


def _loader(transformers, model, folder):
    """The function that loads a tokenizer or processor of the model, by the name of its Auto class."""
    what = {
        "AutoTokenizer": "tokenizer",
        "AutoImageProcessor": "image processor",
        "AutoProcessor": "processor",
    }

    def load(kind):
        try:
            return getattr(transformers, kind).from_pretrained(folder or model, **_options(folder))
        except Exception as error:
            raise InputError(
                f"{model}: has no {what[kind]} that can be loaded ({_first_line(error)}); "
                "models that read something else are recorded from Python, or with `call`"
            ) from None

    return load


def _run(torch, network, arguments, model):
    try:
        with torch.no_grad():
            network(**arguments)
    except InputError:
        raise
    except Exception as error:  # the model's own code, which may do anything
        raise InputError(f"{model}: does not run on this: {_first_line(error)}") from None


def _described(model, folder, network):
    """The table `model` of the capture."""
    described = {"name": folder.resolve().name if folder else model, "class": type(network).__name__}
    weights = folder and folder / "model.safetensors"
    if weights and weights.is_file():
        with opened(weights) as file:
            described["weights_sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
    return described


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
