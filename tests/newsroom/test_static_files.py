"""What a reader's browser has to fetch before it shows a page: few files, and small ones."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils.html import escape

from articles import publishing
from newsroom.static_files import StaticFiles, minified
from tests.factories import (
    make_agency,
    make_author,
    make_comment,
    make_editor,
    make_image,
    make_section,
    make_topic,
    publish_article,
)
from tests.newsroom.pagecache.test_pages import PAGES

ROOT = Path(__file__).resolve().parents[2]
#: Bytes, minified but not compressed, of all that a page links.
MOST_CSS = 20_000
MOST_JS = 6_000
SHEETS = sorted(path.name for path in (ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted(path.name for path in (ROOT / "static" / "js").glob("*.js"))


def source(name):
    return Path(finders.find(name)).read_text()


def small(name):
    return minified(name, source)


def linked(html):
    """The names of the style sheets and scripts of a page."""
    sheets = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', html)
    scripts = re.findall(r'<script [^>]*?src="/static/([^"]+)"', html)
    return sheets, scripts


def assert_light(html):
    sheets, scripts = linked(html)
    assert sheets
    css = {name: len(small(name).encode()) for name in sheets}
    js = {name: len(small(name).encode()) for name in scripts}
    assert sum(css.values()) <= MOST_CSS, css
    assert sum(js.values()) <= MOST_JS, js


@pytest.fixture
def edition(db):
    edition = publish_article(
        section=make_section("World"),
        lead_image=make_image(),
        topics=[make_topic("Ferries")],
        authors=[make_author("Mira Holt")],
        agency=make_agency("IANS"),
    )
    make_comment(edition.article)
    return edition


class TestWeight:
    @pytest.mark.parametrize("name", sorted(PAGES))
    def test_of_a_public_page_is_within_the_budget(self, client, edition, name):
        response = client.get(PAGES[name](edition))
        is_page = response.headers["Content-Type"].startswith("text/html")
        # A part of pages comes with theirs.
        if is_page and not PAGES[name](edition).startswith("/parts/"):
            assert_light(response.text)

    def test_of_error_pages_is_within_the_budget(self, client, edition, rf):
        from newsroom.errors import forbidden, server_error

        assert_light(client.get("/no-such-page/").text)
        assert_light(forbidden(rf.get("/")).text)
        assert_light(server_error(rf.get("/")).text)
        publishing.withdraw(edition.article, by=make_editor())
        assert_light(client.get(edition.get_absolute_url()).text)

    def test_of_the_pages_about_a_comment_is_within_the_budget(self, client, edition):
        assert_light(client.get(make_comment(edition.article).get_status_url()).text)
        path = f"{edition.get_absolute_url()}comments/"
        assert_light(client.post(path, {}, headers={"Sec-Fetch-Site": "same-origin"}).text)
        assert_light(client.post(path, {}, headers={"Sec-Fetch-Site": "cross-site"}).text)

    def test_of_a_story_without_pictures_is_eight_requests(self, edition):
        html = Client().get(publish_article(section=edition.section).get_absolute_url()).text
        sheets, scripts = linked(html)
        fonts = re.findall(r'<link rel="preload" href="[^"]+"', html)
        icons = re.findall(r'<link rel="icon" href="[^"]+"', html)
        assert len([html, *sheets, *scripts, *fonts, *icons]) <= 8


class TestMinifying:
    def test_keeps_what_the_spaces_of_a_sheet_mean(self):
        sheet = (
            "@layer parts {\n  .a > .b :is(h2, h3) { inline-size: calc(1px + -1 * var(--c)); }\n}"
        )
        assert minified("css/a.css", {"css/a.css": sheet}.__getitem__) == (
            "@layer parts{.a>.b :is(h2,h3){inline-size:calc(1px + -1 * var(--c))}}"
        )

    def test_puts_an_imported_sheet_in_its_place(self):
        sheets = {
            "css/a.css": '/* why */\n@import url("b.css");\n\n.a { color: red; }\n',
            "css/b.css": '@import url("c.css");\n.b { color: tan; }\n',
            "css/c.css": ".c { color: #fff; }\n",
        }
        small = minified("css/a.css", sheets.__getitem__)
        assert small == ".c{color:#fff}.b{color:tan}.a{color:red}"

    def test_refuses_a_sheet_that_browsers_do_not_understand(self):
        with pytest.raises(ValueError, match=r"css/a\.css"):
            minified("css/a.css", {"css/a.css": "a { color: red; } } b {"}.__getitem__)

    def test_keeps_what_a_script_says(self):
        script = "// why\nconst a = `${b}  c // d`;\nconst e = /\\s  \\/+/gu;\n"
        small = minified("js/a.js", {"js/a.js": script}.__getitem__)
        assert small.strip() == "const a=`${b}  c // d`;const e=/\\s  \\/+/gu;"

    @pytest.mark.parametrize("name", SHEETS)
    def test_leaves_no_comment_and_no_import_in_a_sheet(self, name):
        text = small(f"css/{name}")
        assert "/*" not in text
        assert "@import" not in text
        assert text.count("{") == text.count("}")

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_makes_scripts_smaller(self, name):
        assert len(small(f"js/{name}")) < len(source(f"js/{name}"))


class TestCollecting:
    @pytest.fixture
    def collect(self, tmp_path, settings):
        """Copy sheets into a folder as collectstatic does; gives what is sent under a name."""
        settings.STATIC_URL = "/static/"
        written, sent = tmp_path / "written", tmp_path / "sent"

        def collect(**sheets):
            sources = FileSystemStorage(written)
            copies, storage = StaticFilesStorage(sent), StaticFiles(sent)
            for name, text in sheets.items():
                path = written / "css" / f"{name}.css"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                if not copies.exists(f"css/{name}.css"):
                    copies.save(f"css/{name}.css", path.open("rb"))
            paths = {f"css/{name}.css": (sources, f"css/{name}.css") for name in sheets}
            for _name, _hashed, error in storage.post_process(paths):
                assert not isinstance(error, Exception), error
            return lambda name: (sent / storage.stored_name(f"css/{name}.css")).read_text()

        return collect

    def test_sends_the_small_sheet_under_a_name_of_its_own(self, collect):
        sent = collect(
            a="/* why */\na { color: red; }\n", b='@import url("a.css");\nb { margin: 0 }'
        )
        assert sent("a") == "a{color:red}"
        assert sent("b") == "a{color:red}b{margin:0}"

    def test_makes_a_sheet_new_when_one_that_it_imports_is(self, collect):
        importer = '@import url("a.css");\nb { margin: 0 }'
        assert collect(a="a { color: red }", b=importer)("b") == "a{color:red}b{margin:0}"
        assert collect(a="a { color: tan }", b=importer)("b") == "a{color:tan}b{margin:0}"

    def test_again_changes_nothing(self, collect):
        first = collect(a="a { color: red }")("a")
        assert collect(a="a { color: red }")("a") == first


class TestSheets:
    def test_import_neighbours_that_exist(self):
        for name in SHEETS:
            for imported in re.findall(r"@import ([^;]+);", source(f"css/{name}")):
                assert re.fullmatch(r'url\("[\w-]+\.css"\)', imported), name
                assert imported[5:-2] in SHEETS, name

    def test_are_all_linked_or_imported(self):
        texts = [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
        texts += [source(f"css/{name}") for name in SHEETS]
        for name in SHEETS:
            assert any(f"css/{name}" in text or f'url("{name}")' in text for text in texts), name
            assert escape(name) == name
