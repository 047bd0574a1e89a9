"""A story's whole way: typed by an editor, published, discussed, moderated, read."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from playwright.sync_api import Page, expect

from articles.models import Edition
from articles.typography import curl
from comments.models import Comment
from tests import story as stories
from tests.factories import make_agency, make_editor, make_moderator, make_section

STORY = stories.load()
FORTY_NINE = "A ferry that runs four times a day is worth a vot"
FIFTY = FORTY_NINE + "e"
PASSWORD = "a long password"


def log_in(page: Page, site: str, username: str) -> None:
    page.goto(f"{site}/admin/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def type_story(page: Page, site: str) -> None:
    """Write the whole story into the article form, as an editor would."""
    page.goto(f"{site}/admin/articles/article/add/")
    page.get_by_label("Headline", exact=False).first.fill(STORY.headline)
    page.fill("#id_short_title", STORY.short_title)
    page.fill("#id_standfirst", STORY.standfirst)
    page.select_option("#id_section", label="World")
    page.fill("#id_slug", STORY.slug)
    page.fill("#id_dateline_place", STORY.dateline_place)
    page.fill("#id_dateline_date", STORY.dateline_date.isoformat())
    page.locator(".field-body [contenteditable=true]").click()
    for number, paragraph in enumerate(STORY.paragraphs):
        if number:
            page.keyboard.press("Enter")
        page.keyboard.insert_text(paragraph)
    page.locator(".field-agency .select2-selection").click()
    page.locator(".select2-search__field").last.fill(STORY.agency[:3])
    page.locator(".select2-results__option", has_text=STORY.agency).click()
    page.fill("#id_pull_quote", STORY.pull_quote)
    page.fill("#id_pull_quote_attribution", STORY.pull_quote_attribution)
    page.fill("#id_summary", STORY.summary)
    page.fill("#id_key_points_heading", STORY.key_points_heading)
    for number, point in enumerate(STORY.key_points):
        if number >= 3:
            page.locator("#key_points-group .add-row a").click()
        page.fill(f"#id_key_points-{number}-text", point)


def publish(page: Page) -> str:
    """Save, publish now, and follow the link to the page that readers get."""
    page.get_by_role("button", name="Save and publish…").click()
    expect(page.get_by_role("heading", name="Checklist")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("is live")
    page.get_by_role("link", name="see it as readers do").click()
    return page.url


def expect_every_element(page: Page) -> None:
    """What the reference page shows, in the order of the design."""
    expect(page).to_have_title(re.compile(re.escape(curl(STORY.short_title))))
    expect(page.locator("h1")).to_have_text(curl(STORY.headline))
    expect(page.locator(".standfirst")).to_have_text(curl(STORY.standfirst))
    expect(page.locator(".byline")).to_contain_text(STORY.read_time)
    expect(page.locator(".byline")).to_contain_text(STORY.agency)
    brief = page.locator(".brief")
    expect(brief).to_contain_text(curl(STORY.summary))
    expect(brief.get_by_role("heading", name="Key Points:")).to_have_text(
        f"Key Points: {curl(STORY.key_points_heading)}"
    )
    expect(brief.locator("li")).to_have_text([curl(point) for point in STORY.key_points])
    pull = page.locator("figure.pull")
    expect(pull.locator("blockquote")).to_have_text(curl(STORY.pull_quote))
    expect(pull.locator("figcaption")).to_have_text(curl(STORY.pull_quote_attribution))
    prose = page.locator(".prose > p")
    expect(prose).to_have_text(
        [f"{STORY.dateline} — {curl(STORY.paragraphs[0])}"]
        + [curl(paragraph) for paragraph in STORY.paragraphs[1:]]
    )
    expect(page.locator(".dateline")).to_have_text(STORY.dateline)
    expect(page.locator(".credit")).to_have_text(f"– {STORY.agency}")
    expect(page.get_by_role("heading", name="Share this article")).to_be_visible()
    shares = {
        link.inner_text(): link.get_attribute("href") or ""
        for link in page.locator(".share__list a").all()
    }
    assert set(shares) == {"WhatsApp", "Facebook", "X", "LinkedIn", "Telegram", "Email"}
    assert all(href.startswith(("https://", "mailto:")) for href in shares.values())
    expect(page.get_by_role("heading", name="Reader Comments")).to_be_visible()
    expect(page.locator(".guide").first).to_have_text(
        "We welcome thoughtful discussions from our readers."
        " Please keep comments respectful and on-topic."
    )
    expect(page.get_by_role("heading", name="Leave a Comment")).to_be_visible()
    expect(page.locator(".counter")).to_contain_text("Minimum 50 characters")


def write_comment(page: Page, text: str, name: str = "Petra S") -> None:
    page.get_by_label("Your comment").fill(text)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill("petra@example.org")


@pytest.mark.parametrize("size", ["desktop", "phone"])
class TestFirstStory:
    def test_goes_from_the_admin_to_an_approved_comment(self, site, open_page, size):
        make_section("World", accent="world")
        make_agency(STORY.agency)
        make_editor("lucia")
        make_moderator("tomas")

        editor = open_page(size)
        log_in(editor, site, "lucia")
        type_story(editor, site)
        address = publish(editor)
        expect_every_element(editor)
        assert Edition.objects.live().get().reading_minutes == int(STORY.read_time.split()[0])

        reader = open_page(size)
        reader.goto(address)
        expect_every_element(reader)
        expect(reader.locator(".counter")).to_contain_text("0/50")

        write_comment(reader, FORTY_NINE)
        expect(reader.locator(".counter")).to_contain_text("49/50")
        reader.get_by_role("button", name="Post comment").click()
        expect(reader).to_have_url(address)
        comment = reader.get_by_label("Your comment")
        expect(comment).to_be_focused()
        assert "1 more" in comment.evaluate("field => field.validationMessage")
        assert not Comment.objects.exists()

        reader.keyboard.press("Control+End")
        reader.keyboard.insert_text(FIFTY[-1])
        expect(reader.locator(".counter")).to_contain_text("Minimum reached")
        reader.get_by_role("button", name="Post comment").click()
        expect(reader.get_by_role("heading", level=1)).to_contain_text("waiting for review")
        expect(reader.locator(".comment__text")).to_have_text(FIFTY)
        own_page = reader.url

        other = open_page(size)
        other.goto(address)
        expect(other.locator("body")).not_to_contain_text(FIFTY)
        expect(other.get_by_role("heading", name="Reader Comments")).to_contain_text("0")

        moderator = open_page(size)
        log_in(moderator, site, "tomas")
        moderator.goto(f"{site}/admin/comments/comment/")
        expect(moderator.locator("main")).to_contain_text(FIFTY)
        moderator.get_by_role("button", name=re.compile("^Approve")).first.click()
        expect(moderator.locator(".messagelist")).to_be_visible()

        other.reload()
        expect(other.locator(".thread .comment__text")).to_have_text([FIFTY])
        expect(other.locator(".thread .avatar")).to_have_text("P")
        reader.goto(own_page)
        expect(reader.locator("main")).not_to_contain_text("waiting for review")


class TestWithoutJavaScript:
    def test_refuses_49_characters_on_the_server_and_keeps_them(self, site, open_page):
        edition = published()
        page = open_page("phone", javascript=False)
        page.goto(f"{site}{edition.get_absolute_url()}")
        write_comment(page, FORTY_NINE)
        page.get_by_role("button", name="Post comment").click()
        expect(page.locator(".field__error")).to_have_text(
            "Write at least 50 characters (you wrote 49, 1 more needed)."
        )
        expect(page.get_by_label("Your comment")).to_have_value(FORTY_NINE)
        expect(page.get_by_label("Name")).to_have_value("Petra S")
        expect(page.locator("#form-errors")).to_be_focused()
        expect(page.locator("#form-errors")).to_be_in_viewport()
        page.get_by_label("Your comment").fill(FIFTY)
        page.get_by_role("button", name="Post comment").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("waiting for review")
        assert Comment.objects.get().status == Comment.Status.PENDING

    def test_publishes_through_the_plain_forms(self, site, open_page):
        make_section("World", accent="world")
        make_editor("lucia")
        page = open_page("desktop", javascript=False)
        log_in(page, site, "lucia")
        page.goto(f"{site}/admin/articles/article/add/")
        page.fill("#id_headline", "Written by hand")
        page.select_option("#id_section", label="World")
        page.fill("#id_body", "<p>A paragraph typed as HTML.</p>")
        page.fill("#id_key_points-0-text", "One point")
        publish(page)
        expect(page.locator("h1")).to_have_text("Written by hand")
        expect(page.locator(".prose")).to_contain_text("A paragraph typed as HTML.")


class TestDatabase:
    @pytest.mark.parametrize("text", [FORTY_NINE, " " * 50, "a" * 49 + " " * 20])
    def test_refuses_a_short_comment_through_raw_sql(self, site, text):
        edition = published()
        Comment.objects.create(article=edition.article, name="A", email="a@example.org", body=FIFTY)
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE comments_comment SET body = %s", [text])


def published() -> Edition:
    from tests.factories import publish_article

    return publish_article(section=make_section("World", accent="world"))
