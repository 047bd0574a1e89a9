"""What scripts add to reading and commenting, and the keyboard's way through a page."""

import re
import unicodedata

import pytest
from playwright.sync_api import expect

from comments import text
from comments.models import Comment
from tests.factories import make_image, make_section, publish_article

WORDS = "The winter ferry is worth every coin that it costs us."
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
TEXTS = {
    "nothing": "",
    "one": "a",
    "49": "a" * 49,
    "50": "a" * 50,
    "50 spaces": " " * 50,
    "spaces around": f"   {'a' * 49}   ",
    "runs of spaces": "a  b" * 20,
    "50 combining marks": "\u0301" * 50,
    "one letter with 50 marks": "a" + "\u0301" * 50,
    "decomposed": unicodedata.normalize("NFD", "Ąžuolas ir ėglė prie Šventosios upės. " * 2),
    "hangul": unicodedata.normalize("NFD", "한국어로 쓴 의견도 똑같이 셉니다 " * 3),
    "emoji": FAMILY * 8,
    "flags": "\U0001f1f1\U0001f1f9" * 25,
    "arabic": "هذا تعليق عن العبارة التي تعمل في الشتاء كل يوم بلا انقطاع",
    "arabic marks": "مُحَمَّدٌ " * 8,
    "devanagari": "हिन्दी में लिखी गई टिप्पणी भी उतनी ही गिनी जाती है",
    "excluded from composition": "\u0958" * 30,
    "line feeds": "a\n" * 30,
    "crlf": "one line\r\nanother line\r\n\r\n" * 3,
    "no-break spaces": "a\u00a0\u00a0b" * 20,
    "byte order marks": "\ufeff" * 50,
    "zero width": "\u200b" * 50,
    "every white space": "".join(f"a{chr(code)}" for code in text.WHITE_SPACE) * 2,
    "ideographs": "評論" * 25,
    "beyond the basic plane": "\U00020000" * 50,
    "tag-like": "<b>&amp;</b> " * 5,
    "3000": "a" * 3000,
    "3001": "a" * 3001,
}


@pytest.fixture
def edition(site):
    return publish_article(section=make_section("World", accent="world"))


@pytest.fixture
def page(site, edition, open_page):
    page = open_page()
    page.goto(f"{site}{edition.get_absolute_url()}")
    return page


class TestPictures:
    def test_stand_beside_a_story_from_its_first_line_on(self, site, open_page):
        """What a picture is made of takes no room of its own: an empty cell moves all the rest."""
        picture, section = make_image(), make_section("World", accent="world")
        for _number in range(9):
            publish_article(section=section, lead_image=picture)
        page = open_page(size="phone")
        page.goto(site)
        tops = page.evaluate(
            """() => [...document.querySelectorAll(".cols--4 > .card:has(img)")].map((card) =>
                [...card.querySelectorAll("img, p, h3")].map((part) => {
                    const box = part.getBoundingClientRect();
                    return [part.tagName, Math.round(box.left), Math.round(box.top)];
                }))"""
        )
        assert len(tops) > 3
        for (_image, beside, top), *parts in tops:
            assert parts[0][2] <= top + 4
            assert all(left < beside for _name, left, _top in parts)


class TestTheme:
    def test_goes_round_and_is_remembered(self, page):
        root, button = page.locator("html"), page.locator("[data-theme-toggle]").first
        expect(button).to_have_text("Theme: auto")
        light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        for theme in ("light", "dark"):
            button.click()
            expect(root).to_have_attribute("data-theme", theme)
            expect(button).to_have_text(f"Theme: {theme}")
        page.reload()
        expect(root).to_have_attribute("data-theme", "dark")
        expect(button).to_have_text("Theme: dark")
        dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert dark != light
        button.click()
        expect(button).to_have_text("Theme: auto")
        page.reload()
        expect(button).to_have_text("Theme: auto")
        assert light == page.evaluate("() => getComputedStyle(document.body).backgroundColor")

    def test_follows_the_system_until_it_is_chosen(self, page):
        colour = "() => getComputedStyle(document.body).backgroundColor"
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(colour)
        page.emulate_media(color_scheme="light")
        assert page.evaluate(colour) != dark
        page.locator("[data-theme-toggle]").first.click()
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(colour) != dark

    def test_needs_no_storage(self, page, site, edition):
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
        )
        page.goto(f"{site}{edition.get_absolute_url()}")
        page.locator("[data-theme-toggle]").first.click()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")


class TestSharing:
    def test_opens_a_menu_that_escape_and_clicks_elsewhere_close(self, page):
        menu = page.locator("details.sharemenu")
        summary = menu.locator("summary")
        facebook = menu.get_by_role("link", name="Facebook")
        expect(facebook).to_be_hidden()
        summary.click()
        expect(facebook).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(facebook).to_be_hidden()
        expect(summary).to_be_focused()
        page.keyboard.press("Enter")
        expect(facebook).to_be_visible()
        page.locator("h1").click()
        expect(facebook).to_be_hidden()

    def test_copies_the_address(self, page, edition):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        button = page.locator("#share").get_by_role("button", name="Copy link")
        button.click()
        expect(page.locator("#share [data-copy]")).to_have_text("Link copied")
        assert page.evaluate("() => navigator.clipboard.readText()") == edition.absolute_url

    def test_works_without_scripts(self, site, edition, open_page):
        page = open_page("phone", javascript=False)
        page.goto(f"{site}{edition.get_absolute_url()}")
        menu = page.locator("details.sharemenu")
        menu.locator("summary").click()
        expect(menu.get_by_role("link", name="Telegram")).to_be_visible()
        expect(page.get_by_text("Copy link")).to_have_count(2)
        for button in page.locator("[data-copy]").all():
            expect(button).to_be_hidden()
        expect(page.locator("[data-theme-toggle]").first).to_be_hidden()


