import datetime
import re
from io import BytesIO
from urllib.parse import parse_qs, quote, unquote, urlsplit

import html5lib
import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image as Picture

from articles import publishing
from articles.models import Edition
from articles.sharing import share_links
from comments.models import Comment
from tests.factories import (
    BODY,
    PARAGRAPHS,
    make_agency,
    make_article,
    make_author,
    make_editor,
    make_image,
    make_moderator,
    make_section,
    make_topic,
    make_user,
    publish_article,
)
from tests.valid_html import assert_valid, problems

pytestmark = pytest.mark.django_db

WORDS = "The winter ferry is worth every coin that it costs us."
HOSTILE = "<script>alert(1)</script> & \"'>{{ 7|add:7 }}</title><img src=x onerror=alert(1)> &amp;"
HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def chief():
    """Who may do everything."""
    return make_user("nora", is_staff=True, is_superuser=True)


@pytest.fixture
def world():
    return make_section("World", accent="world", description="What happens elsewhere.")


@pytest.fixture
def full(editor, world):
    """A story with every part that a story can have."""
    return publish_article(make_full(section=world), by=editor)


def make_full(**fields):
    return make_article(
        **{
            "authors": [make_author("Mira Holt"), make_author("Jonas Berg")],
            "topics": [make_topic("Ferries")],
            "agency": make_agency("IANS", credit_line="IANS / Test Desk"),
            "lead_image": make_image(caption="The old ferry in March."),
            "dateline_place": "Washington",
            "dateline_date": datetime.date(2026, 1, 8),
            "pull_quote": "We can plan again.",
            "pull_quote_attribution": "Mira Holt, baker",
            "key_points_heading": "The vote",
            **fields,
        }
    )


def comment_on(edition, number=1, **fields):
    return Comment.objects.bulk_create(
        Comment(
            **{
                "article": edition.article,
                "name": f"Reader {n}",
                "email": "reader@example.org",
                "body": WORDS,
                "status": Comment.Status.APPROVED,
                **fields,
            }
        )
        for n in range(number)
    )


class Page:
    """A page as a browser's parser reads it."""

    def __init__(self, html):
        self.root = html5lib.parse(html)

    def all(self, tag="*", **attributes):
        """The elements with that tag and these attributes; of a class, one name is enough."""
        return [
            element
            for element in self.root.iter()
            if isinstance(element.tag, str)
            and tag in ("*", element.tag.removeprefix(HTML))
            and all(
                has(element, name.rstrip("_").replace("_", "-"), value)
                for name, value in attributes.items()
            )
        ]

    def texts(self, tag="*", **attributes):
        return [text(element) for element in self.all(tag, **attributes)]

    def meta(self, name):
        found = [*self.all("meta", name=name), *self.all("meta", property=name)]
        return [element.attrib["content"] for element in found]


def has(element, name, value):
    actual = element.attrib.get(name, "")
    return value in (actual.split() if name == "class" else [actual])


def text(element):
    return " ".join("".join(element.itertext()).split())


def get(path, status=200, client=None, **extra):
    response = (client or Client()).get(path, **extra)
    assert response.status_code == status
    return Page(response.content.decode())


