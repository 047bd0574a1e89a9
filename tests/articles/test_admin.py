import datetime

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from articles import publishing
from articles.admin import paging
from articles.models import Article, Edition, Image, PublicationEvent
from tests.factories import (
    make_article,
    make_author,
    make_editor,
    make_image,
    make_moderator,
    make_section,
    make_user,
    picture_file,
    publish_article,
)

pytestmark = pytest.mark.django_db

LIST = "admin:articles_article_changelist"
ADD = "admin:articles_article_add"
CHANGE = "admin:articles_article_change"
PUBLISH = "admin:articles_article_publish"
WITHDRAW = "admin:articles_article_withdraw"


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def desk(client, editor):
    client.force_login(editor)
    return client


def typed(article=None, **changes):
    """What the form posts for this article (or a new one), with changes."""
    data = {
        "headline": "Ferry stays through the winter",
        "short_title": "",
        "standfirst": "",
        "section": str((article.section if article else make_section()).pk),
        "slug": "",
        "dateline_place": "",
        "dateline_date": "",
        "body": "<p>The boat runs.</p>",
        "agency": "",
        "pull_quote": "",
        "pull_quote_attribution": "",
        "lead_image": "",
        "summary": "",
        "key_points_heading": "",
        "seen_revision": str(article.revision) if article else "0",
        "key_points-TOTAL_FORMS": "2",
        "key_points-INITIAL_FORMS": "0",
        "key_points-0-text": "",
        "key_points-0-position": "0",
        "key_points-1-text": "",
        "key_points-1-position": "0",
        "bylines-TOTAL_FORMS": "0",
        "bylines-INITIAL_FORMS": "0",
    }
    if article:
        data |= {"headline": article.headline, "slug": article.slug, "body": article.body}
    return data | changes


class TestWriting:
    def test_adds_a_story_with_its_key_points(self, desk, editor):
        desk.post(
            reverse(ADD),
            typed(
                **{
                    "key_points-0-text": "Four crossings a day",
                    "key_points-1-text": "Bridge shut until spring",
                }
            ),
        )
        article = Article.objects.get()
        assert [point.text for point in article.key_points.all()] == [
            "Four crossings a day",
            "Bridge shut until spring",
        ]
        assert article.created_by == editor

    def test_makes_a_slug_from_the_headline(self, desk):
        desk.post(reverse(ADD), typed(headline="Ferry stays — by 12 votes!"))
        assert Article.objects.get().slug == "ferry-stays-by-12-votes"

    def test_asks_for_a_slug_when_the_headline_gives_none(self, desk):
        response = desk.post(reverse(ADD), typed(headline="川の向こう"))
        assert "Write a slug in Latin letters" in response.content.decode()
        assert "川の向こう" in response.content.decode()

    def test_sets_typographic_marks(self, desk):
        desk.post(reverse(ADD), typed(headline='Ferry "stays" - for now'))
        assert Article.objects.get().headline == "Ferry “stays” – for now"

    def test_drops_what_a_body_may_not_hold(self, desk):
        desk.post(reverse(ADD), typed(body="<p onclick=x()>Hello<script>x()</script></p>"))
        assert Article.objects.get().body == "<p>Hello</p>"

    def test_keeps_what_was_typed_when_something_is_missing(self, desk):
        response = desk.post(reverse(ADD), typed(headline="", standfirst="Typed with care"))
        assert response.status_code == 200
        assert "Typed with care" in response.content.decode()
        assert not Article.objects.exists()

    def test_tells_before_overwriting_somebody_else(self, desk):
        article = make_article()
        mine = typed(article, headline="My headline")
        other = Article.objects.get(pk=article.pk)
        other.headline = "Their headline"
        other.save()
        url = reverse(CHANGE, args=[article.pk])
        response = desk.post(url, mine)
        page = response.content.decode()
        assert "Somebody else saved this story" in page
        assert "My headline" in page
        article.refresh_from_db()
        assert article.headline == "Their headline"
        seen = response.context["adminform"].form["seen_revision"].value()
        desk.post(url, mine | {"seen_revision": seen})
        article.refresh_from_db()
        assert article.headline == "My headline"

    def test_keeps_the_slug_once_readers_have_seen_it(self, desk):
        edition = publish_article(slug="first")
        article = edition.article
        desk.post(reverse(CHANGE, args=[article.pk]), typed(article, slug="second"))
        article.refresh_from_db()
        assert article.slug == "first"

    def test_deletes_drafts_only(self, desk):
        draft, public = make_article(), publish_article().article
        for article in (draft, public):
            desk.post(reverse("admin:articles_article_delete", args=[article.pk]), {"post": "yes"})
        assert list(Article.objects.all()) == [public]