class TestKeyboard:
    def test_skips_to_the_content_first(self, page):
        skip = page.get_by_role("link", name="Skip to main content")
        page.keyboard.press("Tab")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("#main$"))
        page.keyboard.press("Tab")
        expect(page.locator("main .kicker a").first).to_be_focused()

    def test_sees_where_it_is(self, page):
        """Each stop on the way through the page has a ring, and is not hidden."""
        for _ in range(60):
            page.keyboard.press("Tab")
            stop = page.evaluate(
                """() => {
                  const at = document.activeElement;
                  if (at === document.body) return null;
                  const style = getComputedStyle(at), box = at.getBoundingClientRect();
                  const around = at.closest(".card");
                  const ring = style.outlineStyle !== "none"
                    || (around && getComputedStyle(around).outlineStyle !== "none");
                  return { what: at.outerHTML.slice(0, 80), ring, seen: box.width * box.height > 0,
                           inHoneypot: !!at.closest(".hp") };
                }"""
            )
            if stop is None:
                break
            assert stop["ring"], stop
            assert stop["seen"], stop
            assert not stop["inHoneypot"], stop
        else:
            pytest.fail("The page has no end.")

    def test_writes_a_comment(self, page):
        page.get_by_label("Your comment").focus()
        page.keyboard.insert_text(WORDS)
        page.keyboard.press("Tab")
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.insert_text("Petra")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Email")).to_be_focused()
        page.keyboard.insert_text("petra@example.org")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Post comment")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("waiting for review")
        assert Comment.objects.get().body == WORDS


class TestCounter:
    def test_agrees_with_the_server(self, page):
        field, count = page.get_by_label("Your comment"), page.locator("[data-count]")
        shown, counted = {}, {}
        for name, words in TEXTS.items():
            field.fill(words)
            shown[name] = int(count.inner_text().split("/")[0])
            counted[name] = text.length(words)
            is_valid = field.evaluate("field => field.validity.valid")
            assert is_valid == (text.MIN_LENGTH <= text.length(words) <= text.MAX_LENGTH), name
        assert shown == counted

    def test_agrees_with_what_is_stored(self, page):
        """The browser sends CRLF for line breaks; the stored text counts as shown."""
        page.get_by_label("Your comment").fill(f"{WORDS}\n\n\n\n  {FAMILY}\t\u0958 end  ")
        shown = int(page.locator("[data-count]").inner_text().split("/")[0])
        page.get_by_label("Name").fill("Petra")
        page.get_by_label("Email").fill("petra@example.org")
        page.get_by_role("button", name="Post comment").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("waiting for review")
        assert text.length(Comment.objects.get().body) == shown

    def test_says_what_it_counts(self, page):
        field, counter = page.get_by_label("Your comment"), page.locator(".counter")
        for words, state, said in (
            ("a" * 49, "short", "Minimum 50 characters 49/50"),
            ("a" * 50, "ok", "Minimum reached 50/50"),
            ("a" * 2800, "near", "200 characters left 2800/3000"),
            ("a" * 3010, "over", "10 characters too long 3010/3000"),
        ):
            field.fill(words)
            expect(counter).to_have_attribute("data-state", state)
            expect(counter).to_contain_text(said)
        expect(counter.get_by_role("status")).to_have_text("10 characters too long")

    def test_counts_what_the_browser_brings_back(self, page, site):
        page.get_by_label("Your comment").fill(WORDS)
        page.goto(f"{site}/")
        page.go_back()
        expect(page.get_by_label("Your comment")).to_have_value(WORDS)
        expect(page.locator("[data-count]")).to_have_text(f"{len(WORDS)}/50")


class TestLongComment:
    LONG = "All winter long we waited for the boat. " * 80

    def test_is_not_cut_and_is_refused_in_the_browser(self, page):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("words => navigator.clipboard.writeText(words)", self.LONG)
        field = page.get_by_label("Your comment")
        field.focus()
        page.keyboard.press("Control+V")
        expect(field).to_have_value(self.LONG)
        page.get_by_label("Name").fill("Petra")
        page.get_by_label("Email").fill("petra@example.org")
        address = page.url
        page.get_by_role("button", name="Post comment").click()
        expect(field).to_be_focused()
        assert page.url == address
        message = field.evaluate("field => field.validationMessage")
        assert message == "Shorten your comment to 3000 characters (199 too many)."
        assert not Comment.objects.exists()

    def test_is_not_cut_and_is_refused_by_the_server(self, site, edition, open_page):
        page = open_page(javascript=False)
        page.goto(f"{site}{edition.get_absolute_url()}")
        field = page.get_by_label("Your comment")
        field.fill(self.LONG)
        page.get_by_label("Name").fill("Petra")
        page.get_by_label("Email").fill("petra@example.org")
        page.get_by_role("button", name="Post comment").click()
        expect(page.locator(".field__error")).to_contain_text("3000")
        expect(field).to_have_value(self.LONG)
        expect(page.locator("#form-errors")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(field).to_be_focused()
        assert not Comment.objects.exists()
