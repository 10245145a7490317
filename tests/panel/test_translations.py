"""All that the panel says is in the file of each language that there is, and nothing else is."""

import itertools
import re

import pytest

bpy = pytest.importorskip("bpy")

from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.ui import translations  # noqa: E402
from panel_words import labels, plain_reports, plain_texts, reports, tooltips  # noqa: E402

pytestmark = pytest.mark.usefixtures("registered")
LANGUAGES = sorted(translations.LANGUAGES.glob("*.po"))


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_every_label_tooltip_and_report_is_translated(path):
    known, said = set(translations.translations(path)), labels() | tooltips() | reports()
    assert not said - known, sorted(said - known)
    assert not known - said, sorted(known - said)


def test_no_report_and_no_text_is_said_in_english_alone():
    assert not plain_reports() and not plain_texts()


def test_what_is_filled_into_a_report_is_the_same_in_each_language():
    for (context, english), path in itertools.product(reports(), LANGUAGES):
        text = translations.translations(path)[context, english]
        assert sorted(re.findall(r"{.*?}", english)) == sorted(re.findall(r"{.*?}", text)), text


def test_a_file_as_a_translation_program_writes_it_is_read(tmp_path):
    path = tmp_path / "xx.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n"Language: xx\\n"\n\n'
        '#. A note\nmsgctxt "Operator"\nmsgid "Why"\nmsgstr ""\n"W"\n"a \\"r\\"\\n"\n\n'
        'msgid "Untold"\nmsgstr ""\n\n#, fuzzy\nmsgid "Guessed"\nmsgstr "G"\n\n'
        '#~ msgid "Old"\n#~ msgstr "Alt"\n'
    )
    assert translations.translations(path) == {("Operator", "Why"): 'Wa "r"\n'}


@pytest.mark.parametrize(
    "entry", ['msgid "Why"', 'msgid "Why"\nmsgstr "Warum', 'msgid "Why\nmsgstr "W"', "Why"]
)
def test_a_damaged_file_is_named_and_the_panel_stays_in_english(entry, tmp_path, monkeypatch, capsys):
    path = tmp_path / "xx.po"
    path.write_text(f'msgid "a"\nmsgstr "b"\n\n{entry}\n')
    with pytest.raises(InputError, match=r"xx\.po: expected msgid"):
        translations.translations(path)
    monkeypatch.setattr(translations, "LANGUAGES", tmp_path)
    translations.unregister()
    translations.register()
    assert "xx.po" in capsys.readouterr().err


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
