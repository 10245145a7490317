"""Several passes of a model in one capture: prompts that it read one by one, the elements of a batch.

A loop that runs the model again and again, such as that of a diffusion model, gives its passes by itself:
each layer comes again, in the same order.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import InputError
from .labels import names_of
from .record import Recording, record


def merged(recordings: Sequence[Recording]) -> Recording:
    """One recording of the passes that were recorded each by itself; `save` takes a list of tokens of each.

    Layers are called as in the first, those of later passes with their number, "3@1". Raises InputError where
    a recording has passes of its own.
    """
    whole, first = Recording(), 0
    for number, one in enumerate(recordings):
        names = names_of(one.layers)
        if any("@" in name for name in names.values()):
            raise InputError(f"pass {number} ran its model several times; record each run by itself")
        for key, (arrays, description) in one.layers.items():
            count, dot, kind = key.partition(".")
            name = f"{names[key]}@{number}" if number else names[key]
            whole.layers[f"{first + int(count)}{dot}{kind}"] = arrays, description | {"name": name}
        whole.grids |= one.grids
        whole.model = whole.model or one.model
        first += max((int(key.split(".")[0]) for key in one.layers), default=-1) + 1
    return whole


@contextlib.contextmanager
def record_batch(
    model: Any,
    elements: Sequence[int],
    layers: Sequence[int | str] | None = None,
    heads: Sequence[int] | None = None,
) -> Iterator[Recording]:
    """Record several elements of the batch of everything that runs inside the `with` block, each as a pass.

    Otherwise as `record`, which it does once for each.
    """
    with contextlib.ExitStack() as stack:
        each = [stack.enter_context(record(model, layers, heads, one)) for one in elements]
        whole = Recording()
        yield whole
    made = merged(each)
    whole.layers, whole.grids, whole.model = made.layers, made.grids, made.model
