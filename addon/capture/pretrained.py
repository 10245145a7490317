"""The command `capture`: a pretrained model of transformers reads a text and is recorded.

A folder is never looked up on the network. What is not a folder is a name, which transformers
finds in its cache or fetches. torch and transformers are imported only after all else was checked.
"""

import hashlib
import inspect
import os
import re
import warnings
from pathlib import Path

from ..errors import InputError, JobError
from ..formats.reading import opened, read_bounded

MAX_TEXT = 2**20  # bytes of a text file; far more than any model reads at once


def capture_text(model, text, output, *, pair="", layers=None, heads=None, progress=None):
    """Write the capture file `output` of what `model` (folder or name) does with `text`.

    `pair` is what the decoder of an encoder-decoder has written, to which its cross-attention
    belongs; for other models the second text, as BERT takes two. `layers` and `heads` choose by
    number. `progress(done, note)` is told the parts of the work done, of 1. Returns warnings, each
    a line. Raises InputError for what cannot be used and JobError without torch or transformers.
    """
    progress = progress or (lambda done, note: None)
    folder = _folder(model)
    if not text.strip():
        raise InputError("there is no text to read; give some with --text or --text-file")
    torch, transformers = _libraries(offline=folder is not None)
    from .record import CaptureWarning, record

    progress(0.0, "loading the model")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", CaptureWarning)
        tokenizer, network, missing = _load(transformers, model, folder)
        inputs, tokens, target = _inputs(torch, tokenizer, network, text, pair, model)
        count = len(tokens) + len(target or ())
        progress(0.4, f"running it on {count} tokens")
        with record(network, layers=layers, heads=heads) as recording:
            _run(torch, network, inputs, model)
    progress(0.9, "writing")
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    recording.save(
        output,
        tokens=tokens,
        target_tokens=target,
        token_ids=inputs["input_ids"][0].tolist(),
        text=text,
        model=_described(model, folder, network),
        made_by={"transformers": transformers.__version__, "command": "matrix-cinema capture"},
    )
    told = [str(one.message) for one in caught]
    if missing:
        told.insert(
            0,
            f"{len(missing)} weights are not in the model's files, so they are random: "
            f"{', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}",
        )
    return told


def read_text(path):
    """The text of a UTF-8 file, without the line break at its end. Raises InputError."""
    try:
        return read_bounded(path, MAX_TEXT, "text file").decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8 text") from None


def read_lines(path):
    """The lines of a UTF-8 file; other signs at which Unicode breaks lines are part of them."""
    return re.split("\r\n|\r|\n", read_text(path))


def _folder(model):
    """The folder that `model` names, or None for a name."""
    folder = Path(model)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise InputError(f"{model}: has no config.json, so it is no model of transformers")
        for path in folder.iterdir():  # transformers reads what it finds, and would wait for a FIFO
            if not path.is_dir():
                opened(path).close()
        return folder
    if folder.exists():
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
        raise JobError(
            f"recording needs torch and transformers ({error}); install them: "
            'pip install "matrix-cinema[capture]"'
        ) from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return torch, transformers


def _load(transformers, model, folder):
    """(tokenizer, model in float32, names of weights that the files lack)."""
    options = {"local_files_only": folder is not None, "trust_remote_code": False}
    try:
        network, info = transformers.AutoModel.from_pretrained(
            folder or model, output_loading_info=True, **options
        )
        network = network.float().eval()
    except Exception as error:  # whatever is wrong with the files, transformers has many errors for it
        raise InputError(f"{model}: cannot be loaded: {_first_line(error)}") from None
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder or model, **options)
    except Exception as error:
        raise InputError(
            f"{model}: has no tokenizer that can be loaded ({_first_line(error)}); "
            "models that do not read text are recorded from Python"
        ) from None
    return tokenizer, network, sorted(info["missing_keys"])


def _inputs(torch, tokenizer, network, text, pair, model):
    """(what the model is called with, tokens, tokens of the decoder or None)."""
    takes = inspect.signature(network.forward).parameters
    if "input_ids" not in takes:
        raise InputError(f"{model}: {type(network).__name__} does not read text; record it from Python")
    two = getattr(network.config, "is_encoder_decoder", False)
    if two and not pair.strip():
        raise InputError(f"{model}: is an encoder and a decoder; give what the decoder wrote with --pair")
    given = tokenizer(text, **({"text_pair": pair} if pair and not two else {}))
    inputs = {key: torch.tensor([value]) for key, value in given.items() if key in takes}
    ids = given["input_ids"]
    if two:
        target = _decoder_ids(tokenizer, network.config, pair)
        inputs["decoder_input_ids"] = torch.tensor([target])
    most = getattr(network.config, "max_position_embeddings", None)
    for one in (ids, target) if two else (ids,):
        if not one:
            raise InputError(f"{model}: its tokenizer makes no token of the text")
        if most and len(one) > most:
            raise InputError(f"the text has {len(one)} tokens; {model} reads at most {most}")
    tokens = tokenizer.convert_ids_to_tokens(ids)
    return inputs, tokens, tokenizer.convert_ids_to_tokens(target) if two else None


def _decoder_ids(tokenizer, config, text):
    """The decoder's input when it has written `text`: a start token, then the text without its end."""
    ids = list(tokenizer(text_target=text)["input_ids"])
    if ids and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    starts = (getattr(config, "decoder_start_token_id", None), tokenizer.bos_token_id, tokenizer.pad_token_id)
    return [start for start in starts if start is not None][:1] + ids


def _run(torch, network, inputs, model):
    try:
        with torch.no_grad():
            network(**inputs)
    except InputError:
        raise
    except Exception as error:  # the model's own code, which may do anything
        raise InputError(f"{model}: does not run on this text: {_first_line(error)}") from None


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
