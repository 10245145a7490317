"""The device that renders, as it is written: "auto", "cpu", "optix", or with numbers of cards: "cuda:0,2"."""

import re

from ..errors import InputError

DEVICE_KINDS = ("auto", "cpu", "cuda", "optix", "hip", "metal", "oneapi")
FALLBACKS = ("cpu", "stop")  # what a job does when its card fails: go on with the CPU, or stop
_CARDS = re.compile(r"([a-z]+)(?::([0-9]{1,2}(?:,[0-9]{1,2})*))?")


def device_of(text: str) -> str:
    """The text of a device in its standard form: lower case, without blanks. Raises InputError for a text
    that names no device."""
    said = text.strip().lower().replace(" ", "")
    found = _CARDS.fullmatch(said)
    if not found or found[1] not in DEVICE_KINDS or (found[2] and found[1] in ("auto", "cpu")):
        raise InputError(
            f'"{text[:40]}" is no device; there are {", ".join(DEVICE_KINDS)}, and cards by their numbers: '
            "cuda:0,1"
        )
    return said


def kind_and_cards(device: str) -> tuple[str, tuple[int, ...]]:
    """(kind, numbers of the cards) of a text that `device_of` returned; () means all cards."""
    kind, _, cards = device.partition(":")
    return kind, tuple(dict.fromkeys(int(n) for n in cards.split(",") if n))
