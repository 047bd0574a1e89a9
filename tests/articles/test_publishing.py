import datetime
import threading
import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from articles import publishing
from articles.models import Article, Edition, PublicationEvent
from articles.signals import edition_changed
from tests.factories import (
    make_agency,
    make_article,
    make_author,
    make_editor,
    make_image,
    make_moderator,
    make_section,
    make_topic,
    publish_article,
)

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)


class TestPublishing:
    def test_freezes_every_part_of_the_article(self):
        image = make_image(alt="A ferry", caption="At the pier", credit="Desk")
        article = make_article(
            headline="Ferry stays",
            short_title="",
            pull_quote="“We can plan again”",
            pull_quote_attribution="Mira Holt",
            dateline_place="Washington",
            dateline_date=datetime.date(2026, 1, 8),
            agency=make_agency("IANS"),
            lead_image=image,
            key_points_heading="Boat stays",
            key_points=["One", "Two"],
            authors=[make_author("Ana Lima"), make_author("Ben Okoro")],
            topics=[make_topic("Ferries")],
        )
        edition = publishing.publish(article, by=make_editor())
        edition.refresh_from_db()
        assert edition.headline == edition.short_title == "Ferry stays"
        assert edition.key_points == ["One", "Two"]
        assert edition.key_points_heading == "Boat stays"
        assert edition.dateline == "Washington, Jan 8"
        assert [byline["name"] for byline in edition.bylines] == ["Ana Lima", "Ben Okoro"]
        assert (edition.agency_name, edition.agency_credit) == ("IANS", "IANS")
        assert edition.lead_image == image
        assert edition.lead_image_alt == "A ferry"
        assert [topic.name for topic in edition.topics.all()] == ["Ferries"]
        assert "Washington, Jan 8" in edition.body_html
        assert "Mira Holt" in edition.body_html
        assert edition.reading_minutes >= 1

    def test_leaves_readers_the_words_of_the_edition_while_the_article_changes(self):
        edition = publish_article(headline="First words")
        edition.article.headline = "Second words"
        edition.article.save()
        assert Edition.objects.live().get().headline == "First words"

    def test_closes_the_old_edition_at_the_instant_that_opens_the_new(self):
        first = publish_article()
        second = publishing.publish(first.article, by=make_editor())
        first.refresh_from_db()
        assert first.live_until == second.live_from
        assert second.number == 2
        assert Edition.objects.live().get() == second

    def test_keeps_the_address_of_the_first_day(self):
        article = make_article()
        day = timezone.now() - datetime.timedelta(days=3)
        first = publish_article(article, at=day)
        second = publishing.publish(article, by=make_editor())
        assert second.get_absolute_url() == first.get_absolute_url()
        assert second.first_published_at == first.live_from
        assert second.updated_at == second.live_from
        assert first.updated_at is None

    def test_dates_the_address_in_the_time_zone_of_the_paper(self):
        with timezone.override("Asia/Kolkata"):
            at = datetime.datetime(2026, 1, 7, 20, 0, tzinfo=datetime.UTC)
            edition = publish_article(at=at)
        assert edition.article.published_on == datetime.date(2026, 1, 8)

    def test_refuses_the_second_of_two_editors(self):
        article = make_article()
        seen_by_both = Article.objects.get(pk=article.pk)
        publishing.publish(article, by=make_editor())
        with pytest.raises(publishing.Stale):
            publishing.publish(seen_by_both, by=make_editor())
        assert Edition.objects.count() == 1

    def test_refuses_a_copy_older_than_the_saved_one(self):
        article = make_article()
        older = Article.objects.get(pk=article.pk)
        article.save()
        with pytest.raises(publishing.Stale):
            publishing.publish(older, by=make_editor())

    def test_refuses_what_the_checklist_blocks(self):
        with pytest.raises(publishing.NotReady) as refusal:
            publishing.publish(make_article(body="<p> </p>"), by=make_editor())
        assert [item.field for item in refusal.value.items] == ["body"]
        assert not Edition.objects.exists()

    @pytest.mark.parametrize("who", [make_moderator, AnonymousUser])
    def test_refuses_who_may_not_publish(self, who):
        article = make_article()
        with pytest.raises(PermissionDenied):
            publishing.publish(article, by=who())
        with pytest.raises(PermissionDenied):
            publishing.withdraw(article, by=who())

    def test_refuses_a_moment_that_has_passed(self):
        with pytest.raises(publishing.Refused, match="passed"):
            publishing.publish(make_article(), by=make_editor(), at=timezone.now() - HOUR)

    def test_refuses_a_second_story_with_the_same_day_and_slug(self):
        publish_article(slug="vote")
        with pytest.raises(publishing.Refused, match="vote"):
            publish_article(slug="vote")

    def test_records_who_did_it(self):
        editor = make_editor()
        edition = publishing.publish(make_article(), by=editor)
        event = PublicationEvent.objects.get()
        assert (event.action, event.by, event.edition) == ("publish", editor, edition)

    def test_announces_the_change_once_it_is_committed(self, django_capture_on_commit_callbacks):
        heard = []

        def listener(**kwargs):
            heard.append((kwargs["article"], kwargs["editions"]))

        edition_changed.connect(listener)
        article, editor = make_article(), make_editor()
        try:
            with django_capture_on_commit_callbacks(execute=True):
                edition = publishing.publish(article, by=editor)
                assert heard == []
        finally:
            edition_changed.disconnect(listener)
        assert heard == [(article, [edition])]


