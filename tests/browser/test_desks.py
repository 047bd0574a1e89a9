"""The desks by keyboard, and without JavaScript."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from comments.models import Comment
from tests.factories import make_comment, make_editor, make_moderator, publish_article


@pytest.fixture
def desk(site, open_page):
    """Open an address as somebody who is logged in."""

    def desk(path, *, by, **how) -> Page:
        page = open_page(**how)
        client = Client()
        client.force_login(by)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}]
        )
        page.goto(f"{site}{path}")
        return page

    return desk


def case(page: Page, name: str):
    return page.get_by_role("article", name=name)


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("javascript", [True, False])
class TestQueue:
    @pytest.fixture
    def comments(self, site):
        article = publish_article().article
        return [make_comment(article, name=name) for name in ("Ana", "Ben", "Cem")]

    @pytest.fixture
    def queue(self, desk, comments, size, javascript):
        address = "/admin/comments/comment/"
        return desk(address, by=make_moderator(), size=size, javascript=javascript)

    def test_shows_who_waits_longest_and_then_the_next(self, queue, comments):
        expect(case(queue, "Ana")).to_be_visible()
        expect(case(queue, "Ben")).to_be_hidden()
        case(queue, "Ana").get_by_role("button", name="Approve").click()
        expect(case(queue, "Ben")).to_be_visible()
        assert Comment.objects.get(name="Ana").status == Comment.Status.APPROVED

    def test_opens_another_by_keyboard(self, queue, comments):
        queue.get_by_role("link", name="Cem", exact=True).press("Enter")
        expect(case(queue, "Cem")).to_be_visible()
        expect(case(queue, "Ana")).to_be_hidden()
        spam = case(queue, "Cem").get_by_role("button", name="Spam")
        for _ in range(8):
            queue.keyboard.press("Tab")
            if spam.evaluate("button => button === document.activeElement"):
                break
        expect(spam).to_be_focused()
        queue.keyboard.press("Enter")
        expect(queue.locator(".messagelist")).to_contain_text("1 comment marked as spam.")
        assert Comment.objects.get(name="Cem").status == Comment.Status.SPAM

    def test_keeps_ticks_while_cases_are_read(self, queue, comments):
        every = queue.get_by_role("button", name="Reject all ticked")
        expect(every).to_be_hidden()
        queue.get_by_label("Tick the comment by Ben").check()
        queue.get_by_role("link", name="Cem", exact=True).click()
        queue.get_by_label("Tick the comment by Cem").check()
        every.click()
        expect(queue.locator(".messagelist")).to_contain_text("2 comments rejected.")
        rejected = Comment.objects.filter(status=Comment.Status.REJECTED)
        assert [comment.name for comment in rejected] == ["Ben", "Cem"]


class TestArticleForm:
    def test_names_what_stands_in_for_its_fields(self, desk):
        edition = publish_article()
        address = f"/admin/articles/article/{edition.article_id}/change/"
        page = desk(address, by=make_editor())
        expect(page.get_by_role("textbox", name="Body")).to_be_visible()
        expect(page.get_by_role("combobox", name="Lead picture")).to_be_visible()
        expect(page.get_by_role("searchbox", name="Topics")).to_be_visible()
        page.locator("#bylines-group .add-row a").click()
        expect(page.get_by_role("combobox", name="Author")).to_have_count(2)
