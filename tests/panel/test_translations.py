"""Every label of the panel is in the dictionary of each language that there is, and nothing else is."""

import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.ui import translations  # noqa: E402
from panel_words import labels  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")


@pytest.mark.parametrize("language", translations.TRANSLATIONS)
def test_every_label_is_covered_and_every_entry_is_a_label(language):
    known, said = set(translations.TRANSLATIONS[language]), labels()
    missing = sorted(one for one in said - known if one[1] not in translations.NAMES)
    assert not missing, missing
    assert not known - said, sorted(known - said)
    assert all(text.strip() for text in translations.TRANSLATIONS[language].values())


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
    finally:
        view.language, view.use_translate_interface = before
