"""Corrections: made through one door, told wherever the story is, taken back and still recorded."""

import datetime
import json
import re
import threading
from xml.etree import ElementTree

import feedparser
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from hypothesis import given
from hypothesis import strategies as st

from articles import listing, publishing
from articles.models import Article, Correction, Edition, PublicationEvent
from articles.signals import correction_changed
from tests.factories import (
    make_article,
    make_author,
    make_editor,
    make_section,
    make_topic,
    make_user,
    publish_article,
)
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

TEXT = "An earlier version of this story misstated the year in which the bridge was closed."
HOSTILE = "</script><script>alert(1)</script> & \"' ]]>\n\n<b>bold</b>"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def edition(editor):
    return publish_article(
        by=editor,
        section=make_section("World"),
        topics=[make_topic("Ferries")],
        authors=[make_author("Mira Holt")],
        at=timezone.now() - datetime.timedelta(days=1),
    )


def correct(edition, **fields):
    return publishing.correct(edition.article, **{"by": make_editor(), "text": TEXT, **fields})


def queries(client, path):
    """How many questions a page asks the database."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def story_data(edition):
    html = Client().get(edition.get_absolute_url()).text
    (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    return json.loads(script)["@graph"][0]


class TestCorrecting:
    def test_is_for_those_who_may_publish(self, edition, editor):
        with pytest.raises(PermissionDenied):
            publishing.correct(edition.article, by=make_user(is_staff=True), text=TEXT)
        assert not Correction.objects.exists()
        publishing.correct(edition.article, by=editor, text=TEXT)
        assert Correction.objects.get().by == editor

    def test_is_recorded_with_its_words(self, edition, editor):
        correction = correct(edition, by=editor, text=f"  {TEXT}  ")
        event = edition.article.events.first()
        assert event.action == PublicationEvent.Action.CORRECT
        assert (event.by, event.note, event.edition) == (editor, TEXT, edition)
        assert event.at == correction.made_at

    def test_sets_typographic_marks(self, edition):
        assert correct(edition, text='It was "not" closed.').text == "It was “not” closed."

    @pytest.mark.parametrize("text", ["", " \n "])
    def test_says_something(self, edition, text):
        with pytest.raises(publishing.Refused):
            correct(edition, text=text)
        with pytest.raises(IntegrityError), transaction.atomic():
            Correction.objects.create(article=edition.article, text="", made_at=timezone.now())

    def test_is_refused_while_readers_have_no_story(self, edition, editor):
        with pytest.raises(publishing.Refused):
            publishing.correct(make_article(), by=editor, text=TEXT)
        later = publish_article(at=timezone.now() + datetime.timedelta(hours=1))
        with pytest.raises(publishing.Refused):
            correct(later)
        publishing.withdraw(edition.article, by=editor)
        with pytest.raises(publishing.Refused):
            correct(edition)
        assert not Correction.objects.exists()

    def test_can_publish_the_mended_text_with_it(self, edition, editor):
        article = edition.article
        article.headline = "The bridge closed in 2024"
        article.save()
        correction = publishing.correct(article, by=editor, text=TEXT, with_update=True)
        live = article.live_edition()
        assert live.headline == "The bridge closed in 2024"
        assert live.live_from <= correction.made_at
        assert article.revision == Article.objects.get().revision

    def test_does_neither_when_somebody_has_saved_since(self, edition, editor):
        mine = Article.objects.get()
        Article.objects.get().save()
        with pytest.raises(publishing.Stale):
            publishing.correct(mine, by=editor, text=TEXT, with_update=True)
        assert not Correction.objects.exists()
        assert Edition.objects.count() == 1

    def test_is_announced_once_it_is_committed(self, edition, django_capture_on_commit_callbacks):
        heard = []

        def listener(**facts):
            heard.append((facts["article"], facts["editions"]))

        correction_changed.connect(listener)
        try:
            with django_capture_on_commit_callbacks() as callbacks:
                correct(edition)
                assert not heard
            for callback in callbacks:
                callback()
        finally:
            correction_changed.disconnect(listener)
        assert heard == [(edition.article, [edition])]


class TestTakingBack:
    def test_is_for_those_who_may_publish(self, edition, editor):
        correction = correct(edition)
        with pytest.raises(PermissionDenied):
            publishing.retract(correction, by=make_user(is_staff=True))
        assert Correction.objects.standing().exists()
        publishing.retract(correction, by=editor)
        assert not Correction.objects.standing().exists()

    def test_keeps_the_words_in_the_record(self, edition, editor):
        correction = correct(edition)
        publishing.retract(correction, by=editor)
        event = edition.article.events.first()
        assert (event.action, event.note, event.by) == ("retract", TEXT, editor)
        assert Correction.objects.get().text == TEXT

    def test_happens_once(self, edition, editor):
        correction = correct(edition)
        publishing.retract(correction, by=editor)
        with pytest.raises(publishing.Refused):
            publishing.retract(correction, by=editor)
        assert edition.article.events.filter(action="retract").count() == 1

    def test_leaves_nothing_for_readers(self, client, edition, editor):
        before = client.get(edition.get_absolute_url()).text
        publishing.retract(correct(edition), by=editor)
        assert client.get(edition.get_absolute_url()).text == before
        assert TEXT not in client.get("/corrections/").text


class TestARecord:
    def test_is_never_changed_or_deleted(self, edition):
        correction = correct(edition)
        with pytest.raises(TypeError):
            correction.save()
        with pytest.raises(TypeError):
            correction.delete()


class TestReading:
    """Corrections come with the edition as JSON, which the two databases write differently."""

    def test_gives_what_was_stored_oldest_first(self, edition, editor):
        made = [
            correct(edition, kind=kind, text=f"{kind}: {HOSTILE} नौका \U0001f6a2")
            for kind in Correction.Kind.values
        ]
        publishing.retract(correct(edition), by=editor)
        found = Edition.objects.live().for_page().get()
        one_by_one = Edition.objects.get().corrections
        for corrections in (found.corrections, one_by_one):
            assert [each.pk for each in corrections] == [each.pk for each in made]
            assert [each.text for each in corrections] == [each.text for each in made]
            assert [each.kind for each in corrections] == [each.kind for each in made]
            assert [each.made_at for each in corrections] == [each.made_at for each in made]
        assert found.corrected_at == found.changed_at == made[-1].made_at

    @pytest.mark.parametrize("microsecond", [0, 1, 120000, 999999])
    def test_keeps_moments_exactly(self, edition, microsecond):
        at = timezone.now().replace(microsecond=microsecond)
        Correction.objects.create(article=edition.article, text=TEXT, made_at=at)
        assert Edition.objects.live().for_page().get().corrections[0].made_at == at

    def test_costs_no_query(self, edition, django_assert_num_queries):
        correct(edition)
        found = Edition.objects.live().for_page().get()
        with django_assert_num_queries(0):
            assert found.corrected_at

    def test_of_an_uncorrected_story_is_nothing(self, edition):
        found = Edition.objects.live().for_page().get()
        assert found.corrections == []
        assert found.corrected_at is None
        assert found.changed_at == found.first_published_at


class TestTheStory:
    def test_has_a_stamp_that_leads_to_the_note(self, client, edition):
        correction = correct(edition)
        html = client.get(edition.get_absolute_url()).text
        assert_valid(html)
        moment = timezone.localtime(correction.made_at).isoformat(timespec="seconds")
        rail = html.partition('class="rail byline"')[2].partition("</div>")[0]
        assert 'href="#corrections"' in rail
        assert f'Corrected&nbsp;<time datetime="{moment}">' in rail
        # The note stands after the text, and before the links to share it.
        text, _share, _rest = html.partition('<section class="share"')
        note = text.partition('class="prose"')[2]
        assert f'id="correction-{correction.pk}"' in note
        assert TEXT in note

    def test_says_nothing_where_there_is_nothing(self, client, edition):
        html = client.get(edition.get_absolute_url()).text
        main = html.partition("<main")[2].partition("</main>")[0]
        assert "orrect" not in main

    def test_keeps_its_corrections_when_it_is_published_again(self, client, edition, editor):
        correct(edition)
        publishing.publish(edition.article, by=editor)
        assert TEXT in client.get(edition.get_absolute_url()).text

    @pytest.mark.parametrize("kind", Correction.Kind)
    def test_names_the_kind(self, client, edition, kind):
        correct(edition, kind=kind)
        assert str(kind.label) in client.get(edition.get_absolute_url()).text

    def test_holds_hostile_words_as_text(self, client, edition):
        correct(edition, text=HOSTILE)
        for path in (edition.get_absolute_url(), "/corrections/"):
            html = client.get(path).text
            assert_valid(html)
            assert "<script>alert" not in html
            assert "<b>bold</b>" not in html
        assert story_data(edition)["correction"][0]["text"].startswith("</script>")

    def test_tells_machines(self, edition):
        first, second = correct(edition), correct(edition, kind="clarification", text="Twice.")
        node = story_data(edition)
        assert [each["text"] for each in node["correction"]] == [first.text, "Twice."]
        for each, correction in zip(node["correction"], (first, second), strict=True):
            assert each["@type"] == "CorrectionComment"
            assert each["url"] == f"{edition.absolute_url}#correction-{correction.pk}"
            said = parse_datetime(each["datePublished"])
            assert said == correction.made_at.replace(microsecond=0)
        assert parse_datetime(node["dateModified"]) == second.made_at.replace(microsecond=0)
        html = Client().get(edition.get_absolute_url()).text
        assert 'property="article:modified_time"' in html

    def test_costs_no_query_more(self, client, edition):
        before = queries(client, edition.get_absolute_url())
        for _number in range(5):
            correct(edition)
        assert queries(client, edition.get_absolute_url()) == before


class TestFeeds:
    @pytest.mark.parametrize("path", ["/", "/world/", "/topics/ferries/", "/authors/mira-holt/"])
    def test_say_that_the_story_changed(self, client, edition, path):
        correction = correct(edition)
        at = correction.made_at.replace(microsecond=0)
        for kind in ("xml", "atom"):
            parsed = feedparser.parse(client.get(f"{path}feed.{kind}").content)
            assert not parsed.bozo
            assert parse_datetime(parsed.entries[0].updated) == at
        item = json.loads(client.get(f"{path}feed.json").content)["items"][0]
        assert parse_datetime(item["date_modified"]) == at
        assert parse_datetime(item["date_published"]) < at

    def test_with_whole_texts_hold_the_note(self, client, edition, settings):
        settings.FEED_CONTENT = "full"
        correct(edition, text=f"{TEXT}\n{HOSTILE}")
        for kind in ("xml", "atom"):
            content = client.get(f"/feed.{kind}").content
            (entry,) = feedparser.parse(content, sanitize_html=False).entries
            assert TEXT in entry.content[0].value
            assert "<script>" not in entry.content[0].value
        html = json.loads(client.get("/feed.json").content)["items"][0]["content_html"]
        assert f"): {TEXT}<br>" in html
        assert "<script>" not in html

    def test_cost_no_query_more(self, client, edition):
        stories = [publish_article(section=edition.section) for _number in range(3)]
        before = queries(client, "/feed.atom")
        for story in [edition, *stories]:
            correct(story)
        assert queries(client, "/feed.atom") == before


class TestTheSitemap:
    def test_says_when_a_story_was_corrected(self, client, edition):
        untouched = publish_article(section=edition.section)
        correction = correct(edition)
        root = ElementTree.fromstring(client.get("/sitemaps/stories-0.xml").content)  # noqa: S314
        changed = {
            url.findtext(f"{SITEMAP}loc"): parse_datetime(url.findtext(f"{SITEMAP}lastmod"))
            for url in root
        }
        assert changed == {
            edition.absolute_url: correction.made_at.replace(microsecond=0),
            untouched.absolute_url: untouched.live_from.replace(microsecond=0),
        }


class TestTheCorrectionsPage:
    PATH = "/corrections/"

    def shown(self, path=PATH):
        response = Client().get(path)
        assert response.status_code == 200
        return re.findall(r'href="[^"]*#correction-([0-9]+)"', response.text)

    def test_lists_the_newest_first_with_their_stories(self, client, edition):
        other = publish_article(section=edition.section)
        made = [correct(edition), correct(other), correct(edition, text="And once more.")]
        assert self.shown() == [str(each.pk) for each in reversed(made)]
        html = client.get(self.PATH).text
        assert_valid(html)
        assert edition.short_title in html
        assert f'href="{other.get_absolute_url()}#correction-{made[1].pk}"' in html

    def test_is_valid_when_there_are_none(self, client, edition):
        html = client.get(self.PATH).text
        assert_valid(html)
        assert "Nothing has been corrected yet." in html

    def test_is_linked_from_every_page(self, client, edition):
        for path in ("/", edition.get_absolute_url(), "/no-such-page/"):
            assert 'href="/corrections/"' in client.get(path).text

    def test_leaves_out_stories_that_are_not_live(self, edition, editor):
        correction = correct(edition)
        publishing.withdraw(edition.article, by=editor)
        assert self.shown() == []
        publishing.publish(edition.article, by=editor)
        assert self.shown() == [str(correction.pk)]

    def test_shows_the_title_that_readers_see_now(self, client, edition):
        correct(edition)
        article = edition.article
        article.short_title = "A draft's new title"
        article.save()
        html = client.get(self.PATH).text
        assert edition.short_title in html
        assert "new title" not in html

    def test_goes_on_where_a_page_ends(self, client, edition, django_assert_max_num_queries):
        start = timezone.now()
        rows = [
            Correction(
                article=edition.article,
                text=f"Number {number}.",
                # Of three at a time, the moment is the same.
                made_at=start - datetime.timedelta(minutes=number // 3),
            )
            for number in range(2 * listing.PAGE_LENGTH + 5)
        ]
        Correction.objects.bulk_create(rows)
        path, seen, lengths = self.PATH, [], []
        while path:
            with django_assert_max_num_queries(4):
                html = client.get(path).text
            assert_valid(html)
            assert ("noindex" in html) == (path != self.PATH)
            lengths.append(len(self.shown(path)))
            seen += self.shown(path)
            found = re.search(r'href="([^"]*)" rel="next"', html)
            path = found and found[1]
        assert lengths == [listing.PAGE_LENGTH, listing.PAGE_LENGTH, 5]
        wanted = Correction.objects.newest_first().values_list("pk", flat=True)
        assert seen == [str(pk) for pk in wanted]

    def test_begins_nowhere_else(self, client, edition):
        correction = correct(edition)
        exact = listing.Place(correction.made_at, correction.pk)
        for place in (exact, listing.Place(correction.made_at, correction.pk + 1), "x", "1-1"):
            assert client.get(self.PATH, {"before": str(place)}).status_code == 404

    @given(token=st.text(max_size=40))
    def test_never_breaks_on_a_token(self, client, token):
        assert client.get(self.PATH, {"before": token}).status_code in {200, 404}

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's plans")
    def test_is_read_from_its_index(self, edition):
        start = timezone.now()
        Correction.objects.bulk_create(
            Correction(
                article=edition.article,
                text=TEXT,
                made_at=start - datetime.timedelta(minutes=number),
            )
            for number in range(5000)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE articles_correction")
        last = Correction.objects.newest_first()[4000]
        place = listing.Place(last.made_at, last.pk)
        made = Correction.objects.public().newest_first()
        plan = made.filter(listing.rows_before("made_at", "pk", place))[:31].explain()
        assert "correction_newest" in plan
        assert "Sort" not in plan


class TestTheDesk:
    @pytest.fixture
    def desk(self, client, editor):
        client.force_login(editor)
        return client

    def url(self, edition):
        return reverse("admin:articles_article_correct", args=[edition.article_id])

    def typed(self, edition, **changes):
        revision = Article.objects.get(pk=edition.article_id).revision
        return {"revision": revision, "kind": "correction", "text": TEXT, **changes}

    def test_corrects(self, desk, edition):
        response = desk.post(self.url(edition), self.typed(edition), follow=True)
        assert response.redirect_chain == [(self.url(edition), 302)]
        assert Correction.objects.get().text == TEXT
        assert TEXT in response.text

    def test_is_closed_to_others(self, client, edition):
        for user in (make_user(is_staff=True), make_user(group="Moderators")):
            client.force_login(user)
            assert client.get(self.url(edition)).status_code == 403
            assert client.post(self.url(edition), self.typed(edition)).status_code == 403
        assert not Correction.objects.exists()

    def test_offers_to_publish_a_newer_copy_with_it(self, desk, edition):
        assert "with_update" not in desk.get(self.url(edition)).text
        article = edition.article
        article.headline = "The bridge closed in 2024"
        article.save()
        html = desk.get(self.url(edition)).text
        assert re.search(r'name="with_update"[^>]*checked', html)
        desk.post(self.url(edition), self.typed(edition, with_update="on"))
        assert article.live_edition().headline == "The bridge closed in 2024"
        assert Correction.objects.count() == 1

    def test_keeps_what_was_typed_when_somebody_has_saved_since(self, desk, edition):
        typed = self.typed(edition, with_update="on")
        Article.objects.get().save()
        response = desk.post(self.url(edition), typed)
        assert response.status_code == 422
        assert "Somebody saved or published this story" in response.text
        assert TEXT in response.text
        assert not Correction.objects.exists()
        revision = response.context["form"]["revision"].value()
        desk.post(self.url(edition), {**typed, "revision": revision})
        assert Correction.objects.count() == 1

    def test_asks_for_words(self, desk, edition):
        response = desk.post(self.url(edition), self.typed(edition, text=" "))
        assert response.status_code == 422
        assert not Correction.objects.exists()

    def test_says_so_where_nothing_is_live(self, desk):
        draft = make_article()
        response = desk.get(reverse("admin:articles_article_correct", args=[draft.pk]))
        assert response.status_code == 200
        assert "This story is not live" in response.text

    def test_takes_back(self, desk, edition):
        correction = correct(edition)
        url = reverse("admin:articles_article_retract", args=[edition.article_id, correction.pk])
        assert url in desk.get(self.url(edition)).text
        assert desk.get(url).status_code == 405
        desk.post(url)
        assert not Correction.objects.standing().exists()
        assert "already" in desk.post(url, follow=True).text

    def test_takes_back_only_what_is_the_storys(self, desk, edition):
        other = correct(publish_article(section=edition.section))
        url = reverse("admin:articles_article_retract", args=[edition.article_id, other.pk])
        assert desk.post(url).status_code == 404

    def test_lets_nobody_else_take_back(self, client, edition):
        correction = correct(edition)
        url = reverse("admin:articles_article_retract", args=[edition.article_id, correction.pk])
        client.force_login(make_user(is_staff=True))
        assert client.post(url).status_code == 403
        assert Correction.objects.standing().exists()

    def test_is_found_from_the_story(self, desk, edition):
        change = reverse("admin:articles_article_change", args=[edition.article_id])
        assert self.url(edition) in desk.get(change).text
        draft = reverse("admin:articles_article_change", args=[make_article().pk])
        assert "/correct/" not in desk.get(draft).text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed_db")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
class TestAtTheSameTime:
    def test_two_editors_take_back_once(self):
        editors = [make_editor(), make_editor()]
        correction = correct(publish_article())
        start, outcomes = threading.Barrier(2), []

        def take_back(by):
            start.wait()
            try:
                publishing.retract(Correction.objects.get(pk=correction.pk), by=by)
                outcomes.append("done")
            except publishing.Refused:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=take_back, args=[by]) for by in editors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done", "refused"]
        assert PublicationEvent.objects.filter(action="retract").count() == 1