class TestListing:
    def test_says_where_each_story_stands(self, desk, editor):
        make_article(headline="A draft")
        publish_article(headline="A live one")
        changed = publish_article(headline="A changed one").article
        changed.save()
        publishing.schedule(
            make_article(headline="A later one"),
            by=editor,
            at=timezone.now() + datetime.timedelta(hours=1),
        )
        publishing.withdraw(publish_article(headline="A gone one").article, by=editor)
        page = desk.get(reverse(LIST)).content.decode()
        for label in ("Draft", "Live", "Live, newer draft", "Scheduled", "Withdrawn"):
            assert f">{label}</span>" in page

    @pytest.mark.parametrize("state", ["draft", "live", "scheduled", "withdrawn"])
    def test_filters_by_state(self, desk, editor, state):
        make_article(headline="The draft one")
        publish_article(headline="The live one")
        publishing.schedule(
            make_article(headline="The scheduled one"),
            by=editor,
            at=timezone.now() + datetime.timedelta(hours=1),
        )
        publishing.withdraw(publish_article(headline="The withdrawn one").article, by=editor)
        found = desk.get(reverse(LIST), {"state": state}).context["cl"].result_list
        assert [article.headline for article in found] == [f"The {state} one"]

    @pytest.mark.parametrize("state", ["scheduled", "withdrawn", "draft"])
    @pytest.mark.parametrize("word", ["ferry", "fe"])
    def test_finds_nothing_in_a_state_that_no_story_is_in(self, desk, state, word):
        publish_article()
        answer = desk.get(reverse(LIST), {"state": state, "q": word})
        assert answer.status_code == 200
        assert list(answer.context["cl"].result_list) == []

    @pytest.mark.parametrize("few", [-1, 500])
    def test_finds_the_last_changed_first_and_leaves_none_out(self, desk, monkeypatch, few):
        monkeypatch.setattr(paging, "_FEW", few)
        monkeypatch.setattr(paging, "_STRETCH", 6)
        monkeypatch.setattr(paging, "COUNTED", 6)
        monkeypatch.setattr(paging, "_LEAST", 1)
        now = timezone.now()
        for number in range(20):
            word = "Ferry" if number % 2 else "Tram"
            story = make_article(headline=f"{word} {number}", short_title="", slug=f"a-{number}")
            changed = now - datetime.timedelta(hours=number)
            Article.objects.filter(pk=story.pk).update(updated_at=changed)

        def found(word):
            return [
                each.headline
                for each in desk.get(reverse(LIST), {"q": word}).context["cl"].result_list
            ]

        assert found("ferry") == [f"Ferry {number}" for number in (1, 3, 5, 7, 9, 11)]
        assert found("ferry 17") == ["Ferry 17"]
        assert found("18") == ["Tram 18"]
        assert found("train") == []

    def test_costs_the_same_for_any_number_of_stories(self, desk, django_assert_num_queries):
        publish_article()
        desk.get(reverse(LIST))
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as few:
            desk.get(reverse(LIST))
        for _ in range(5):
            publish_article()
        with django_assert_num_queries(len(few)):
            desk.get(reverse(LIST))


class TestPublishDesk:
    def test_follows_saving(self, desk):
        response = desk.post(reverse(ADD), typed(_publish="1"))
        article = Article.objects.get()
        assert response.url == reverse(PUBLISH, args=[article.pk])

    def test_shows_what_is_missing(self, desk):
        article = make_article(summary="")
        page = desk.get(reverse(PUBLISH, args=[article.pk])).content.decode()
        assert "There is no summary" in page

    def test_publishes_now(self, desk, editor):
        article = make_article()
        response = desk.post(
            reverse(PUBLISH, args=[article.pk]),
            {"revision": article.revision, "when": "now", "at": ""},
            follow=True,
        )
        edition = Edition.objects.live().get()
        assert edition.created_by == editor
        assert edition.get_absolute_url() in response.content.decode()

    def test_schedules(self, desk):
        article = make_article()
        at = timezone.localtime() + datetime.timedelta(days=1)
        desk.post(
            reverse(PUBLISH, args=[article.pk]),
            {"revision": article.revision, "when": "later", "at": at.strftime("%Y-%m-%dT%H:%M")},
        )
        assert not Edition.objects.live().exists()
        assert Edition.objects.get().live_from == at.replace(second=0, microsecond=0)

    @pytest.mark.parametrize(
        ("at", "message"),
        [
            ("", "Say when the story should appear"),
            ("2020-01-01T10:00", "That moment has passed"),
            ("tomorrow", "Enter a valid date/time"),
        ],
    )
    def test_says_what_is_wrong_with_a_time(self, desk, at, message):
        article = make_article()
        response = desk.post(
            reverse(PUBLISH, args=[article.pk]),
            {"revision": article.revision, "when": "later", "at": at},
        )
        assert response.status_code == 422
        assert message in response.content.decode()
        assert not Edition.objects.exists()

    def test_refuses_a_copy_that_somebody_changed(self, desk):
        article = make_article()
        seen = article.revision
        article.save()
        response = desk.post(
            reverse(PUBLISH, args=[article.pk]), {"revision": seen, "when": "now", "at": ""}
        )
        assert "while you were looking at it" in response.content.decode()
        assert not Edition.objects.exists()

    def test_refuses_a_story_that_is_not_ready(self, desk):
        article = make_article(body="")
        response = desk.post(
            reverse(PUBLISH, args=[article.pk]),
            {"revision": article.revision, "when": "now", "at": ""},
        )
        assert response.status_code == 422
        assert not Edition.objects.exists()

    def test_never_publishes_on_a_get(self, desk):
        article = make_article()
        desk.get(reverse(PUBLISH, args=[article.pk]), {"revision": 1, "when": "now"})
        assert not Edition.objects.exists()

    def test_withdraws_with_a_note(self, desk):
        edition = publish_article()
        desk.post(reverse(WITHDRAW, args=[edition.article_id]), {"note": "Not confirmed."})
        assert not Edition.objects.live().exists()
        assert PublicationEvent.objects.first().note == "Not confirmed."

    def test_says_why_a_draft_can_not_be_withdrawn(self, desk):
        response = desk.post(reverse(WITHDRAW, args=[make_article().pk]), {"note": ""})
        assert "neither live nor scheduled" in response.content.decode()