class TestScheduling:
    def test_lets_the_clock_alone_open_the_edition(self):
        article = make_article()
        at = timezone.now() + HOUR
        edition = publishing.schedule(article, by=make_editor(), at=at)
        assert not Edition.objects.live().exists()
        assert not Edition.objects.live(at - MINUTE).exists()
        assert Edition.objects.live(at).get() == edition

    def test_hands_over_from_the_live_edition_at_that_instant(self):
        first = publish_article()
        at = timezone.now() + HOUR
        second = publishing.schedule(first.article, by=make_editor(), at=at)
        assert Edition.objects.live(at - MINUTE).get() == first
        assert Edition.objects.live(at).get() == second

    def test_replaces_what_was_scheduled_before(self):
        article = make_article()
        editor = make_editor()
        now = timezone.now()
        publishing.schedule(article, by=editor, at=now + HOUR)
        second = publishing.schedule(article, by=editor, at=now + 2 * HOUR)
        assert not Edition.objects.live(now + HOUR).exists()
        assert Edition.objects.live(now + 3 * HOUR).get() == second

    def test_is_replaced_by_publishing_now(self):
        first = publish_article()
        editor = make_editor()
        publishing.schedule(first.article, by=editor, at=timezone.now() + HOUR)
        third = publishing.publish(first.article, by=editor)
        assert Edition.objects.live().get() == third
        assert Edition.objects.live(timezone.now() + 2 * HOUR).get() == third

    def test_refuses_now(self):
        with pytest.raises(publishing.Refused):
            publishing.schedule(make_article(), by=make_editor(), at=timezone.now())

    def test_moves_the_address_with_the_day_until_readers_have_seen_it(self):
        article, editor = make_article(), make_editor()
        tomorrow = timezone.now() + datetime.timedelta(days=1)
        publishing.schedule(article, by=editor, at=tomorrow)
        publishing.publish(article, by=editor)
        assert article.published_on == timezone.localdate()


class TestWithdrawing:
    def test_takes_the_story_off_at_once_and_keeps_what_was_shown(self):
        edition = publish_article()
        before = timezone.now()
        publishing.withdraw(edition.article, by=make_editor(), note="We got it wrong.")
        assert not Edition.objects.live().exists()
        assert Edition.objects.live(before).get() == edition
        assert publishing.withdrawal_note(edition.article) == "We got it wrong."

    def test_cancels_what_is_scheduled_and_frees_the_address(self):
        article = make_article()
        at = timezone.now() + HOUR
        publishing.schedule(article, by=make_editor(), at=at)
        publishing.withdraw(article, by=make_editor())
        assert not Edition.objects.live(at + HOUR).exists()
        article.refresh_from_db()
        assert article.published_on is None

    def test_refuses_a_story_that_is_not_public(self):
        with pytest.raises(publishing.Refused):
            publishing.withdraw(make_article(), by=make_editor())

    def test_can_be_followed_by_publishing_again(self):
        edition = publish_article()
        publishing.withdraw(edition.article, by=make_editor())
        again = publishing.publish(edition.article, by=make_editor())
        assert Edition.objects.live().get() == again
        assert again.get_absolute_url() == edition.get_absolute_url()


