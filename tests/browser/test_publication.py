"""The desk of the publication: a preview that follows the typing, and works without JavaScript."""

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from newsroom.publication import Publication
from tests.accessibility import assert_accessible, assert_no_sideways_scroll
from tests.factories import make_chief, make_image, make_page, publish_article

PATH = "/admin/newsroom/publication/1/change/"


@pytest.fixture
def edition(site):
    make_page("About us", kind="about")
    return publish_article(lead_image=make_image())


@pytest.fixture
def desk(site, edition, open_page):
    """Open the desk as a chief editor."""

    def desk(**how) -> Page:
        page = open_page(**how)
        client = Client()
        client.force_login(make_chief())
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}]
        )
        page.goto(f"{site}{PATH}")
        return page

    return desk


def preview(page):
    return page.frame_locator("iframe[name=publication-preview]")


def accent(page):
    """The colour of the mark behind the paper's name."""
    mark = "element => getComputedStyle(element, '::after').backgroundColor"
    return preview(page).locator(".masthead .nameplate").evaluate(mark)


@pytest.mark.parametrize("size", ["desktop", "phone"])
class TestThePreview:
    def test_follows_what_is_typed(self, desk, edition, size):
        page = desk(size=size)
        expect(preview(page).locator(".masthead .nameplate")).to_have_text("The Newsroom")
        page.get_by_label("Name:", exact=True).fill("The Island Post")
        expect(preview(page).locator(".masthead .nameplate")).to_have_text("The Island Post")
        page.get_by_label("Colour on light pages").fill("#7a3b00")
        page.get_by_label("Colour on dark pages").fill("#ffb066")
        expect(preview(page).locator("link[href*='7a3b00-ffb066']")).to_have_count(1)
        assert accent(page) == "rgb(122, 59, 0)"
        page.get_by_label("Newest story").check()
        expect(preview(page).get_by_role("heading", level=1)).to_have_text(edition.headline)
        page.get_by_label("Dark", exact=True).check()
        expect(preview(page).locator("html")).to_have_attribute("data-theme", "dark")
        assert accent(page) == "rgb(255, 176, 102)"
        assert not Publication.objects.exists()

    def test_leaves_the_way_back_as_it_was(self, desk, size):
        page = desk(size=size)
        before = page.evaluate("history.length")
        for name in ("One", "Two", "Three"):
            page.get_by_label("Name:", exact=True).fill(name)
            expect(preview(page).locator(".masthead .nameplate")).to_have_text(name)
        assert page.evaluate("history.length") == before

    def test_is_a_button_without_javascript(self, desk, size):
        page = desk(size=size, javascript=False)
        page.get_by_label("Name:", exact=True).fill("The Island Post")
        page.get_by_role("button", name="Preview").click()
        expect(preview(page).locator(".masthead .nameplate")).to_have_text("The Island Post")
        assert page.url.endswith(PATH)
        page.get_by_role("button", name="Save", exact=True).click()
        assert Publication.objects.get().name == "The Island Post"


class TestColours:
    def test_say_their_contrast_while_they_are_typed(self, desk):
        page = desk()
        field = page.get_by_label("Colour on light pages")
        said = page.locator(".field-accent_light output")
        field.fill("#ffd400")
        expect(said).to_have_text("Contrast 1.4, and 5.5 is needed.")
        field.fill("2438D6")
        expect(said).to_have_text(re.compile(r"Contrast 6\.\d: easy to read\."))
        field.fill("blue")
        expect(said).to_have_text("")

    def test_are_refused_with_the_nearest_that_would_do(self, desk):
        page = desk()
        page.get_by_label("Colour on light pages").fill("#ffd400")
        page.get_by_label("Colour on dark pages").fill("#ffd400")
        page.get_by_role("button", name="Save", exact=True).click()
        refusal = page.locator(".field-accent_light .errorlist")
        expect(refusal).to_contain_text("contrast of 1.4, and 5.5 is needed")
        page.get_by_label("Colour on light pages").fill(
            re.search("#[0-9a-f]{6}", refusal.inner_text())[0]
        )
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".messagelist .success")).to_be_visible()
        assert Publication.objects.get().accent_dark == "#ffd400"


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_desk_is_accessible(desk, is_refused):
    page = desk()
    expect(preview(page).locator(".masthead .nameplate")).to_be_visible()
    if is_refused:
        page.get_by_label("Name:", exact=True).fill("")
        page.get_by_label("Colour on light pages").fill("#ffd400")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(preview(page).locator(".masthead .nameplate")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page, (390,), ("ltr",))
