"""Every word of ours can be translated, and is, into each language that the site offers."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import translation
from django.utils.translation import gettext
from html5lib import parseFragment

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ["hi", "ar"]
APPS = ["articles", "comments", "newsroom"]
#: What is filled in, and the markup that must survive.
PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|</?\w+[^>]*>|/slug/")
_MADE_OF_NUMBERS = re.compile(r"%\((n|number|counter|minutes|count)\)[sd]")


def po_file(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def catalogue(language):
    return polib.pofile(str(po_file(language)))


def texts_of(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDERS.findall(text))


class TestCatalogues:
    def test_are_there_for_each_language_of_the_site(self):
        assert [code for code, _name in settings.LANGUAGES] == ["en", *LANGUAGES]

    def test_are_complete(self, catalogue):
        assert not [entry.msgid for entry in catalogue if not entry.translated()]
        assert not [entry.msgid for entry in catalogue.fuzzy_entries()]
        assert not [entry.msgid for entry in catalogue.obsolete_entries()]

    def test_keep_what_is_filled_in(self, catalogue):
        for entry in catalogue:
            wanted = placeholders(entry.msgid_plural or entry.msgid)
            for text in texts_of(entry)[:-1]:
                # "One comment" needs no number.
                lacking = wanted - placeholders(text)
                assert all(map(_MADE_OF_NUMBERS.fullmatch, lacking)), (entry.msgid, text)
                assert not placeholders(text) - wanted, (entry.msgid, text)
            assert placeholders(texts_of(entry)[-1]) == wanted, entry.msgid

    def test_keep_the_space_around(self, catalogue):
        for entry in catalogue:
            for text in texts_of(entry):
                assert text == text.strip(), entry.msgid
                assert text.endswith("…") == entry.msgid.endswith("…"), entry.msgid

    def test_are_written_in_their_script(self, catalogue, language):
        script = {"hi": "[\u0900-\u097f]", "ar": "[\u0600-\u06ff]"}[language]
        for entry in catalogue:
            if re.search("[a-z]{2}", PLACEHOLDERS.sub("", entry.msgid)):
                assert all(re.search(script, text) for text in texts_of(entry)), entry.msgid

    def test_have_each_form_of_the_plural(self, catalogue, language):
        forms = {"hi": 2, "ar": 6}[language]
        assert catalogue.metadata["Plural-Forms"].startswith(f"nplurals={forms};")
        for entry in catalogue:
            if entry.msgid_plural:
                assert len(entry.msgstr_plural) == forms, entry.msgid

    def test_are_compiled(self, catalogue, language):
        compiled = polib.mofile(str(po_file(language).with_suffix(".mo")))
        assert {(e.msgctxt, e.msgid): texts_of(e) for e in compiled} == {
            (e.msgctxt, e.msgid): texts_of(e) for e in catalogue
        }, "make messages compiles them"


class TestWordsOfDjango:
    """What Django's own Hindi catalogue lacks of the words that the desks show."""

    PO = ROOT / "locale" / "django" / "hi" / "LC_MESSAGES" / "django.po"

    def test_are_complete_and_compiled(self):
        catalogue, compiled = polib.pofile(str(self.PO)), polib.mofile(str(self.PO)[:-2] + "mo")
        assert not [entry.msgid for entry in catalogue if not entry.translated()]
        assert {e.msgid: texts_of(e) for e in compiled} == {e.msgid: texts_of(e) for e in catalogue}

    def test_keep_what_is_filled_in(self):
        for entry in polib.pofile(str(self.PO)):
            for text in texts_of(entry):
                assert Counter(re.findall(r"%\(?\w*\)?[sdr]|\{\w*\}", text)) == Counter(
                    re.findall(r"%\(?\w*\)?[sdr]|\{\w*\}", entry.msgid)
                ), entry.msgid

    def test_are_those_that_the_desks_ask_for(self):
        with translation.override("hi"):
            assert gettext("View site") == "साइट देखें"
            assert gettext("Save") == "सहेजें"


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """The catalogue that gettext makes of the code as it is now."""
    if shutil.which("xgettext") is None:
        if os.environ.get("CI"):
            pytest.fail("No gettext here, and CI must compare the catalogues.")
        pytest.skip("No gettext here: install it to compare the catalogues with the code.")
    copy = tmp_path_factory.mktemp("code")
    for name in [*APPS, "templates"]:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    folder = copy / "locale"
    folder.mkdir()
    # In a process of its own, as it works in the current folder.
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", "hi", "--verbosity", "0"],
        cwd=copy,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "django.conf.global_settings"},
        check=True,
    )
    return polib.pofile(str(folder / "hi" / "LC_MESSAGES" / "django.po"))


