"""What makes reading easy: large letters, a place kept, keys, how far one has come."""

import re

import pytest
from playwright.sync_api import expect

from comments import moderation
from comments.models import Comment
from tests.accessibility import assert_accessible, assert_large_targets, assert_no_sideways_scroll
from tests.factories import make_image, make_moderator, make_section, publish_article

WORDS = "The winter ferry is worth every coin that it costs us."
LONG = "".join(f"<p>Paragraph {number} of a long story. {WORDS * 4}</p>" for number in range(40))
#: Words that are cut, though nobody meant to hide them.
_CUT = """
() => [...document.querySelectorAll("main *, header *, footer *")].filter((element) => {
  const style = getComputedStyle(element);
  const isHidden = style.clipPath !== "none" || element.closest(".vh, .hp, .sections, [hidden]");
  const clips = style.overflowX !== "visible" || style.overflowY !== "visible";
  const isLarger = element.scrollWidth > element.clientWidth + 1
    || element.scrollHeight > element.clientHeight + 1;
  return !isHidden && clips && isLarger && !element.matches("textarea, select, input");
}).map((element) => element.outerHTML.slice(0, 100))
"""


@pytest.fixture
def edition(site):
    section = make_section("World", accent="world")
    for _ in range(5):
        publish_article(section=section)
    return publish_article(section=section, body=LONG, lead_image=make_image())


@pytest.fixture
def page(site, edition, open_page):
    page = open_page()
    page.goto(f"{site}{edition.get_absolute_url()}")
    return page


def scrolled(page):
    return page.evaluate("() => scrollY")


def post_comment(page):
    page.get_by_label("Your comment").fill(WORDS)
    page.get_by_label("Name").fill("Petra")
    page.get_by_label("Email").fill("petra@example.org")
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("waiting for review")


class TestLargeLetters:
    @pytest.mark.parametrize("path", ["/", "/world/", "", "/search/?q=ferry", "/shortcuts/"])
    def test_of_twice_the_size_lose_nothing(self, site, edition, open_page, path):
        page = open_page()
        page.goto(f"{site}{path or edition.get_absolute_url()}")
        page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        assert_no_sideways_scroll(page, (640, 1280), ("ltr",))
        assert page.evaluate(_CUT) == []
        size = "() => parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)"
        large = page.evaluate(size)
        page.evaluate("() => { document.documentElement.style.fontSize = '' }")
        # A share of them follows the window, and the browser's zoom goes on from here.
        assert large >= 1.75 * page.evaluate(size)


class TestKeyPoints:
    def test_have_an_address_that_the_keyboard_reaches(self, page, edition):
        link = page.get_by_role("link", name="Link to these key points")
        link.focus()
        expect(link).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("#key-points$"))
        expect(page.locator("#key-points .points")).to_be_in_viewport()


class TestProgress:
    WIDTH = "() => parseFloat(getComputedStyle(document.querySelector('.prose'), '::before').width)"

    def test_is_shown_without_a_script(self, page):
        page.emulate_media(reduced_motion="no-preference")
        text = page.locator(".prose").bounding_box()
        widths = []
        for share in (0, 0.5, 1):
            y = text["y"] + share * (text["height"] - page.viewport_size["height"])
            page.evaluate("(y) => scrollTo({ top: y, behavior: 'instant' })", y)
            page.wait_for_timeout(100)
            widths.append(page.evaluate(self.WIDTH) / page.evaluate("() => innerWidth"))
        assert widths[0] < 0.05
        assert 0.4 < widths[1] < 0.6
        assert widths[2] > 0.95

    def test_is_left_out_for_who_wants_no_motion(self, page):
        page.emulate_media(reduced_motion="reduce")
        content = "() => getComputedStyle(document.querySelector('.prose'), '::before').content"
        assert page.evaluate(content) == "none"


