"""Records a function of the user's own: "FILE.py:FUNCTION".

The file is run as Python runs any file. Then the function is called, and all attention that runs in it is
recorded: of any torch model, in any loop, of any number of models. The function may return a dictionary with
more for the capture: `tokens`, `target_tokens`, `text`, `model`, `picture`, `patches`.
"""

import contextlib
import importlib.util
import inspect
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError, needs_extra
from ..formats.reading import opened

EACH = ("tokens", "target_tokens")  # what every pass has of its own
SAYS = ("tokens", "target_tokens", "text", "token_ids", "model", "picture", "patches", "byte_level")


def capture_call(
    named: str,
    output: Any,
    *,
    texts: Sequence[str] = ("",),
    layers: Sequence[int | str] | None = None,
    heads: Sequence[int] | None = None,
    progress: Callable[[float, str], object] | None = None,
) -> list[str]:
    """Write the capture file `output` of the attention that runs in the function `named`, such as
    "FILE.py:FUNCTION".

    If the function takes an argument, it is called with each of the `texts`, in a pass of its own. Returns
    warnings, each a line. Raises InputError for a missing file or function, for errors of the code, and if no
    attention was seen; JobError without torch.
    """
    progress = progress or (lambda done, note: None)
    path, name = _place(named)
    try:
        from .passes import merged
        from .record import CaptureWarning, record
    except ImportError as error:
        raise needs_extra(error, "recording needs torch", "capture") from None

    progress(0.0, f"running {name} of {path}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", CaptureWarning)
        with _telling(named, path):
            function = _function(path, name)
        takes = any(p.default is p.empty for p in inspect.signature(function).parameters.values())
        if len(texts) > 1 and not takes:
            raise InputError(
                f"`call`: {named} takes no text; leave out `texts`, or give the function an argument"
            )
        if takes and not any(texts):
            raise InputError(f"`call`: {named} takes a text; give it one with `texts`")
        each, said = [], []
        for text in texts:
            with record(None, layers=layers, heads=heads) as recording, _telling(named, path):
                returned = function(text) if takes else function()
            each.append(recording)
            said.append(_said(returned, named))
        progress(0.9, "writing")
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        whole = said[0]
        if len(texts) > 1:
            whole = whole | {key: [one.get(key) for one in said] for key in EACH if whole.get(key)}
        if any(texts):
            whole = whole | {"text": list(texts)}
        made_by = {"command": "matrix-cinema capture", "call": f"{path.name}:{name}"}
        (each[0] if len(each) == 1 else merged(each)).save(output, **whole, made_by=made_by)
    return list(dict.fromkeys(str(one.message) for one in caught))


def _place(named):
    """(path of the file, name of the function) of "FILE.py:FUNCTION"; ".py" may be left out."""
    file, colon, name = named.rpartition(":")
    path = Path(file if file.endswith(".py") else f"{file.replace('.', '/')}.py")
    if not colon or not file or not name.isidentifier():
        raise InputError(f'`call`: "{named}" is not a function of a file, such as my_model.py:run')
    opened(path, where=f"`call`: {path}").close()
    return path.resolve(), name


def _function(path: Path, name: str) -> Callable:
    """The function `name` of the file. The file is run for it, and may import from its own folder."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # as any .py file has them
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        raise InputError(f'`call`: {path} has no function "{name}"')
    if sum(p.default is p.empty for p in inspect.signature(function).parameters.values()) > 1:
        raise InputError(f"`call`: {name} of {path.name} takes several arguments; expected none, or a text")
    return function


@contextlib.contextmanager
def _telling(named, path):
    """A block that reports an error of the code in one line, with its place."""
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        lines = [
            one.lineno for one in traceback.extract_tb(error.__traceback__) if Path(one.filename) == path
        ]
        place = f", line {lines[-1]}" if lines else ""
        reason = (str(error).strip().splitlines() or [""])[0][:300]
        text = f"`call`: {named}{place}: {type(error).__name__}: {reason}"
        raise InputError(text) from error


def _said(said, named):
    """The table that the function returned, {} for anything else. Raises InputError for an unknown key."""
    if not isinstance(said, Mapping) or not set(said) & set(SAYS):
        return {}
    unknown = [key for key in said if key not in SAYS]
    if unknown:
        known = ", ".join(SAYS)
        raise InputError(f'`call`: {named} returned a table with "{unknown[0]}"; known are {known}')
    return dict(said)
