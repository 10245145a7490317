"""How the dataclasses of a description say which values a field allows."""

from dataclasses import field


def option(default, *, choices=None, low=None, high=None):
    """A field of a description with the values it allows."""
    metadata = {"choices": choices, "low": low, "high": high}
    if isinstance(default, (dict, list)):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)