class TestPlace:
    def test_is_kept_over_a_comment(self, page):
        page.evaluate("() => scrollTo({ top: 1800, behavior: 'instant' })")
        page.locator(".byline__talk a").evaluate("link => link.click()")
        post_comment(page)
        page.get_by_role("link", name="Back to the story").click()
        page.wait_for_function("() => document.readyState === 'complete'")
        page.wait_for_timeout(200)
        assert abs(scrolled(page) - 1800) < 2
        assert "#" not in page.url
        page.reload()
        assert "#" not in page.url

    def test_is_that_of_the_form_for_who_went_there_alone(self, page):
        page.get_by_label("Your comment").scroll_into_view_if_needed()
        post_comment(page)
        page.get_by_role("link", name="Back to the story").click()
        page.wait_for_function("() => document.readyState === 'complete'")
        page.wait_for_timeout(200)
        expect(page.get_by_label("Your comment")).to_be_in_viewport()

    def test_gives_way_to_a_published_comment(self, page, site):
        post_comment(page)
        moderation.approve(Comment.objects.get(), by=make_moderator())
        page.reload()
        page.get_by_role("link", name="Back to the story").click()
        expect(page).to_have_url(re.compile(r"#comment-\d+$"))
        expect(page.locator(".comment:target")).to_be_in_viewport()

    def test_is_forgotten_by_other_ways_to_the_story(self, page, site, edition):
        page.evaluate("() => scrollTo({ top: 1800, behavior: 'instant' })")
        post_comment(page)
        page.goto(f"{site}/")
        page.goto(f"{site}{edition.get_absolute_url()}")
        assert scrolled(page) == 0


class TestKeys:
    def test_are_listed_in_a_dialog(self, page):
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_be_visible()
        expect(dialog).to_contain_text("Next story of a list")
        assert_accessible(page)
        assert_large_targets(page)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        page.get_by_role("link", name="Keyboard shortcuts").click()
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()

    def test_lead_through_the_stories_of_a_list(self, page, site, edition):
        page.goto(f"{site}/world/")
        links = page.locator("main .card :is(h2, h3) > a")
        for key, number in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
            page.keyboard.press(key)
            expect(links.nth(number)).to_be_focused()
            expect(links.nth(number)).to_be_in_viewport()
        address = links.nth(0).get_attribute("href")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site}{address}")

    def test_lead_to_search_front_page_comments_and_theme(self, page, site):
        page.keyboard.press("t")
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        page.keyboard.press("c")
        expect(page).to_have_url(re.compile("#comments$"))
        expect(page.locator("#comments")).to_be_in_viewport()
        page.keyboard.press("/")
        expect(page).to_have_url(f"{site}/search/")
        # The address is there before the script is.
        page.wait_for_load_state()
        page.keyboard.press("/")
        expect(page.locator("#id_q")).to_be_focused()
        page.locator("h1").click()
        page.keyboard.press("g")
        page.keyboard.press("f")
        expect(page).to_have_url(f"{site}/")

    def test_mean_letters_while_somebody_types(self, page):
        field = page.get_by_label("Your comment")
        field.focus()
        page.keyboard.type("t/?jkcgf")
        expect(field).to_have_value("t/?jkcgf")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.locator("html")).not_to_have_attribute("data-theme", "light")

    @pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
    def test_leave_those_with_a_modifier_to_the_browser(self, page, modifier):
        page.evaluate(
            """(name) => dispatchEvent(Object.assign(new KeyboardEvent("keydown",
              { key: "t", code: "KeyT", [name]: true })))""",
            {"Control": "ctrlKey", "Alt": "altKey", "Meta": "metaKey"}[modifier],
        )
        expect(page.locator("html")).not_to_have_attribute("data-theme", "light")

    def test_are_where_they_are_on_a_keyboard_of_another_script(self, page):
        page.evaluate(
            "() => dispatchEvent(new KeyboardEvent('keydown', { key: 'ف', code: 'KeyT' }))"
        )
        expect(page.locator("html")).to_have_attribute("data-theme", "light")

    def test_can_be_switched_off_for_good(self, page, site):
        page.keyboard.press("?")
        page.get_by_label("Use these shortcuts").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        page.reload()
        page.keyboard.press("t")
        page.keyboard.press("?")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.locator("html")).not_to_have_attribute("data-theme", "light")
        page.goto(f"{site}/shortcuts/")
        page.get_by_label("Use these shortcuts").check()
        page.keyboard.press("t")
        page.locator("h1").click()
        page.keyboard.press("t")
        expect(page.locator("html")).to_have_attribute("data-theme", "light")

    def test_are_a_page_without_scripts(self, site, edition, open_page):
        page = open_page("phone", javascript=False)
        page.goto(f"{site}{edition.get_absolute_url()}")
        page.get_by_role("link", name="Keyboard shortcuts").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Keyboard shortcuts")
        expect(page.get_by_text("They need JavaScript")).to_be_visible()
        expect(page.get_by_label("Use these shortcuts")).to_be_hidden()
