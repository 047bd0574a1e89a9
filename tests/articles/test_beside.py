import datetime
import re
from itertools import pairwise

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles import beside, keys, marks, publishing
from articles.models import Edition
from tests.articles.test_pages import Page, get, text
from tests.factories import make_editor, make_section, make_topic, publish_article
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
START = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
moments = st.datetimes(
    START.replace(2010, tzinfo=None),
    START.replace(2030, tzinfo=None),
    timezones=st.just(datetime.UTC),
)


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def publish(editor):
    """Publish a story an hour after the one before."""
    made = []

    def publish(*topics, **fields):
        made.append(
            publish_article(
                **{
                    "by": editor,
                    "topics": topics,
                    "at": START + len(made) * HOUR,
                    "section": world(),
                    **fields,
                }
            )
        )
        return made[-1]

    return publish


def world():
    from articles.models import Section

    return Section.objects.filter(name="World").first() or make_section("World")


def related(edition):
    pks = list(edition.topics.values_list("pk", flat=True))
    return beside.related_to(edition, pks)


class TestRelated:
    def test_share_most_topics(self, publish, django_assert_num_queries):
        ships, ports, fish = (make_topic(name) for name in ("Ships", "Ports", "Fish"))
        both_old = publish(ships, ports)
        one = publish(ships)
        other = publish(ports)
        both_new = publish(fish, ports, ships)
        publish(fish)
        story = publish(ships, ports)
        pks = [ships.pk, ports.pk]
        with django_assert_num_queries(1):
            found = beside.related_to(story, pks).editions
            assert [edition.get_absolute_url() for edition in found]
        assert found == [story, both_new, other, one, both_old]
        publish(ships, ports)
        assert one not in beside.related_to(story, pks).editions

    def test_are_five_at_most_and_the_same_for_all(self, publish):
        ships = make_topic("Ships")
        stories = [publish(ships) for _number in range(7)]
        for story in stories:
            assert related(story).editions == stories[:1:-1]

    def test_never_stand_on_their_own_page(self, publish):
        ships = make_topic("Ships")
        stories = [publish(ships) for _number in range(7)]
        for story, shown in ((stories[-1], stories[-2:-6:-1]), (stories[0], stories[:1:-1])):
            html = Client().get(story.get_absolute_url()).text
            part = html.partition('id="related-h"')[2].partition("</section>")[0]
            assert re.findall('href="([^"]+)"', part) == [s.get_absolute_url() for s in shown]
            assert "elsewhere" not in html

    def test_are_not_there_when_nothing_else_is(self, publish):
        story = publish(make_topic("Ships"))
        html = Client().get(story.get_absolute_url()).text
        assert 'id="related-h"' not in html
        assert 'class="aside"' not in html

    def test_are_live(self, publish, editor):
        ships = make_topic("Ships")
        gone, story = publish(ships), publish(ships)
        publish(ships, at=timezone.now() + HOUR)
        publishing.withdraw(gone.article, by=editor)
        assert related(story).editions == [story]

    def test_of_a_story_without_topics_are_none(self, publish, django_assert_num_queries):
        publish()
        story = publish()
        with django_assert_num_queries(0):
            assert beside.related_to(story, []).editions == []

    def test_are_one_part_of_all_stories_with_these_topics(self, publish):
        ships, ports = make_topic("Ships"), make_topic("Ports")
        stories = [publish(ships, ports) for _number in range(7)]
        name = f"topic:{ships.pk}+topic:{ports.pk}"
        assert {related(story).name for story in stories} == {name}

    def test_are_the_same_as_composed_from_their_topics(self, publish):
        topics = [make_topic() for _number in range(3)]
        subsets = [
            [topic for place, topic in enumerate(topics) if number >> place & 1]
            for number in range(8)
        ]
        # Two at a time, so that the later one of a moment has to be told; more than are compared.
        stories = [
            publish(*subsets[number * 5 % 8], at=START + number // 2 * HOUR) for number in range(50)
        ]
        part_of = {topic.pk: Client().get(f"/parts/topic:{topic.pk}/").content for topic in topics}
        for wanted in subsets[1:]:
            pks = [topic.pk for topic in wanted]
            parts = [part_of[pk] for pk in pks]
            for story in (stories[49], stories[44], stories[42], stories[0]):
                shown = marks.composed(parts, 5, keys.article(story.article_id).encode())
                found = beside.related_to(story, pks).editions
                expected = [each.get_absolute_url() for each in found if each != story]
                assert re.findall('href="([^"]+)"', shown.decode()) == expected


class TestInSection:
    def test_gives_the_newest_and_the_one_before(self, publish, django_assert_num_queries):
        stories = [publish() for _number in range(9)]
        publish(section=make_section("Sport"))
        with django_assert_num_queries(1):
            found = beside.in_section(stories[2])
        assert found.more.editions == stories[:2:-1]
        assert found.following == stories[1]
        assert found.more.name == keys.section(stories[0].section_id)
        newest = beside.in_section(stories[-1])
        assert newest.more == found.more
        assert newest.following == stories[-2]

    def test_gives_nothing_before_the_oldest(self, publish):
        story = publish()
        publish()
        found = beside.in_section(story)
        assert found.following is None
        assert found.keys == [keys.oldest(story.section_id)]

    def test_tells_stories_of_one_moment_apart(self, publish):
        stories = [publish(at=START) for _number in range(4)]
        chain = [beside.in_section(story).following for story in stories]
        assert chain == [None, *stories[:3]]


class TestBetween:
    @given(moments, moments, moments)
    def test_names_what_any_story_between_touches(self, one, two, third):
        first, between, last = sorted([one, two, third])
        named = set(keys.between(3, first, last))
        edition = Edition(pk=1, article_id=1, section_id=3, first_published_at=between)
        assert named & keys.touched_by(edition)
        edition.section_id = 4
        assert not {name for name in named & keys.touched_by(edition) if name.startswith("next:")}

    @given(moments, st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=365)))
    def test_is_named_in_few_words(self, first, span):
        assert len(keys.between(3, first, first + span)) <= 16

    @pytest.mark.parametrize("apart", [30, 300, 3600, 40_000, 900_000])
    def test_leaves_stories_alone_that_a_new_one_does_not_follow_closely(self, apart):
        """Two stories so many seconds apart, and a third as long after them."""
        span = datetime.timedelta(seconds=apart)
        named = keys.between(3, START, START + span)
        new = Edition(pk=1, article_id=1, section_id=3, first_published_at=START + 2 * span)
        assert not set(named) & keys.touched_by(new)


