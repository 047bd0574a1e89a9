"""Queries that are composed once give what Django's own give, for each thread and value."""

import datetime
import threading

import pytest
from django.db import ProgrammingError, connection, connections, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles import publishing
from articles.models import Edition, Section, Topic
from articles.prepared import Among, Numbers, Prepared, plan_keeping_cursor
from tests.factories import make_editor, make_section, make_topic, publish_article

pytestmark = pytest.mark.django_db
only_on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL keeps plans"
)

composed = []


def _stories(now, section):
    composed.append(threading.get_ident())
    return Edition.objects.live(now).for_cards().filter(section=section).newest_first()


@pytest.fixture
def stories():
    composed.clear()
    return Prepared(Edition, _stories, now=models.DateTimeField(), section=models.BigIntegerField())


class TestPrepared:
    def test_gives_what_the_query_gives_for_each_value(self, stories):
        world, sport = make_section("World"), make_section("Sport")
        publish_article(section=world)
        publishing.withdraw(publish_article(section=world).article, by=make_editor())
        publish_article(section=sport)
        for section in (world, sport, world):
            now = timezone.now()
            assert stories(now=now, section=section.pk) == list(_stories(now, section.pk))

    def test_looks_at_the_moment_that_is_given(self, stories):
        edition = publish_article()
        section = edition.section_id
        before = edition.live_from - datetime.timedelta(microseconds=1)
        assert stories(now=before, section=section) == []
        assert stories(now=edition.live_from, section=section) == [edition]

    def test_follows_relations_in_the_same_query(self, stories):
        edition = publish_article(section=make_section("World"))
        with CaptureQueriesContext(connection) as asked:
            (found,) = stories(now=timezone.now(), section=edition.section_id)
            assert found.section.name == "World"
            assert found.get_absolute_url() == edition.get_absolute_url()
        assert len(asked) == 1

    def test_is_composed_once(self, stories):
        for _ in range(5):
            stories(now=timezone.now(), section=1)
        assert len(composed) == 1

    def test_sees_what_was_written_since(self, stories):
        section = make_section("World")
        assert stories(now=timezone.now(), section=section.pk) == []
        edition = publish_article(section=section)
        assert stories(now=timezone.now(), section=section.pk) == [edition]

    def test_gives_rows_of_values_and_takes_no_values(self):
        names = Prepared(Topic, lambda: Topic.objects.values_list("name", flat=True))
        assert names() == []
        make_topic("Ferries")
        assert names() == ["Ferries"]

    def test_takes_percent_signs_for_what_they_are(self):
        make_topic("100% wool, %s or not")
        make_topic("1000 words, or not")
        found = Prepared(
            Topic,
            lambda slug: (
                Topic.objects.filter(name__startswith="100%")
                .filter(name__contains="%s")
                .exclude(slug=slug)
                .annotate(rate=models.Value("5%"))
                .values_list("name", "rate")
            ),
            slug=models.CharField(),
        )
        assert found(slug="") == [("100% wool, %s or not", "5%")]

    def test_takes_lists_of_any_length(self):
        topics = [make_topic(name) for name in ("Ferries", "Fares", "Storms")]
        found = Prepared(
            Topic,
            lambda pks: Topic.objects.filter(pk__in=Among(pks)).order_by("pk"),
            pks=Numbers(),
        )
        for chosen in (topics, topics[:1], [], topics[1:] * 2):
            wanted = sorted({topic.pk for topic in chosen})
            assert [topic.pk for topic in found(pks=[topic.pk for topic in chosen])] == wanted

    @given(st.text(max_size=40).filter(lambda text: "\0" not in text))
    def test_takes_any_text_as_a_value(self, text):
        found = Prepared(
            Section, lambda name: Section.objects.filter(name=name), name=models.CharField()
        )
        assert found(name=text) == []

    def test_is_composed_again_for_another_connection(self, stories):
        stories(now=timezone.now(), section=1)
        own = connections["default"]
        other = own.copy()
        try:
            connections["default"] = other
            stories(now=timezone.now(), section=1)
        finally:
            other.close()
            connections["default"] = own
        assert len(composed) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed_db")
class TestThreads:
    def test_ask_at_the_same_time_for_different_values(self, stories):
        editions = [publish_article(section=make_section(f"Section {n}")) for n in range(4)]
        wrong, barrier = [], threading.Barrier(4)

        def read(edition):
            barrier.wait()
            for _ in range(50):
                found = stories(now=timezone.now(), section=edition.section_id)
                if found != [edition]:
                    wrong.append(found)
            connection.close()

        threads = [threading.Thread(target=read, args=[edition]) for edition in editions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(set(composed)) == 4


def kept():
    """How often each kept plan for editions was used: one for all values, and one for these."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%articles_edition%'"
        )
        return cursor.fetchall()


@only_on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed_db")
class TestPlans:
    @pytest.fixture(autouse=True)
    def _own_session(self):
        connection.close_pool()
        connection.close()
        yield
        connection.close()

    def test_are_kept_by_the_session(self, stories):
        edition = publish_article()
        for _ in range(3):
            assert stories(now=timezone.now(), section=edition.section_id) == [edition]
        assert kept() == [(3, 0)]

    def test_are_made_again_in_another_session(self, stories):
        edition = publish_article()
        for _ in range(2):
            connection.close()
            assert stories(now=timezone.now(), section=edition.section_id) == [edition]
            assert kept() == [(1, 0)]

    def test_are_not_kept_of_what_django_asks(self, stories):
        assert list(Edition.objects.live()) == []
        assert kept() == []

    def test_are_not_kept_when_that_is_turned_off(self, stories, monkeypatch):
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", None)
        # A pool gives what it was made with.
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", None)
        edition = publish_article()
        connection.close()
        assert stories(now=timezone.now(), section=edition.section_id) == [edition]
        assert kept() == []
        connection.close()

    def test_are_not_kept_in_a_transaction_which_one_that_fits_no_longer_would_fail(self, stories):
        edition = publish_article()
        with transaction.atomic():
            assert stories(now=timezone.now(), section=edition.section_id) == [edition]
        assert kept() == []

    def test_that_fit_no_longer_are_made_again(self, stories):
        edition = publish_article()
        section = edition.section_id
        assert stories(now=timezone.now(), section=section) == [edition]
        with connections["default"].copy().cursor() as other:
            other.execute("ALTER TABLE articles_edition ALTER COLUMN headline TYPE text")
            try:
                for _ in range(2):
                    with CaptureQueriesContext(connection) as asked:
                        assert stories(now=timezone.now(), section=section) == [edition]
                    assert len(asked) == 1
                assert kept() == [(1, 0)]
            finally:
                length = Edition._meta.get_field("headline").max_length
                other.execute(
                    f"ALTER TABLE articles_edition ALTER COLUMN headline TYPE varchar({length})"
                )
                other.close()

    def test_that_somebody_has_dropped_are_made_again(self, stories):
        edition = publish_article()
        for _ in range(3):
            assert stories(now=timezone.now(), section=edition.section_id) == [edition]
            # Behind the back of what keeps account of them.
            connection.connection.pgconn.exec_(b"DISCARD ALL")
        assert stories(now=timezone.now(), section=edition.section_id) == [edition]

    def test_hide_no_error_of_the_query(self):
        with plan_keeping_cursor(connection) as cursor, pytest.raises(ProgrammingError):
            cursor.execute("SELECT nothing FROM nowhere WHERE id = %s", [1])