class TestArticlePage:
    def test_shows_every_part(self, full):
        comment_on(full, 2)
        page = get(full.get_absolute_url())
        assert page.texts("title") == [f"{full.short_title} | The Newsroom"]
        assert page.texts("h1") == [full.headline]
        assert page.texts("p", class_="standfirst") == [full.standfirst]
        assert page.texts("p", class_="kicker") == ["World"]
        (byline,) = page.texts("div", class_="byline")
        for part in ("Mira Holt", "Jonas Berg", "IANS", "1 min read", "2 comments"):
            assert part in byline
        (brief,) = page.all("div", class_="brief")
        assert page.texts("h2", id="brief-h") == ["In brief"]
        assert full.summary in text(brief)
        assert page.texts("h2", id="points-h") == ["Key Points: The vote"]
        (points,) = page.all("ul", class_="points")
        assert [text(point) for point in points] == full.key_points
        (pull,) = page.all("figure", class_="pull")
        assert text(pull.find(f"{HTML}blockquote")) == "We can plan again."
        assert text(pull.find(f"{HTML}figcaption")) == "Mira Holt, baker"
        (prose,) = page.all("div", class_="prose")
        assert [text(part) for part in prose if part.tag == f"{HTML}p"] == [
            f"Washington, Jan 8 — {PARAGRAPHS[0]}",
            *PARAGRAPHS[1:],
        ]
        assert page.texts("span", class_="dateline") == ["Washington, Jan 8"]
        assert page.texts("p", class_="credit") == ["– IANS / Test Desk"]
        (figure,) = page.all("figure", class_="figure")
        assert "The old ferry in March." in text(figure)
        assert page.texts("span", class_="figure__credit") == ["Test Desk"]
        (image,) = figure.iter(f"{HTML}img")
        assert image.attrib["alt"] == "A ferry at its pier"
        assert (image.attrib["width"], image.attrib["height"]) == ("1440", "960")
        assert page.texts("ol", class_="thread")[0].count(WORDS) == 2
        assert page.texts("h2", class_="form__title") == ["Leave a Comment"]

    def test_keeps_the_order_of_the_design(self, full):
        comment_on(full)
        publish_article(section=full.section)
        page = get(full.get_absolute_url())
        wanted = "head byline figure brief prose credit share aside label--c text--c thread form"
        names = [
            name
            for element in page.all()
            for name in element.attrib.get("class", "").split()
            if name in wanted.split()
        ]
        assert list(dict.fromkeys(names)) == wanted.split()

    @pytest.mark.parametrize(
        ("missing", "tag", "attributes"),
        [
            ("standfirst", "p", {"class_": "standfirst"}),
            ("summary", "h2", {"id": "brief-h"}),
            ("key_points", "section", {"class_": "brief__points"}),
            ("summary key_points", "div", {"class_": "brief"}),
            ("pull_quote", "figure", {"class_": "pull"}),
            ("pull_quote_attribution lead_image", "figcaption", {}),
            ("dateline_place", "span", {"class_": "dateline"}),
            ("agency", "p", {"class_": "credit"}),
            ("lead_image", "figure", {"class_": "figure"}),
            ("bylines", "p", {"class_": "byline__names"}),
        ],
    )
    def test_leaves_out_the_whole_element_of_a_missing_part(
        self, editor, full, missing, tag, attributes
    ):
        assert get(full.get_absolute_url()).all(tag, **attributes)
        article = full.article
        for name in missing.split():
            if name in {"key_points", "bylines"}:
                getattr(article, name).all().delete()
            else:
                setattr(article, name, None if name in {"agency", "lead_image"} else "")
        article.save()
        publishing.publish(article, by=editor)
        response = Client().get(full.get_absolute_url())
        assert_valid(response.content)
        page = Page(response.content.decode())
        assert page.all(tag, **attributes) == []
        assert [p.attrib for p in page.all("p") if not text(p) and not len(p)] == []
        assert page.texts("h1") == [full.headline]

    def test_shows_a_bare_story(self, editor, world):
        edition = publish_article(
            by=editor, section=world, key_points=[], standfirst="", summary="", short_title=""
        )
        response = Client().get(edition.get_absolute_url())
        assert_valid(response.content)
        page = Page(response.content.decode())
        for name in ("standfirst", "brief", "pull", "dateline", "credit", "figure", "aside"):
            assert page.all(class_=name) == []
        assert page.meta("description") == ["Independent reporting with an open comments page."]
        assert page.texts("title") == [f"{edition.headline} | The Newsroom"]
        assert page.texts("p", class_="empty") == ["No comments yet. Start the discussion."]

    def test_names_key_points_without_a_heading_of_their_own(self, editor, world):
        edition = publish_article(by=editor, section=world)
        assert get(edition.get_absolute_url()).texts("h2", id="points-h") == ["Key Points"]

    def test_says_when_a_story_was_updated(self, editor, full):
        assert not get(full.get_absolute_url()).meta("article:modified_time")
        publishing.publish(full.article, by=editor)
        page = get(full.get_absolute_url())
        assert page.meta("article:modified_time")
        assert "Updated" in page.texts("div", class_="byline")[0]

    def test_lists_the_newest_of_the_section_without_itself(self, editor, world, full):
        elsewhere = publish_article(by=editor, section=make_section("Sport"))
        others = [publish_article(by=editor, section=world) for _ in range(7)]
        for page, listed in ((full, others[:0:-1]), (others[3], [*others[:3:-1], *others[2:0:-1]])):
            (aside,) = get(page.get_absolute_url()).all("aside")
            titles = [text(h3) for h3 in aside.iter(f"{HTML}h3")]
            assert titles == [other.short_title for other in listed]
            assert elsewhere.short_title not in text(aside)

    def test_shows_approved_comments_only_oldest_first(self, full):
        for status in Comment.Status.values:
            comment_on(full, name=f"Sender of {status}", status=status, body=f"{WORDS} {status}")
        comment_on(full, name="The second")
        page = get(full.get_absolute_url())
        names = page.texts("h3", class_="comment__name")
        assert names == ["Sender of approved", "The second"]
        assert page.texts("span", class_="num")[0] == "2"
        html = Client().get(full.get_absolute_url()).content.decode()
        for hidden in ("pending", "rejected", "Sender of spam", "reader@example.org"):
            assert hidden not in html