class TestCode:
    def test_has_no_words_that_a_catalogue_lacks(self, extracted, catalogue):
        def words(of: Any) -> set[Any]:
            return {(e.msgctxt, e.msgid, e.msgid_plural) for e in of if not e.obsolete}

        assert words(extracted) == words(catalogue), "make messages brings them up to date"


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
_MARKED = re.compile(
    r"{% comment %}.*?{% endcomment %}|{#.*?#}|{% blocktranslate.*?{% endblocktranslate %}"
    r"|{% block \w*class %}.*?{% endblock %}|{%.*?%}|{{.*?}}|<(script|svg)\b.*?</\1>",
    re.DOTALL,
)
_SHOWN = {"alt", "aria-label", "aria-description", "placeholder", "title", "label", "abbr"}
#: Keys are called what is printed on them.
_UNREAD = {"kbd", "style"}
#: Names, which are the same everywhere.
_NAMES = {"RSS"}


def bare_words(template: str) -> list[str]:
    """What a reader would see of a template that no catalogue knows."""
    html = _MARKED.sub(" ", template)
    html = re.sub(r"<!doctype.*?>|</?(html|head|body)\b[^>]*>", "", html, flags=re.IGNORECASE)
    found: list[str] = []
    for element in parseFragment(html, namespaceHTMLElements=False).iter():
        if not isinstance(element.tag, str):
            continue
        texts = [element.tail, element.text if element.tag not in _UNREAD else ""]
        texts += [value for name, value in element.attrib.items() if name in _SHOWN]
        if element.tag == "input" and element.attrib.get("type") == "submit":
            texts.append(element.attrib.get("value"))
        found += [text.strip() for text in texts if text and re.search("[A-Za-z]{2}", text)]
    return [text for text in found if text not in _NAMES]


class TestTemplates:
    @pytest.mark.parametrize(
        "template", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in TEMPLATES]
    )
    def test_show_no_words_that_nobody_can_translate(self, template):
        assert not bare_words(template.read_text("utf-8"))

    @pytest.mark.parametrize(
        ("template", "words"),
        [
            ("<p>Hello</p>", ["Hello"]),
            ('<p>{% translate "Hello" %}</p>', []),
            ('<img alt="A ferry">', ["A ferry"]),
            ('<p class="meta">{{ name }} 12</p>', []),
            ("<p>{% blocktranslate %}Hello {{ name }}{% endblocktranslate %} you</p>", ["you"]),
            ('<input type="submit" value="Send">', ["Send"]),
        ],
    )
    def test_are_looked_through_by_this_rule(self, template, words):
        assert bare_words(template) == words


#: Arguments that somebody reads, and calls whose first text somebody reads.
_READ_ARGUMENTS = {
    "description",
    "error_message",
    "help_text",
    "label",
    "search_help_text",
    "short_description",
    "verbose_name",
    "verbose_name_plural",
    "violation_error_message",
}
_READ_CALLS = {"Http404", "NotReady", "PermissionDenied", "Refused", "Stale", "ValidationError"}
_READ_CALLS |= {"success", "warning", "info", "block", "warn", "add_error"}
#: Speaks English on the terminal, as all commands do.
_EXCEPT = ("newsroom/loadtest.py",)
_MODEL = re.compile(r"\w+\.[A-Z]\w+$")


def unmarked(source: str) -> list[str]:
    """Texts in Python code that people read and no catalogue knows."""
    found: list[str] = []

    def note(value: ast.AST | None) -> None:
        if isinstance(value, ast.JoinedStr):
            found.append(ast.unparse(value))
        text = getattr(value, "value", None)
        if isinstance(text, str) and re.search("[A-Za-z]{2}", text) and not _MODEL.match(text):
            found.append(text)

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id in _READ_ARGUMENTS | {"title"}:
                    note(node.value)
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        owner = getattr(getattr(node.func, "value", None), "id", "")
        if name == "add_argument" or owner == "logger":
            continue
        for keyword in node.keywords:
            if keyword.arg in _READ_ARGUMENTS:
                note(keyword.value)
        if name in _READ_CALLS or (owner == "models" and name.endswith("Field")):
            texts = node.args[1:] if name in {"block", "warn", "add_error"} else node.args
            for argument in texts[:2]:
                note(argument)
    return found


class TestPython:
    @pytest.mark.parametrize(
        "path",
        [
            pytest.param(path, id=str(path.relative_to(ROOT)))
            for app in APPS
            for path in sorted((ROOT / app).rglob("*.py"))
            if not {"migrations", "commands", "demo", "pagecache"} & set(path.parts)
            and not str(path).endswith(_EXCEPT)
        ],
    )
    def test_says_nothing_that_nobody_can_translate(self, path):
        assert not unmarked(path.read_text("utf-8"))

    @pytest.mark.parametrize(
        ("code", "texts"),
        [
            ('models.CharField("headline")', ["headline"]),
            ('models.CharField(_("headline"), help_text="Big")', ["Big"]),
            ('raise Refused("No such day")', ["No such day"]),
            ('messages.success(request, f"{n} done")', ["f'{n} done'"]),
            ('verbose_name = "story"', ["story"]),
            ('raise Refused(_("No"))', []),
        ],
    )
    def test_is_looked_through_by_this_rule(self, code, texts):
        assert unmarked(code) == texts


class TestCommands:
    def test_check_finds_nothing_wrong_with_the_languages(self):
        call_command("check", tags=["translation"])
