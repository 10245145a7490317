"""How the dataclasses of a description say which values a field allows."""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any


def option(
    default: Any,
    *,
    choices: Sequence[str] | None = None,
    low: float | None = None,
    high: float | None = None,
    read: Callable[[str], object] | None = None,
    infinite: bool = False,
    of: str = "",
) -> Any:
    """A field of a description with the values it allows; `read(text)` makes one of a text, where that may
    be given in its place. `infinite` numbers are numbers, too. What is a part says of what in `of`."""
    metadata = dict(choices=choices, low=low, high=high, read=read, infinite=infinite, of=of)
    if isinstance(default, (dict, list)):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)
