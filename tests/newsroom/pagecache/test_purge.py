"""Which pages a change makes stale, and from when on."""

import datetime
import json
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from articles import keys, publishing
from articles.models import Image, Section
from comments import moderation
from newsroom.pagecache import purge
from newsroom.pagecache.generations import HEARD, NEVER, Generations, slots_of
from newsroom.pagecache.listener import Listener
from tests.factories import (
    make_agency,
    make_article,
    make_author,
    make_comment,
    make_editor,
    make_image,
    make_moderator,
    make_section,
    make_topic,
    picture_file,
    publish_article,
)

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="machines talk to each other through PostgreSQL"
)


@pytest.fixture
def counters(tmp_path, settings, monkeypatch):
    """Counters of a machine of its own."""
    settings.PAGE_CACHE_FOLDER = tmp_path
    monkeypatch.setattr(purge, "_counters", None)
    yield purge.counters()
    monkeypatch.setattr(purge, "_counters", None)


@pytest.fixture
def touched(counters):
    """Tell which of these keys were touched since the last call."""
    seen = [counters.sequence]

    def touched(*names):
        found = {name for name in names if not counters.is_fresh(seen[0], slots_of([name]))}
        seen[0] = counters.sequence
        return found

    return touched


def microseconds_from_now(seconds):
    return time.time_ns() // 1000 + seconds * 1_000_000


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed_db")
class TestAChange:
    def test_by_publishing_touches_the_story_its_section_and_the_front(self, touched):
        article = make_article()
        other = make_section("Other")
        touched()
        edition = publish_article(article)
        names = [keys.article(article.pk), keys.section(edition.section_id), keys.FRONT]
        assert touched(*names, keys.section(other.pk), keys.SECTIONS) == set(names)

    def test_by_publishing_touches_every_list_that_the_story_is_in(self, touched):
        article = make_article(
            topics=[make_topic(), make_topic()], authors=[make_author()], agency=make_agency()
        )
        touched()
        edition = publish_article(article)
        on = timezone.localdate(edition.first_published_at)
        names = {
            *(keys.topic(topic.pk) for topic in article.topics.all()),
            *(keys.author(author.pk) for author in article.authors.all()),
            keys.agency(article.agency_id),
            *(name(on) for name in (keys.day, keys.month, keys.year)),
            keys.sitemap(keys.sitemap_of(edition)),
        }
        assert touched(*names, keys.topic(0), keys.year(on.replace(year=1999))) == names

    def test_by_taking_a_topic_from_a_story_touches_the_topic(self, touched):
        topic = make_topic()
        article = publish_article(topics=[topic]).article
        article.topics.clear()
        touched()
        publishing.publish(article, by=make_editor())
        assert touched(keys.topic(topic.pk)) == {keys.topic(topic.pk)}

    @pytest.mark.parametrize("make", [make_topic, make_author, make_agency])
    def test_of_a_name_touches_the_pages_that_show_it(self, touched, make):
        subject = make()
        touched()
        subject.name = "Another"
        subject.save()
        assert touched(*keys.of_subject(subject)) == set(keys.of_subject(subject))
        pages = set(keys.of_subject(subject))
        subject.delete()
        assert touched(*pages) == pages

    def test_by_moving_a_story_touches_both_sections(self, touched):
        edition = publish_article()
        article, before = edition.article, edition.section
        article.section = make_section("Other")
        article.save()
        touched()
        publishing.publish(article, by=make_editor())
        both = {keys.section(before.pk), keys.section(article.section_id)}
        assert touched(*both) == both

    def test_by_withdrawing_touches_the_same_as_publishing(self, touched):
        edition = publish_article()
        touched()
        publishing.withdraw(edition.article, by=make_editor())
        names = [keys.article(edition.article_id), keys.section(edition.section_id), keys.FRONT]
        assert touched(*names) == set(names)

    def test_by_approving_a_comment_touches_those_of_its_story_alone(self, touched):
        comment = make_comment()
        touched()
        moderation.approve(comment, by=make_moderator())
        story, its = keys.article(comment.article_id), keys.comments(comment.article_id)
        assert touched(its, story, keys.FRONT, keys.SECTIONS, keys.comments(0)) == {its}

    def test_by_posting_or_rejecting_a_comment_touches_nothing(self, touched):
        edition = publish_article()
        touched()
        comment = make_comment(edition.article)
        moderation.reject(comment, by=make_moderator())
        assert touched(keys.article(edition.article_id), keys.FRONT) == set()

    def test_of_a_section_touches_every_page(self, touched):
        section = make_section("World")
        touched()
        section.name = "Abroad"
        section.save()
        assert touched(keys.SECTIONS) == {keys.SECTIONS}
        Section.objects.get(pk=section.pk).delete()
        assert touched(keys.SECTIONS) == {keys.SECTIONS}

    def test_of_a_picture_file_touches_the_pages_that_show_it(self, touched):
        image = make_image()
        touched()
        image.caption = "Seen from the pier."
        image.save()
        assert touched(keys.image(image.pk)) == set()
        stored = Image.objects.get(pk=image.pk)
        stored.take(picture_file(colour="#aa3311"))
        stored.save()
        assert touched(keys.image(image.pk)) == {keys.image(image.pk)}

    def test_that_is_rolled_back_leaves_nothing_lifted(self, counters):
        article = make_article()
        editor = make_editor()

        with transaction.atomic():
            publishing.publish(article, by=editor)
            assert not counters.is_fresh(counters.sequence, slots_of([keys.FRONT]))
            transaction.set_rollback(True)
        assert counters.is_fresh(counters.sequence, slots_of([keys.FRONT]))

    def test_that_is_rolled_back_to_a_savepoint_leaves_nothing_lifted(self, counters):
        article = make_article()
        editor = make_editor()
        with transaction.atomic():
            point = transaction.savepoint()
            publishing.publish(article, by=editor)
            transaction.savepoint_rollback(point)
        assert counters.is_fresh(counters.sequence, slots_of([keys.FRONT]))

    def test_is_noticed_from_before_its_commit_on(self, counters):
        article = make_article()
        editor = make_editor()
        with transaction.atomic():
            publishing.publish(article, by=editor)
            during = counters.sequence
            assert not counters.is_fresh(during, slots_of([keys.FRONT]))
        # What was made during the transaction shows what was there before it.
        assert not counters.is_fresh(during, slots_of([keys.FRONT]))
        assert counters.is_fresh(counters.sequence, slots_of([keys.FRONT]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed_db")
class TestTheClock:
    def test_is_told_when_a_scheduled_story_appears(self, counters):
        counters.turn(NEVER, 1, [], counters.announced)
        at = timezone.now() + datetime.timedelta(hours=1)
        publishing.schedule(make_article(), by=make_editor(), at=at)
        assert counters.boundary == purge.microseconds(at)

    def test_is_told_when_a_story_will_be_withdrawn(self, counters):
        edition = publish_article()
        counters.turn(NEVER, 1, [], counters.announced)
        at = timezone.now() + datetime.timedelta(hours=1)
        publishing.withdraw(edition.article, by=make_editor(), at=at)
        assert counters.boundary == purge.microseconds(at)

    def test_touches_what_came_and_what_went(self):
        start = timezone.now()
        came = publish_article(at=start - datetime.timedelta(minutes=5))
        went = publish_article(
            at=start - datetime.timedelta(days=2), section=make_section("Elsewhere")
        )
        publishing.withdraw(went.article, by=make_editor())
        since = purge.microseconds(start - datetime.timedelta(minutes=10))
        touched, following = purge.turned(since, microseconds_from_now(1))
        assert touched == keys.touched_by(came, went) | {"discussed", "picks"}
        assert following == purge.microseconds(came.first_published_at + keys.NEWS_AGE)

    def test_is_told_when_a_story_is_news_no_longer(self, counters):
        counters.turn(NEVER, 1, [], counters.announced)
        edition = publish_article()
        moment = purge.microseconds(edition.first_published_at + keys.NEWS_AGE)
        assert counters.boundary == moment
        assert purge.turned(moment - 1, moment) == ({keys.NEWS}, None)
        assert purge.turned(moment, moment + 1) == (set(), None)

    def test_passes_over_old_news_that_was_withdrawn(self):
        edition = publish_article()
        publishing.withdraw(edition.article, by=make_editor())
        moment = purge.microseconds(edition.first_published_at + keys.NEWS_AGE)
        assert purge.turned(moment - 1, moment) == (set(), None)

    def test_passes_over_a_schedule_that_was_cancelled(self):
        at = timezone.now() + datetime.timedelta(minutes=5)
        article = make_article()
        publishing.schedule(article, by=make_editor(), at=at)
        publishing.withdraw(article, by=make_editor())
        assert purge.turned(1, microseconds_from_now(0)) == (set(), None)

    def test_knows_the_next_moment_of_several(self):
        moments = [timezone.now() + datetime.timedelta(hours=hours) for hours in (3, 1, 2)]
        for at in moments:
            publishing.schedule(make_article(), by=make_editor(), at=at)
        assert purge.turned(0, microseconds_from_now(0)) == (set(), purge.microseconds(moments[1]))

    def test_counts_in_whole_microseconds(self):
        moment = datetime.datetime(2026, 1, 8, 9, 30, 0, 123457, tzinfo=datetime.UTC)
        assert purge.moment_of(purge.microseconds(moment)) == moment


class TestWhatAnotherMachineSays:
    def test_touches_the_keys(self, counters, touched):
        purge.heard(json.dumps({"from": "x", "keys": ["front"], "boundary": NEVER}), counters)
        assert touched("front", "article:1") == {"front"}

    def test_may_be_everything(self, counters, touched):
        purge.heard(
            json.dumps({"from": "x", "keys": [purge.EVERYTHING], "boundary": NEVER}), counters
        )
        assert touched("front", "article:1") == {"front", "article:1"}

    def test_names_a_boundary(self, counters):
        counters.turn(NEVER, 1, [], counters.announced)
        purge.heard(json.dumps({"from": "x", "keys": [], "boundary": 77}), counters)
        assert counters.boundary == 77

    def test_is_passed_over_when_it_is_this_one(self, counters, touched):
        said = {"from": counters.epoch, "keys": ["front"], "boundary": NEVER}
        purge.heard(json.dumps(said), counters)
        assert touched("front") == set()

    @pytest.mark.parametrize("payload", ["", "{}", "[]", "null", '{"keys": 1}'])
    def test_in_words_that_are_not_understood_touches_everything(self, counters, touched, payload):
        purge.heard(payload, counters)
        assert touched("article:1") == {"article:1"}


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed_db", "counters")
class TestTheListener:
    @pytest.fixture
    def other(self, tmp_path):
        """The counters of another machine, which listens."""
        folder = tmp_path / "other"
        others = Generations(folder)
        listener = Listener(folder, lambda: others)
        listener.start()
        wait_until(lambda: others.words[HEARD])
        yield others
        listener.stop()
        listener.join(5)
        assert not listener.is_alive()

    def test_hears_what_is_published_elsewhere(self, other):
        article = make_article()
        before = other.sequence
        publish_article(article)
        began = time.perf_counter()
        wait_until(lambda: not other.is_fresh(before, slots_of([keys.article(article.pk)])))
        assert time.perf_counter() - began < 1

    def test_hears_nothing_of_what_is_rolled_back(self, other):
        article, comment = make_article(), make_comment()
        editor, moderator = make_editor(), make_moderator()
        before = other.sequence
        with transaction.atomic():
            publishing.publish(article, by=editor)
            transaction.set_rollback(True)
        moderation.approve(comment, by=moderator)
        wait_until(
            lambda: not other.is_fresh(before, slots_of([keys.comments(comment.article_id)]))
        )
        assert other.is_fresh(before, slots_of([keys.article(article.pk)]))

    def test_hears_of_a_boundary(self, other):
        other.turn(NEVER, 1, [], other.announced)
        at = timezone.now() + datetime.timedelta(hours=1)
        publishing.schedule(make_article(), by=make_editor(), at=at)
        wait_until(lambda: other.boundary == purge.microseconds(at))

    def test_takes_everything_for_stale_after_its_connection_broke(self, other):
        before, heard = other.sequence, other.words[HEARD]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%%' OR (query = 'SELECT 1' AND pid <> pg_backend_pid())"
            )
        wait_until(lambda: other.words[HEARD] > heard + 1)
        wait_until(lambda: not other.is_fresh(before, slots_of(["article:0"])))

    def test_leaves_listening_to_one_process_of_a_machine(self, other, tmp_path):
        second = Listener(tmp_path / "other", lambda: pytest.fail("It listens, too."))
        second.start()
        time.sleep(0.3)
        is_waiting = second.is_alive()
        second.stop()
        second.join(5)
        assert is_waiting


def wait_until(is_so, seconds=5):
    """Wait for another thread's work, and fail when it isn't done in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.002)