class TestHostileText:
    """What editors and readers type is text, wherever it is shown."""

    @pytest.fixture
    def edition(self, editor, world):
        image = make_image(alt=HOSTILE, caption=HOSTILE, credit=HOSTILE)
        article = make_full(
            section=world,
            headline=HOSTILE,
            short_title=HOSTILE,
            standfirst=HOSTILE,
            summary=HOSTILE,
            key_points=[HOSTILE],
            key_points_heading=HOSTILE,
            pull_quote=HOSTILE,
            pull_quote_attribution=HOSTILE,
            dateline_place="<b>Bonn</b> & \"'",
            authors=[make_author(HOSTILE[:80], slug="hostile")],
            agency=make_agency("<i>A&B</i>", slug="ab", credit_line=HOSTILE[:120]),
            lead_image=image,
            body=f"<p>{HOSTILE}</p><p onclick='alert(1)' style='color:red'>Text</p>",
        )
        edition = publish_article(article, by=editor)
        comment_on(edition, name=HOSTILE[:80], body=HOSTILE)
        return edition

    def test_is_shown_as_it_was_typed(self, edition):
        page = get(edition.get_absolute_url())
        assert edition.headline.startswith("<script>alert(1)</script> &")
        shown = " ".join(edition.headline.split())
        assert page.texts("h1") == [shown]
        assert page.texts("p", class_="standfirst") == [shown]
        assert page.texts("title") == [f"{shown} | The Newsroom"]
        assert page.meta("og:title") == [edition.short_title]
        assert page.meta("og:image:alt") == [HOSTILE]
        (points,) = page.all("ul", class_="points")
        assert text(points) == shown
        assert page.texts("h3", class_="comment__name") == [HOSTILE[:80].strip()]
        assert page.texts("div", class_="comment__text") == [HOSTILE]
        assert "<b>Bonn</b>" in page.texts("span", class_="dateline")[0]

    def test_adds_nothing_to_any_page(self, edition):
        for path in ("/", edition.section.get_absolute_url(), edition.get_absolute_url(), "/no/"):
            html = Client().get(path).content
            assert_valid(html)
            page = Page(html.decode())
            for script in page.all("script"):
                is_data = script.attrib.get("type") == "application/ld+json"
                assert is_data or script.attrib["src"].startswith("/static/")
            assert [image for image in page.all("img") if image.attrib["src"] == "x"] == []

    def test_stays_text_in_the_note_of_a_withdrawn_story(self, edition, editor):
        publishing.withdraw(edition.article, by=editor, note=HOSTILE)
        response = Client().get(edition.get_absolute_url())
        assert_valid(response.content)
        assert HOSTILE in text(Page(response.content.decode()).all("main")[0])


