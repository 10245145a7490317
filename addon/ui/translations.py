"""What the panel says in other languages, labels, tooltips and reports, in the form that Blender needs:
language -> (context, English text) -> translation.

To add a language, add a dictionary; tests name what it lacks.
"""

from typing import Any

import bpy

from . import german, german_tips

ANY, OF_OPERATORS = bpy.app.translations.contexts.default, bpy.app.translations.contexts.operator_default
TRANSLATIONS = {
    "de": {
        **{(ANY, english): text for english, text in german.LABELS.items()},
        **{(ANY, english): text for english, text in german_tips.TOOLTIPS.items()},
        **{(ANY, english): text for english, text in german_tips.REPORTS.items()},
        **{(OF_OPERATORS, english): text for english, text in german.OPERATOR_LABELS.items()},
    }
}
# Names that are the same in every language: products, colour maps, styles, file suffixes.
NAMES = {
    "AgX", "Batlow", "Berlin", "Cycles", "EEVEE", "Filmic", "Ice Ember", "Inferno", "Jade", "Jade Lamp",
    "Khronos PBR Neutral", "Lajolla", "Managua", "Matrix Cinema", "Mm", "Mm Positive", "One Ink", "Oslo R",
    "Paper", "Print", "Sky Clay", "Softbox", "Studio", "Studio Dark", "Studio Light", "Two Inks",
    "Two Lights", "Vik", "Viridis", "mm's", "Matrix Cinema (.toml, .safetensors, .npz, .npy)", "…",
}  # fmt: skip


def report(english: str, **values: Any) -> str:
    """A report of an operator, or why it cannot run, in Blender's language, with its values."""
    return bpy.app.translations.pgettext_rpt(english).format(**values)


def register() -> None:
    bpy.app.translations.register(__name__, TRANSLATIONS)


def unregister() -> None:
    bpy.app.translations.unregister(__name__)
