"""What the panel says in other languages: labels, tooltips and reports.

Each language is a gettext file in `languages`, named by its code. To add one, copy another and translate it;
tests name what it lacks. (Python itself reads such files only when they are compiled.)
"""

import json
import re
from pathlib import Path
from typing import Any

import bpy

from ..errors import InputError
from ..outputs import messages

LANGUAGES = Path(__file__).parent / "languages"
_QUOTED = r'((?:"(?:[^"\\\n]|\\[nt"\\])*"\n?)+)'  # a text, perhaps in several lines
_ENTRY = re.compile(rf"(?:msgctxt {_QUOTED})?msgid {_QUOTED}msgstr {_QUOTED}")


def report(english: str, **values: Any) -> str:
    """A report of an operator, or why it cannot run, in Blender's language, with its values."""
    return bpy.app.translations.pgettext_rpt(english).format(**values)


def translations(path: Path) -> dict[tuple[str, str], str]:
    """(context, English text) -> translation, of a gettext file with a blank line between its entries.

    An entry without a translation, or with one that is only a guess ("fuzzy"), stays in English. Raises
    InputError for a file that is damaged."""
    found = {}
    for entry in re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip()):
        lines = [line for line in entry.splitlines() if not line.startswith("#")]
        if not lines or re.search(r"^#,.*fuzzy", entry, re.MULTILINE):
            continue
        texts = _ENTRY.fullmatch("\n".join(lines))
        if texts is None:
            raise InputError(f"{path}: expected msgid and msgstr with texts in quotes, found: {lines[0]}")
        context, english, text = (
            "".join(map(json.loads, (quoted or "").splitlines())) for quoted in texts.groups()
        )
        if english and text:
            found[context or bpy.app.translations.contexts.default, english] = text
    return found


def register() -> None:
    known = {}
    for path in LANGUAGES.glob("*.po"):
        try:
            known[path.stem] = translations(path)
        except (InputError, OSError, ValueError) as error:  # the panel then speaks English
            messages.say("warning", str(error))
    bpy.app.translations.register(__name__, known)


def unregister() -> None:
    bpy.app.translations.unregister(__name__)
