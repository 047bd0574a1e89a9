import datetime
import re

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from articles import publishing
from comments.models import Comment
from tests.factories import make_editor, make_section, publish_article

pytestmark = pytest.mark.django_db

PAGES = ["front", "section", "article", "corrections", "shortcuts", "404", "410"]
STATUS = {"404": 404, "410": 410}


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def edition(editor):
    edition = publish_article(by=editor, section=make_section("World", accent="world"))
    Comment.objects.create(
        article=edition.article,
        name="Petra",
        email="petra@example.org",
        body="The winter ferry is worth every coin that it costs us.",
        status=Comment.Status.APPROVED,
    )
    publishing.correct(edition.article, by=editor, text="The bridge closed in 2024.")
    return edition


@pytest.fixture
def withdrawn(editor, edition):
    gone = publish_article(by=editor, section=edition.section)
    publishing.withdraw(gone.article, by=editor, note="It was the wrong ferry.")
    return gone


@pytest.fixture
def paths(edition, withdrawn):
    return {
        "front": "/",
        "section": edition.section.get_absolute_url(),
        "article": edition.get_absolute_url(),
        "corrections": "/corrections/",
        "shortcuts": "/shortcuts/",
        "404": "/2026/01/08/never-written/",
        "410": withdrawn.get_absolute_url(),
    }


@pytest.fixture
def keys(edition, withdrawn):
    story = f"article:{edition.article_id}"
    talk = f"comments:{edition.article_id}"
    own = {
        "front": {"front", "sections", "discussed", story, talk},
        "section": {f"section:{edition.section_id}", "sections", story, talk},
        # It is the oldest of its section, until an older one is published after all.
        "article": {
            story,
            talk,
            f"section:{edition.section_id}",
            f"oldest:{edition.section_id}",
            "sections",
        },
        "corrections": {"corrections", "sections", story},
        "shortcuts": {"sections"},
        "404": {"front", "sections", "subjects"},
        "410": {f"article:{withdrawn.article_id}", "sections"},
    }
    return {page: {*names, "publication"} for page, names in own.items()}


@pytest.mark.parametrize("page", PAGES)
class TestEveryReader:
    def test_gets_the_same_page(self, paths, editor, page):
        reader, another, colleague = Client(), Client(), Client()
        # Middleware would clear the one and replace the other, being no keys of ours.
        another.cookies["sessionid"] = "x"
        another.cookies["csrftoken"] = "x"
        another.cookies["theme"] = "dark"
        colleague.force_login(editor)
        colleague.get("/admin/")
        answers = [
            reader.get(paths[page]),
            reader.get(paths[page]),
            another.get(paths[page], headers={"Accept-Language": "lt", "User-Agent": "Other"}),
            colleague.get(paths[page]),
        ]
        assert {answer.status_code for answer in answers} == {STATUS.get(page, 200)}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["ETag"] for answer in answers}) == 1
        for answer in answers:
            assert not answer.cookies
            assert "Set-Cookie" not in answer.headers
            vary = answer.headers.get("Vary", "").lower()
            assert "cookie" not in vary
            assert "accept-language" not in vary

    def test_gets_no_token_and_no_name(self, paths, editor, page):
        colleague = Client()
        colleague.force_login(editor)
        html = colleague.get(paths[page]).content.decode()
        assert "csrf" not in html.lower()
        assert editor.username not in html
        assert editor.first_name not in html
        assert "petra@example.org" not in html


@pytest.mark.parametrize("page", PAGES)
class TestCaches:
    def test_learn_what_the_page_was_made_from(self, client, paths, keys, page):
        assert set(client.get(paths[page]).headers["Surrogate-Key"].split()) == keys[page]

    def test_may_keep_the_page_and_must_ask_again(self, client, paths, page):
        headers = client.get(paths[page]).headers
        assert headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert re.fullmatch('"[0-9a-f]{32}"', headers["ETag"])
        assert "Expires" not in headers

    def test_get_the_headers_without_the_page(self, client, paths, page):
        whole, head = client.get(paths[page]), client.head(paths[page])
        assert head.status_code == whole.status_code
        assert head.content == b""
        for name in ("ETag", "Surrogate-Key", "Cache-Control", "Content-Type"):
            assert head.headers[name] == whole.headers[name]
        assert head.headers.get("Content-Length", str(len(whole.content))) == str(
            len(whole.content)
        )

    @pytest.mark.parametrize("prefix", ["", "W/", '"other", '])
    def test_ask_whether_the_page_changed(self, client, paths, keys, page, prefix):
        etag = client.get(paths[page]).headers["ETag"]
        again = client.get(paths[page], headers={"If-None-Match": prefix + etag})
        if page in STATUS:
            # Only a page that is there can be unchanged (RFC 9110, 13.2.1).
            assert again.status_code == STATUS[page]
            assert again.content
        else:
            assert again.status_code == 304
            assert again.content == b""
        assert again.headers["ETag"] == etag
        assert set(again.headers["Surrogate-Key"].split()) == keys[page]
        assert again.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert "Set-Cookie" not in again.headers

    def test_get_the_whole_page_when_theirs_is_another(self, client, paths, page):
        answer = client.get(paths[page], headers={"If-None-Match": '"another"'})
        assert answer.status_code == STATUS.get(page, 200)
        assert answer.content