class TestFront:
    def test_lists_what_is_live_newest_first(self, editor, world):
        start = timezone.now() - datetime.timedelta(days=3)
        titles = []
        for hour in (5, 1, 9, 3):
            at = start + datetime.timedelta(hours=hour)
            titles.append((at, publish_article(by=editor, section=world, at=at).short_title))
        headings = get("/").texts("h2")
        listed = [title for title in get("/").texts("a") if title.startswith("Winter ferry")]
        assert listed == [title for _, title in sorted(titles, reverse=True)]
        assert headings[0] == listed[0]

    def test_shows_the_newest_story_large(self, full):
        page = get("/")
        (lead,) = page.all("article", class_="lead")
        for part in (full.short_title, full.standfirst, *full.key_points, "1 min read"):
            assert part in text(lead)
        assert list(lead.iter(f"{HTML}img"))

    def test_shows_of_a_section_what_its_block_holds(self, editor, world):
        for _ in range(42):
            publish_article(by=editor, section=world)
        page = get("/")
        listed = {title for title in page.texts("a") if title.startswith("Winter ferry")}
        assert len(listed) == 20
        assert_valid(Client().get("/").content)

    def test_says_when_there_is_nothing(self):
        page = get("/")
        assert page.texts("p", class_="empty") == ["Nothing is published yet."]
        assert page.all("nav", class_="sections") == []

    def test_has_every_section_in_the_navigation_in_their_order(self):
        for position, name in enumerate(["Zebra", "Alpha", "Middle"]):
            make_section(name, position=position)
        for name in ("Sections", "All sections"):
            (nav,) = get("/").all("nav", aria_label=name)
            names = [text(link) for link in nav.iter(f"{HTML}a")]
            assert names == ["Zebra", "Alpha", "Middle"]


class TestSection:
    def test_lists_its_own_stories_newest_first(self, editor, world):
        own = [publish_article(by=editor, section=world).short_title for _ in range(3)]
        other = publish_article(by=editor, section=make_section("Sport")).short_title
        page = get(world.get_absolute_url())
        listed = [title for title in page.texts("a") if title.startswith("Winter ferry")]
        assert listed == own[::-1]
        assert other not in listed
        assert page.texts("h1") == ["World"]
        assert page.meta("description") == ["What happens elsewhere."]
        (current,) = [a for a in page.all("a") if a.attrib.get("aria-current") == "page"]
        assert text(current) == "World"

    def test_says_when_it_is_empty(self, world):
        page = get(world.get_absolute_url())
        assert page.texts("p", class_="empty") == ["Nothing is published in this section yet."]

    def test_follows_the_edition_not_the_working_copy(self, editor, world, full):
        article = full.article
        article.section = make_section("Sport")
        article.save()
        assert full.short_title in get(world.get_absolute_url()).texts("a")
        publishing.publish(article, by=editor)
        assert full.short_title not in get(world.get_absolute_url()).texts("a")
        assert full.short_title in get("/sport/").texts("a")


class TestNotPublic:
    @pytest.fixture
    def hidden(self, editor, world):
        """The headline and address of a draft, a scheduled and a withdrawn story."""
        draft = make_article(section=world, headline="A hidden draft", slug="hidden-draft")
        publish_article(by=editor, section=world)
        soon = timezone.now() + datetime.timedelta(hours=1)
        scheduled = publish_article(
            by=editor, section=world, headline="A hidden plan", slug="hidden-plan", at=soon
        )
        gone = publish_article(by=editor, section=world, headline="A hidden error", slug="hidden-e")
        publishing.withdraw(gone.article, by=editor)
        reworked = publish_article(by=editor, section=world).article
        reworked.headline = reworked.short_title = "A hidden rewrite"
        reworked.save()
        today = timezone.localdate().strftime("%Y/%m/%d")
        return {
            f"/{today}/{draft.slug}/": 404,
            scheduled.get_absolute_url(): 404,
            gone.get_absolute_url(): 410,
        }

    def test_is_on_no_page(self, hidden, world):
        live = Edition.objects.live().get(article__headline__startswith="Islands")
        for path in ("/", world.get_absolute_url(), live.get_absolute_url(), "/nothing/"):
            html = Client().get(path).content.decode()
            assert not re.search("A hidden|hidden-", html.replace("aria-hidden", ""))

    def test_has_no_page_of_its_own(self, hidden):
        for path, status in hidden.items():
            response = Client().get(path)
            assert response.status_code == status
            assert "A hidden" not in response.content.decode()

    def test_not_even_for_editors(self, hidden, client, editor):
        client.force_login(editor)
        for path, status in hidden.items():
            assert client.get(path).status_code == status

    def test_counts_no_comment_that_waits(self, editor, world):
        edition = publish_article(by=editor, section=world)
        comment_on(edition, 3, status=Comment.Status.PENDING)
        comment_on(edition, 2)
        assert "2 comments" in get("/").texts("p", class_="meta")[0]