class TestPermissions:
    @pytest.mark.parametrize("name", [PUBLISH, WITHDRAW])
    def test_let_editors_publish(self, desk, name):
        assert desk.get(reverse(name, args=[make_article().pk])).status_code == 200

    @pytest.mark.parametrize("name", [PUBLISH, WITHDRAW, CHANGE])
    def test_keep_moderators_out(self, client, name):
        client.force_login(make_moderator())
        assert client.get(reverse(name, args=[make_article().pk])).status_code == 403

    def test_hide_publishing_from_who_may_only_write(self, client):
        writer = make_user("writer")
        writer.is_staff = True
        writer.save()
        writer.user_permissions.add(
            *Group.objects.get(name="Editors").permissions.exclude(codename="publish_article")
        )
        client.force_login(writer)
        article = make_article()
        page = client.get(reverse(CHANGE, args=[article.pk])).content.decode()
        assert "_publish" not in page
        assert client.get(reverse(PUBLISH, args=[article.pk])).status_code == 403

    @pytest.mark.parametrize("name", [PUBLISH, WITHDRAW, CHANGE, ADD, LIST])
    def test_ask_strangers_to_log_in(self, client, name):
        args = [] if name in {ADD, LIST} else [make_article().pk]
        assert client.get(reverse(name, args=args)).status_code == 302

    def test_give_editors_no_way_to_erase_or_to_moderate(self):
        names = {
            f"{permission.content_type.app_label}.{permission.codename}"
            for permission in Group.objects.get(name="Editors").permissions.select_related(
                "content_type"
            )
        }
        assert not {name for name in names if name.startswith(("comments.", "auth."))}
        assert "articles.delete_edition" not in names
        assert "articles.change_section" not in names


class TestPictures:
    def test_take_an_upload_and_make_its_renditions(self, desk, editor):
        desk.post(
            reverse("admin:articles_image_add"),
            {"file": picture_file(), "alt": "A ferry", "caption": "", "credit": ""},
        )
        image = Image.objects.get()
        assert image.uploaded_by == editor
        assert image.widths["3x2"] == [360, 720, 1080, 1440]
        page = desk.get(reverse("admin:articles_image_changelist")).content.decode()
        assert image.src(720) in page

    def test_say_why_a_file_can_not_be_used(self, desk):
        broken = picture_file()
        broken.write(b"not a picture at all")
        broken.seek(0)
        response = desk.post(
            reverse("admin:articles_image_add"),
            {"file": broken, "alt": "A ferry", "caption": "A caption", "credit": ""},
        )
        assert response.status_code == 200
        assert response.context["adminform"].form.errors["file"]
        assert "A caption" in response.content.decode()

    def test_keep_the_picture_that_editions_show(self, desk):
        image = make_image()
        page = desk.get(reverse("admin:articles_image_change", args=[image.pk])).content.decode()
        assert 'type="file"' not in page


class TestBodyEditor:
    def test_runs_under_the_strict_policy_with_a_nonce(self, desk):
        response = desk.get(reverse(ADD))
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        nonce = policy.split("'nonce-")[1].split("'")[0]
        assert f'<script type="importmap" nonce="{nonce}">' in response.content.decode()

    def test_offers_authors_by_name(self, desk):
        make_author("Ana Lima")
        response = desk.get(
            reverse("admin:autocomplete"),
            {"app_label": "articles", "model_name": "byline", "field_name": "author", "term": "an"},
        )
        assert [row["text"] for row in response.json()["results"]] == ["Ana Lima"]