class TestChange:
    def test_of_a_story_changes_its_etag(self, client, edition, editor):
        before = client.get(edition.get_absolute_url()).headers["ETag"]
        article = edition.article
        article.headline = "Another headline"
        article.save()
        assert client.get(edition.get_absolute_url()).headers["ETag"] == before
        publishing.publish(article, by=editor)
        answer = client.get(edition.get_absolute_url(), headers={"If-None-Match": before})
        assert answer.status_code == 200
        assert "Another headline" in answer.content.decode()
        assert answer.headers["ETag"] != before

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_is_not_made_through_a_public_page(self, client, paths, method):
        for page in ("front", "section", "article", "410"):
            answer = getattr(client, method)(paths[page])
            assert answer.status_code == 405
            assert answer.headers["Allow"] == "GET, HEAD"


class TestClock:
    """Nothing runs but the clock: no worker, no signal, no further change of the database."""

    @pytest.fixture
    def at(self, monkeypatch):
        start = timezone.now()

        def at(**later):
            monkeypatch.setattr(timezone, "now", lambda: start + datetime.timedelta(**later))
            return start + datetime.timedelta(**later)

        return at

    def where(self, client, edition):
        """The pages of the paper on which readers find the story."""
        paths = ["/", edition.section.get_absolute_url(), "/no-such-page/"]
        return [edition.short_title in client.get(path).content.decode() for path in paths]

    def test_brings_a_scheduled_story(self, client, editor, at):
        moment = timezone.now() + datetime.timedelta(hours=2)
        edition = publish_article(by=editor, at=moment, section=make_section("World"))
        path = edition.get_absolute_url()
        for minutes in (0, 60, 119):
            at(minutes=minutes)
            assert client.get(path).status_code == 404
            assert self.where(client, edition) == [False, False, False]
        at(minutes=120, seconds=1)
        assert client.get(path).status_code == 200
        assert self.where(client, edition) == [True, True, True]

    def test_opens_and_closes_a_story_at_the_very_instant(self, client, editor, monkeypatch):
        make_section("World")
        opens = timezone.now() + datetime.timedelta(hours=1)
        edition = publish_article(by=editor, at=opens)
        path, tick = edition.get_absolute_url(), datetime.timedelta(microseconds=1)

        def status(moment):
            monkeypatch.setattr(timezone, "now", lambda: moment)
            return client.get(path).status_code

        assert [status(opens - tick), status(opens)] == [404, 200]
        closes = opens + datetime.timedelta(hours=1)
        publishing.withdraw(edition.article, by=editor, at=closes)
        assert [status(closes - tick), status(closes)] == [200, 410]

    def test_takes_a_withdrawn_story_away(self, client, edition, editor, at):
        path = edition.get_absolute_url()
        end = timezone.now() + datetime.timedelta(hours=2)
        publishing.withdraw(edition.article, by=editor, at=end, note="It was the wrong ferry.")
        at(minutes=119)
        assert client.get(path).status_code == 200
        assert self.where(client, edition) == [True, True, True]
        at(minutes=121)
        gone = client.get(path)
        assert gone.status_code == 410
        assert "It was the wrong ferry." in gone.content.decode()
        assert edition.headline not in gone.content.decode()
        assert self.where(client, edition) == [False, False, False]

    def test_replaces_a_story_by_its_scheduled_update(self, client, edition, editor, at):
        article = edition.article
        article.headline = "The ferry is full"
        article.save()
        publishing.schedule(article, by=editor, at=timezone.now() + datetime.timedelta(hours=2))
        path = edition.get_absolute_url()
        at(minutes=119)
        before = client.get(path)
        assert edition.headline in before.content.decode()
        assert "The ferry is full" not in before.content.decode()
        at(minutes=121)
        after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        assert "The ferry is full" in after.content.decode()


class TestPrivatePages:
    def test_are_kept_by_nobody(self, client, edition):
        comment = Comment.objects.get()
        answers = [
            client.get(comment.get_status_url()),
            client.post(
                f"{edition.get_absolute_url()}comments/", headers={"Origin": settings.SITE_URL}
            ),
            client.post(f"{edition.get_absolute_url()}comments/confirm/"),
        ]
        assert [answer.status_code for answer in answers] == [200, 422, 422]
        for answer in answers:
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert "Surrogate-Key" not in answer.headers
            assert "noindex" in answer.headers["X-Robots-Tag"]