class TestEditions:
    def test_never_change(self):
        edition = publish_article()
        edition.headline = "Other words"
        with pytest.raises(TypeError):
            edition.save()
        with pytest.raises(TypeError):
            edition.delete()

    def test_keep_a_record_that_never_changes(self):
        publish_article()
        event = PublicationEvent.objects.get()
        with pytest.raises(TypeError):
            event.save()
        with pytest.raises(TypeError):
            event.delete()

    def test_are_refused_by_the_database_when_two_would_be_live(self):
        edition = publish_article()
        spans = [
            (edition.live_from + MINUTE, None),
            (edition.live_from - HOUR, None),
            (edition.live_from - HOUR, edition.live_from + MINUTE),
        ]
        for number, (live_from, live_until) in enumerate(spans, start=2):
            with pytest.raises(IntegrityError), transaction.atomic():
                copy_edition(edition, number, live_from, live_until)

    def test_are_refused_by_the_database_when_an_update_would_overlap(self):
        first = publish_article()
        publishing.publish(first.article, by=make_editor())
        with pytest.raises(IntegrityError), transaction.atomic():
            Edition.objects.filter(pk=first.pk).update(live_until=None)

    def test_may_touch_and_may_be_empty(self):
        edition = publish_article()
        copy_edition(edition, 2, edition.live_from - HOUR, edition.live_from)
        copy_edition(edition, 3, edition.live_from, edition.live_from)
        assert Edition.objects.count() == 3

    def test_end_after_they_begin(self):
        edition = publish_article()
        with pytest.raises(IntegrityError), transaction.atomic():
            copy_edition(edition, 2, edition.live_from - HOUR, edition.live_from - 2 * HOUR)

    def test_of_two_articles_may_be_live_together(self):
        publish_article()
        publish_article()
        assert Edition.objects.live().count() == 2

    def test_say_why_a_form_would_be_refused(self):
        edition = publish_article()
        other = Edition.objects.get(pk=edition.pk)
        other.pk, other.number = None, 2
        with pytest.raises(ValidationError, match="live at once"):
            other.validate_constraints()


def copy_edition(edition, number, live_from, live_until):
    copy = Edition.objects.get(pk=edition.pk)
    copy.pk, copy._state.adding = None, True
    copy.number, copy.live_from, copy.live_until = number, live_from, live_until
    copy.save()
    return copy


@pytest.mark.usefixtures("committed_db")
class TestTwoAtOnce:
    def test_leaves_one_live_edition_and_one_clear_refusal(self):
        if connection.vendor != "postgresql":
            pytest.skip("concurrency is tested on PostgreSQL")
        article = make_article()
        editors = [make_editor(), make_editor()]
        start = threading.Barrier(2)
        outcomes = []

        def press(editor):
            copy = Article.objects.get(pk=article.pk)
            start.wait()
            try:
                outcomes.append(publishing.publish(copy, by=editor))
            except publishing.Refused as refusal:
                outcomes.append(refusal)
            finally:
                connection.close()

        threads = [threading.Thread(target=press, args=[editor]) for editor in editors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Edition", "Stale"]
        assert Edition.objects.live().count() == 1
        assert "while you were looking" in str(
            next(outcome for outcome in outcomes if isinstance(outcome, publishing.Refused))
        )

    @pytest.mark.parametrize("what", ["section", "headline"])
    def test_says_so_when_somebody_has_just_changed_the_story(self, what):
        if connection.vendor != "postgresql":
            pytest.skip("concurrency is tested on PostgreSQL")
        article, section, editor = make_article(), make_section(), make_editor()
        is_changed = threading.Event()

        def change():
            try:
                with transaction.atomic():
                    copy = Article.objects.select_for_update().get(pk=article.pk)
                    setattr(copy, what, {"section": section, "headline": "Other words"}[what])
                    copy.save()
                    is_changed.set()
                    # The other one waits for the lock by then.
                    time.sleep(0.3)
            finally:
                connection.close()

        thread = threading.Thread(target=change)
        thread.start()
        is_changed.wait(10)
        with pytest.raises(publishing.Stale):
            publishing.publish(article, by=editor)
        thread.join()


@pytest.mark.usefixtures("committed_db")
class TestRebuiltTable:
    def test_keeps_the_guard_against_two_live_editions(self):
        if connection.vendor != "sqlite":
            pytest.skip("only SQLite rebuilds a table to alter it")
        edition = publish_article()
        with connection.schema_editor() as editor:
            editor._remake_table(Edition)
        with pytest.raises(IntegrityError), transaction.atomic():
            copy_edition(edition, 2, edition.live_from, None)
        with connection.cursor() as cursor, pytest.raises(IntegrityError):
            cursor.execute(
                "INSERT INTO articles_edition SELECT id + 1, number + 1, "
                + ", ".join(
                    connection.ops.quote_name(field.column)
                    for field in Edition._meta.local_fields
                    if field.name not in {"id", "number"}
                )
                + " FROM articles_edition"
            )