class TestQueries:
    @pytest.mark.parametrize("comments", [0, 1, 500])
    def test_of_a_story_are_few_and_as_many_for_any_number_of_comments(
        self, client, full, editor, comments, django_assert_max_num_queries
    ):
        for _ in range(6):
            publish_article(by=editor, section=full.section, lead_image=full.lead_image)
        comment_on(full, comments)
        with django_assert_max_num_queries(6):
            html = client.get(full.get_absolute_url()).content.decode()
        texts = Page(html).texts("div", class_="comment__text")
        assert texts == [WORDS] * comments

    @pytest.mark.parametrize("stories", [0, 1, 30])
    def test_of_lists_are_few(self, client, editor, world, stories, django_assert_max_num_queries):
        image = make_image()
        editions = [
            publish_article(by=editor, section=world, lead_image=image) for _ in range(stories)
        ]
        for edition in editions[:5]:
            comment_on(edition, 3)
        for path in ("/", world.get_absolute_url(), "/no-such-page/"):
            # The front page also says what is discussed, and what a reader said.
            with django_assert_max_num_queries(6 if path == "/" else 4):
                client.get(path)

    def test_of_a_withdrawn_story_are_few(
        self, client, full, editor, django_assert_max_num_queries
    ):
        publishing.withdraw(full.article, by=editor)
        with django_assert_max_num_queries(6):
            client.get(full.get_absolute_url())


class TestValidity:
    def test_of_a_story(self, full):
        comment_on(full, 2)
        publish_article(section=full.section)
        assert_valid(Client().get(full.get_absolute_url()).content)

    def test_of_a_story_with_every_kind_of_text(self, editor, world):
        body = BODY + (
            "<h2>Costs</h2><ul><li>One<ul><li>Two</li></ul></li></ul><h3>Day</h3><ol start='3'>"
            "<li>Three</li></ol><blockquote><p>Quoted</p></blockquote><hr>"
            "<p><a href='https://example.org/?a=1&b=2'>Link</a><br>H<sub>2</sub>O</p>"
        )
        edition = publish_article(by=editor, section=world, body=body)
        assert_valid(Client().get(edition.get_absolute_url()).content)

    def test_of_a_refused_comment(self, full, settings):
        for typed in ({}, {"comment": "Short", "name": "<b>", "email": "x"}):
            response = Client().post(
                f"{full.get_absolute_url()}comments/",
                typed,
                headers={"Origin": settings.SITE_URL},
            )
            assert response.status_code == 422
            assert_valid(response.content)

    @pytest.mark.parametrize("origin", [{}, {"Origin": "https://elsewhere.example"}])
    def test_of_the_confirmation(self, full, origin):
        typed = {"comment": WORDS, "name": "Petra", "email": "petra@example.org"}
        response = Client().post(f"{full.get_absolute_url()}comments/", typed, headers=origin)
        assert response.status_code == (403 if origin else 200)
        assert_valid(response.content)

    @pytest.mark.parametrize("status", Comment.Status.values)
    def test_of_a_comments_own_page(self, full, status):
        (comment,) = comment_on(full, status=status)
        comment = Comment.objects.get()
        assert_valid(Client().get(comment.get_status_url()).content)

    def test_of_lists(self, editor, full):
        for stories in (1, 9, 20):
            for _ in range(stories):
                publish_article(by=editor, section=full.section, lead_image=full.lead_image)
            for path in ("/", full.section.get_absolute_url(), "/no-such-page/"):
                assert_valid(Client().get(path).content)

    def test_of_empty_lists(self, world):
        for path in ("/", world.get_absolute_url(), "/no-such-page/", "/shortcuts/"):
            assert_valid(Client().get(path).content)

    @pytest.mark.parametrize("note", ["", "We had the wrong ferry.\n\nAnd the wrong island."])
    def test_of_a_withdrawn_story(self, editor, full, note):
        publishing.withdraw(full.article, by=editor, note=note)
        response = Client().get(full.get_absolute_url())
        assert response.status_code == 410
        assert_valid(response.content)
        assert len(Page(response.content.decode()).all("div", class_="notice")) == bool(note)