class TestPage:
    def test_leads_on(self, publish):
        ships = make_topic("Ships")
        older, near, story = publish(), publish(ships), publish(ships)
        assert_valid(Client().get(story.get_absolute_url()).content)
        page = get(story.get_absolute_url())
        (section,) = page.all("section", class_="related")
        assert near.short_title in text(section)
        (following,) = page.all("nav", class_="following")
        assert text(following) == f"Next in World {near.short_title}"
        assert get(near.get_absolute_url()).texts("nav", class_="following") == [
            f"Next in World {older.short_title}"
        ]

    def test_has_no_empty_part(self, publish):
        page = get(publish().get_absolute_url())
        for name in ("related", "following", "aside"):
            assert page.all(class_=name) == []


class TestParts:
    def test_are_answered_alone_as_pages_show_them(self, publish):
        ships = make_topic("Ships")
        stories = [publish(ships) for _number in range(9)]
        html = Client().get(stories[0].get_absolute_url()).text
        missing = Client().get("/no-such-page/").text
        for name in (f"section:{stories[0].section_id}", f"topic:{ships.pk}", "front"):
            answer = Client().get(f"/parts/{name}/")
            assert answer.headers["X-Robots-Tag"] == "noindex"
            assert name in answer.headers["Surrogate-Key"].split()
            if name[:5] == "topic":
                assert answer.text.count("<li>") == len(stories)
            else:
                alone = marks.without_own(answer.content, "article:0").decode()
                assert alone.strip() in (html if name != "front" else missing)

    @pytest.mark.parametrize(
        "name",
        [
            "section:0",
            "section:99999999",
            "section:x",
            "topic:99999999",
            "topic:{a}+topic:{b}",
            "topic:0{a}",
            "front:1",
            "sections",
        ],
    )
    def test_that_no_page_has_are_missing(self, name):
        a, b = make_topic(), make_topic()
        assert Client().get(f"/parts/{name.format(a=a.pk, b=b.pk)}/").status_code == 404

    @given(st.text(max_size=60))
    def test_of_any_name_are_answered(self, name):
        assert Client().get("/parts/" + name.replace("/", "") + "/").status_code in {301, 404}


def test_the_chain_of_a_section_visits_each_story_once(publish):
    stories = [publish() for _number in range(5)]
    for newer, older in pairwise(reversed(stories)):
        page = Page(Client().get(newer.get_absolute_url()).text)
        (nav,) = page.all("nav", class_="following")
        assert older.short_title in text(nav)
