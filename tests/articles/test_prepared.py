"""Queries that are composed once give what Django's own give, for each thread and value."""

import datetime
import threading

import pytest
from django.db import connection, connections, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles import publishing
from articles.models import Edition, Section, Topic
from articles.prepared import Prepared
from tests.factories import make_editor, make_section, make_topic, publish_article

pytestmark = pytest.mark.django_db

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