def assert_valid_admin(html):
    # Django's own icons get their size from its style sheet.
    found = [line for line in problems(html) if "/static/admin/img/" not in line]
    assert not found, "The page is not valid HTML:\n" + "\n".join(found)


class TestAdminValidity:
    def test_of_the_login(self, client):
        assert_valid_admin(client.get(reverse("admin:login")).content)
        assert_valid_admin(client.post(reverse("admin:login"), {"username": "x"}).content)

    @pytest.mark.parametrize(
        "name",
        [
            "index",
            "password_change",
            "password_change_done",
            *(
                f"articles_{model}_{what}"
                for model in ("article", "image", "section", "topic", "author", "agency")
                for what in ("changelist", "add")
            ),
            *(
                f"auth_{model}_{what}"
                for model in ("user", "group")
                for what in ("changelist", "add")
            ),
        ],
    )
    def test_of_the_desk(self, client, chief, full, name):
        client.force_login(chief)
        response = client.get(reverse(f"admin:{name}"))
        assert response.status_code == 200
        assert_valid_admin(response.content)

    @pytest.mark.parametrize("what", ["change", "delete", "history"])
    @pytest.mark.parametrize(
        "model",
        [f"articles.{name}" for name in ("image", "section", "topic", "author", "agency")]
        + ["auth.user", "auth.group"],
    )
    def test_of_the_pages_of_other_things(self, client, chief, full, model, what):
        client.force_login(chief)
        label, name = model.split(".")
        pk = apps.get_model(model).objects.first().pk
        response = client.get(reverse(f"admin:{label}_{name}_{what}", args=[pk]))
        assert response.status_code == 200
        assert_valid_admin(response.content)

    @pytest.mark.parametrize(
        "query", ["?q=ferry", "?q=nothing", "?state=live&q=ferry", "?_popup=1"]
    )
    def test_of_a_search(self, client, editor, full, query):
        client.force_login(editor)
        address = reverse("admin:articles_article_changelist")
        assert_valid_admin(client.get(f"{address}{query}").content)

    def test_of_deleting_from_a_list(self, client, chief, full):
        client.force_login(chief)
        chosen = {"action": "delete_selected", "_selected_action": full.article.topics.get().pk}
        response = client.post(reverse("admin:articles_topic_changelist"), chosen)
        assert response.status_code == 200
        assert_valid_admin(response.content)

    def test_of_a_password(self, client, chief):
        client.force_login(chief)
        address = reverse("admin:auth_user_password_change", args=[chief.pk])
        assert_valid_admin(client.get(address).content)

    @pytest.mark.parametrize("name", ["change", "publish", "withdraw", "history"])
    def test_of_the_pages_of_a_story(self, client, editor, full, name):
        client.force_login(editor)
        address = reverse(f"admin:articles_article_{name}", args=[full.article_id])
        assert_valid_admin(client.get(address).content)

    def test_of_a_refused_article_form(self, client, editor):
        client.force_login(editor)
        management = {
            f"{name}-{kind}_FORMS": "0"
            for name in ("key_points", "bylines")
            for kind in ("TOTAL", "INITIAL")
        }
        response = client.post(reverse("admin:articles_article_add"), management)
        assert response.status_code == 200
        assert_valid_admin(response.content)

    def test_of_the_comment_queue(self, client, full):
        client.force_login(make_moderator())
        comment_on(full, 3, status=Comment.Status.PENDING)
        pk = Comment.objects.first().pk
        for address in (
            reverse("admin:comments_comment_changelist"),
            reverse("admin:comments_comment_change", args=[pk]),
        ):
            assert_valid_admin(client.get(address).content)


