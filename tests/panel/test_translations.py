"""All that the panel says is in the dictionary of each language that there is, and nothing else is."""

import itertools
import re

import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.ui import translations  # noqa: E402
from panel_words import labels, plain_reports, plain_texts, reports, tooltips  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")


@pytest.mark.parametrize("language", translations.TRANSLATIONS)
def test_every_label_tooltip_and_report_is_translated(language):
    known, said = set(translations.TRANSLATIONS[language]), labels() | tooltips() | reports()
    missing = sorted(one for one in said - known if one[1] not in translations.NAMES)
    assert not missing, missing
    assert not known - said, sorted(known - said)
    assert all(text.strip() for text in translations.TRANSLATIONS[language].values())


def test_no_report_and_no_text_is_said_in_english_alone():
    assert not plain_reports() and not plain_texts()


def test_what_is_filled_into_a_report_is_the_same_in_each_language():
    for (context, english), translated in itertools.product(reports(), translations.TRANSLATIONS.values()):
        text = translated[context, english]
        assert sorted(re.findall(r"{.*?}", english)) == sorted(re.findall(r"{.*?}", text)), text


def test_the_panel_speaks_german_where_blender_does(factory):
    view = bpy.context.preferences.view
    locales = [one for one in bpy.app.translations.locales if one.partition("_")[0] == "de"]
    if not locales:
        pytest.skip("this Blender has no German")
    before = view.language, view.use_translate_interface
    try:
        view.language, view.use_translate_interface = locales[0], True
        assert bpy.app.translations.pgettext_iface("Render Film", "Operator") == "Film rendern"
        assert bpy.app.translations.pgettext_iface("Row Guides") == "Zeilenlinien"
        assert bpy.app.translations.pgettext_tip("Width of a still in pixels").startswith(
            "Breite eines Stand"
        )
        assert translations.report("Saved {place}", place="a.png") == "Gespeichert: a.png"
    finally:
        view.language, view.use_translate_interface = before