class TestAddresses:
    @pytest.fixture
    def site(self, settings):
        settings.SITE_URL = "https://paper.example"
        settings.ALLOWED_HOSTS = ["*"]

    @pytest.mark.parametrize("host", ["paper.example", "evil.example", "127.0.0.1:8000"])
    def test_are_made_from_the_sites_own(self, site, full, host):
        path = full.get_absolute_url()
        url = f"https://paper.example{path}"
        response = Client().get(path, headers={"Host": host})
        page = Page(response.content.decode())
        assert [link.attrib["href"] for link in page.all("link", rel="canonical")] == [url]
        assert page.meta("og:url") == [url]
        assert page.meta("og:image")[0].startswith("https://paper.example/media/pictures/")
        assert {button.attrib.get("data-copy") for button in page.all("button")} >= {url}
        assert page.all("details")[0].attrib["data-url"] == url
        for link in page.all("a", class_="chip"):
            href = link.attrib["href"]
            assert href.startswith("#") or url in unquote(href)
        assert b"evil.example" not in response.content

    @pytest.mark.parametrize("host", ["paper.example", "evil.example"])
    def test_of_lists_are_too(self, site, full, host):
        for path in ("/", "/world/"):
            page = get(path, headers={"Host": host})
            url = f"https://paper.example{path}"
            assert [link.attrib["href"] for link in page.all("link", rel="canonical")] == [url]
            assert page.meta("og:url") == [url]

    def test_answers_its_own_hosts_only(self, full):
        assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400

    def test_hold_the_day_in_the_newsrooms_time_zone(self, settings, editor, world):
        settings.TIME_ZONE = "Asia/Tokyo"
        late = datetime.datetime(2026, 1, 8, 20, 30, tzinfo=datetime.UTC)
        edition = publish_article(by=editor, section=world, at=late)
        assert edition.get_absolute_url().startswith("/2026/01/09/")
        page = get(edition.get_absolute_url())
        assert "9 January 2026, 05:30" in page.texts("div", class_="byline")[0]

    def test_without_the_last_slash_lead_to_the_right_one(self, client, full):
        response = client.get(full.get_absolute_url().rstrip("/"))
        assert response.status_code == 301
        assert response.headers["Location"] == full.get_absolute_url()


class TestShareLinks:
    TITLE = "Cats & dogs? #1 “100 %” + a/b = ü\U0001f431"
    URL = "https://paper.example/2026/01/08/cats/"

    def query(self, href):
        return parse_qs(urlsplit(href).query)

    def test_carry_title_and_address_through_the_encoding(self):
        links = dict(share_links(self.TITLE, self.URL))
        assert self.query(links["WhatsApp"]) == {"text": [f"{self.TITLE} {self.URL}"]}
        assert self.query(links["Facebook"]) == {"u": [self.URL]}
        assert self.query(links["X"]) == {"text": [self.TITLE], "url": [self.URL]}
        assert self.query(links["LinkedIn"]) == {"url": [self.URL]}
        assert self.query(links["Telegram"]) == {"text": [self.TITLE], "url": [self.URL]}
        assert self.query(links["Email"]) == {"subject": [self.TITLE], "body": [self.URL]}
        # In a mailto address a plus is a plus (RFC 6068), so a space must be %20.
        assert all("+" not in href for href in links.values())
        assert all(not urlsplit(href).fragment for href in links.values())

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
    @example("\r\n&bcc=everybody@example.org")
    def test_hold_any_title(self, title):
        links = dict(share_links(title, self.URL))
        pairs = urlsplit(links["Email"]).query.split("&")
        assert [unquote(pair.split("=", 1)[1]) for pair in pairs] == [title, self.URL]
        pairs = urlsplit(links["X"]).query.split("&")
        assert [unquote(pair.split("=", 1)[1]) for pair in pairs] == [title, self.URL]

    def test_are_on_the_page_as_they_are(self, editor, world):
        edition = publish_article(by=editor, section=world, short_title=self.TITLE)
        page = get(edition.get_absolute_url())
        wanted = [
            (link.label, link.href)
            for link in share_links(edition.short_title, edition.absolute_url)
        ]
        chips = [
            (text(link), link.attrib["href"])
            for link in page.all("a", class_="chip")
            if not link.attrib["href"].startswith("#")
        ]
        assert chips == wanted
        (menu,) = page.all("details", class_="sharemenu")
        assert [(text(a), a.attrib["href"]) for a in menu.iter(f"{HTML}a")] == wanted


class TestAnyAddress:
    @given(
        year=st.from_regex("[0-9]{4}", fullmatch=True),
        month=st.from_regex("[0-9]{2}", fullmatch=True),
        day=st.from_regex("[0-9]{2}", fullmatch=True),
        slug=st.from_regex("[-a-zA-Z0-9_]{1,80}", fullmatch=True),
    )
    @example(year="0000", month="00", day="00", slug="a")
    @example(year="9999", month="12", day="31", slug="a")
    @example(year="2025", month="02", day="29", slug="a")
    @example(year="0001", month="01", day="01", slug="-")
    def test_of_a_day_is_a_404(self, year, month, day, slug):
        for ending in ("", "comments/", "comments/confirm/"):
            assert Client().get(f"/{year}/{month}/{day}/{slug}/{ending}").status_code == 404

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
    @example("٢٠٢٦/٠١/٠٨/slug/")
    @example("2026/1/8/slug/")
    @example("\0/")
    @example("media/pictures/\0.webp")
    @example("comments/\0/")
    @example("//evil.example/")
    @example("a" * 60 + "/")
    def test_is_answered_without_an_error(self, path):
        response = Client().get(f"/{quote(path)}")
        assert response.status_code < 500
        location = response.headers.get("Location", "")
        assert not location.startswith("//")

    @pytest.mark.parametrize("path", ["/٢٠٢٦/٠١/٠٨/a/", "/2026/1/8/a/", "/02026/01/08/a/", "/ü/"])
    def test_with_other_digits_or_letters_is_a_404(self, client, path):
        assert client.get(path).status_code == 404

    def test_of_another_day_is_a_404(self, client, full):
        path = full.get_absolute_url()
        other = re.sub("^/[0-9]{4}", "/1999", path)
        assert client.get(path).status_code == 200
        assert client.get(other).status_code == 404

    def test_does_not_change_with_the_query(self, client, full):
        path = full.get_absolute_url()
        plain = client.get(path)
        assert client.get(f"{path}?utm_source=x&a=%00&b=%ff").content == plain.content


class TestPictures:
    @pytest.fixture
    def image(self):
        return make_image()

    def content(self, response):
        return b"".join(response.streaming_content)

    def test_are_what_their_name_says_and_may_be_kept_for_ever(self, client, image):
        response = client.get(image.largest_src)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "image/jpeg"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["ETag"]
        assert not response.cookies
        with Picture.open(BytesIO(self.content(response))) as picture:
            assert picture.format == "JPEG"
            assert picture.size == (1440, 960)

    def test_set_no_cookie_whatever_cookie_comes(self, client, image):
        client.cookies["sessionid"] = client.cookies["csrftoken"] = "x"
        response = client.get(image.largest_src)
        assert "Vary" not in response.headers or "Cookie" not in response.headers["Vary"]
        assert not response.cookies

    def test_have_an_address_for_each_width(self, client, image):
        addresses = [part.split()[0] for part in image.srcset().split(", ")]
        assert len(addresses) == 4
        assert {client.get(address).status_code for address in addresses} == {200}

    @pytest.mark.parametrize(
        "path",
        [
            "pictures/missing.webp",
            "pictures/",
            "pictures",
            "pictures/../secret.txt",
            "pictures/../../settings.py",
            "pictures/%2e%2e/secret.txt",
            "pictures/..%2fsecret.txt",
            "pictures/..%5csecret.txt",
            "pictures//etc/passwd",
            "/etc/passwd",
            "../secret.txt",
            "secret.txt",
            "originals/a.png",
            "pictures/%00.webp",
            "pictures/" + "a" * 300 + ".webp",
            "pictures/a\u0308.webp",
        ],
    )
    def test_are_all_that_is_served(self, client, image, path):
        from django.core.files.base import ContentFile

        if not default_storage.exists("secret.txt"):
            default_storage.save("secret.txt", ContentFile(b"secret"))
        assert client.get(f"/media/{path}").status_code == 404

    def test_keep_their_originals_private(self, client, image):
        for prefix in ("", "originals/", "pictures/", "pictures/../originals/"):
            assert client.get(f"/media/{prefix}{image.file.name}").status_code == 404

    def test_can_only_be_read(self, client, image):
        assert client.head(image.largest_src).status_code == 200
        assert client.post(image.largest_src).status_code == 405
        assert client.delete(image.largest_src).status_code == 405
