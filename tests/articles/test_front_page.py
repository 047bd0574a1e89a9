import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles import front_page, keys, publishing
from articles.models import FrontBlock, FrontPage, FrontStory
from tests.articles.test_pages import get
from tests.factories import (
    make_article,
    make_author,
    make_editor,
    make_image,
    make_moderator,
    make_section,
    publish_article,
)
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

Place, Variant = FrontStory.Place, FrontBlock.Variant
HOUR = datetime.timedelta(hours=1)
ADDRESS = reverse("admin:articles_frontpage_change", args=[FrontPage.ONLY])


@pytest.fixture
def editor():
    return make_editor("lucia")


@pytest.fixture
def sections():
    names = ["world", "business", "science", "culture", "sport", "opinion"]
    return {
        name: make_section(name.title(), accent=name, position=position)
        for position, name in enumerate(names)
    }


@pytest.fixture
def publish(editor, sections):
    """Publish so many stories in a section, the last one newest; later calls are newer."""
    start = timezone.now() - datetime.timedelta(days=3)
    made = []

    def publish(number, section="world", **fields):
        found = []
        for _number in range(number):
            at = start + datetime.timedelta(minutes=len(made))
            found.append(publish_article(by=editor, section=sections[section], at=at, **fields))
            made.append(found[-1])
        return found

    return publish


@pytest.fixture
def page():
    return FrontPage.objects.create()


@pytest.fixture
def choose(page):
    """Put stories into places of the front page, in this order."""

    def choose(place, *editions):
        for position, edition in enumerate(editions):
            FrontStory.objects.create(
                page=page, place=place, article=edition.article, position=position
            )

    return choose


def layout():
    return front_page.compose(front_page.sections())


def shapes(composed):
    return [[(block.section.slug, block.variant) for block in row] for row in composed.rows]


def titles(editions):
    return [edition.short_title for edition in editions]


class TestNothingChosen:
    def test_gives_the_newest_their_places(self, publish):
        newest = publish(20)[::-1]
        composed = layout()
        assert composed.lead == newest[0]
        assert composed.top == newest[1:5]
        assert composed.wire == newest[5:13]
        assert composed.also == []
        assert composed.newest == newest[0]

    def test_gives_each_section_a_block_in_the_order_of_the_navigation(self, publish, sections):
        for name in sections:
            publish(9, name)
        publish(13, "sport")
        assert shapes(layout()) == [
            [("opinion", "band")],
            [("world", "wide")],
            [("business", "half"), ("science", "half")],
            [("culture", "half"), ("sport", "half")],
        ]

    def test_fills_each_block_with_its_newest_that_are_not_above(self, publish):
        older = publish(5, "business")
        quiet = publish(9, "world")
        publish(13, "sport")
        rows = layout().rows
        assert rows[0][0].editions == quiet[:1:-1]
        assert rows[0][0].lead == quiet[-1]
        assert list(map(len, rows[0][0].sides)) == [3, 3]
        assert rows[1][0].editions == older[:0:-1]

    def test_shows_the_newest_with_a_picture_large(self, publish):
        (plain,) = publish(1)
        (illustrated,) = publish(1, lead_image=make_image())
        newer = publish(4)
        publish(13, "sport")
        (block,) = layout().rows[0]
        assert block.editions == [illustrated, *newer[::-1], plain]

    def test_gives_a_lone_half_the_whole_width(self, publish):
        publish(4, "business")
        publish(6, "world")
        publish(13, "opinion")
        assert shapes(layout()) == [[("world", "wide")], [("business", "row")]]

    def test_has_no_wide_block_with_holes(self, publish):
        publish(4, "world")
        publish(13, "sport")
        assert shapes(layout()) == [[("world", "row")]]

    def test_shows_no_story_twice(self, publish, sections):
        for name in [*sections, *sections]:
            publish(5, name)
        shown = layout().editions
        assert len(shown) == len(set(shown)) == 39

    def test_of_an_empty_paper_is_empty(self, sections):
        composed = layout()
        assert composed.lead is composed.newest is None
        assert composed.editions == []


class TestChosenStories:
    def test_stand_where_they_were_put(self, publish, choose):
        stories = publish(40)
        choose(Place.LEAD, stories[0])
        choose(Place.ALSO, stories[3], stories[1])
        choose(Place.TOP, stories[9], stories[2], stories[5], stories[4])
        composed = layout()
        assert composed.lead == stories[0]
        assert composed.also == [stories[3], stories[1]]
        assert composed.top == [stories[9], stories[2], stories[5], stories[4]]
        assert composed.wire == stories[:31:-1]
        assert len(composed.editions) == len(set(composed.editions))

    def test_leave_the_other_places_to_the_newest(self, publish, choose):
        stories = publish(20)
        choose(Place.TOP, stories[0], stories[1])
        composed = layout()
        assert composed.lead == stories[-1]
        assert composed.top == [stories[0], stories[1], stories[-2], stories[-3]]

    def test_that_are_not_live_give_their_place_to_the_newest(self, publish, choose, editor):
        stories = publish(20)
        draft = make_article()
        choose(Place.LEAD, stories[4])
        choose(Place.TOP, stories[5])
        FrontStory.objects.create(page_id=FrontPage.ONLY, article=draft)
        publishing.withdraw(stories[4].article, by=editor)
        composed = layout()
        assert composed.lead == stories[-1]
        assert composed.top == [stories[5], *stories[-2:-5:-1]]
        assert stories[4] not in composed.editions

    def test_lead_where_nothing_else_is_live(self, publish, choose):
        (story,) = publish(1)
        choose(Place.ALSO, story)
        assert layout().lead == story
        assert layout().also == []

    def test_appear_and_vanish_by_the_clock(self, publish, choose, editor, monkeypatch):
        stories = publish(8)
        now = timezone.now()
        soon = publish_article(by=editor, at=now + HOUR)
        choose(Place.LEAD, soon)
        publishing.withdraw(soon.article, by=editor, at=now + HOUR)
        soon = publishing.publish(soon.article, by=editor, at=now + HOUR)
        publishing_end = now + 2 * HOUR
        assert layout().lead == stories[-1]
        monkeypatch.setattr(timezone, "now", lambda: now + HOUR)
        assert layout().lead == soon
        publishing.withdraw(soon.article, by=editor, at=publishing_end)
        monkeypatch.setattr(timezone, "now", lambda: publishing_end)
        assert layout().lead == stories[-1]

    def test_follow_their_story_to_its_next_edition(self, publish, choose, editor):
        stories = publish(8)
        choose(Place.LEAD, stories[0])
        article = stories[0].article
        article.short_title = "A rewritten lead"
        article.save()
        publishing.publish(article, by=editor)
        assert get("/").texts("h2")[0] == "A rewritten lead"


class TestChosenBlocks:
    def test_stand_in_their_order_and_shape(self, publish, sections, page):
        for name in sections:
            publish(7, name)
        publish(13, "world")
        chosen = [
            ("sport", Variant.HALF),
            ("culture", Variant.HALF),
            ("opinion", Variant.BAND),
            ("business", Variant.WIDE),
            ("science", Variant.HALF),
        ]
        for position, (name, variant) in enumerate(chosen):
            FrontBlock.objects.create(
                page=page, section=sections[name], variant=variant, position=position
            )
        assert shapes(layout()) == [
            [("sport", "half"), ("culture", "half")],
            [("opinion", "band")],
            [("business", "wide")],
            [("science", "row")],
        ]

    def test_without_a_story_are_left_out(self, publish, sections, page):
        publish(14, "world")
        for name in ("sport", "world"):
            FrontBlock.objects.create(page=page, section=sections[name], variant=Variant.ROW)
        assert shapes(layout()) == [[("world", "row")]]


class TestPage:
    @pytest.fixture
    def full(self, publish, sections, choose):
        for name in sections:
            publish(8, name, authors=[make_author()])
        stories = publish(20, "sport")
        choose(Place.LEAD, stories[2])
        choose(Place.ALSO, stories[3])
        return stories

    def test_shows_every_part(self, full, sections):
        shown = get("/")
        assert_valid(Client().get("/").content)
        (lead,) = shown.all("article", class_="lead")
        assert full[2].short_title in "".join(lead.itertext())
        (also,) = shown.texts("ul", class_="also")
        assert also == full[3].short_title
        assert len(shown.all("ol", class_="wire")[0]) == 8
        headings = shown.texts("h2", class_="block__title")
        names = ["Latest", "Opinion", "World", "Business", "Science", "Culture", "Sport"]
        assert headings[: len(names)] == names
        assert len(shown.all("div", class_="pair")) == 2
        (band,) = shown.all("div", class_="band")
        assert "Author" in "".join(band.itertext())

    def test_names_the_comments_of_those_stories_only_whose_number_it_shows(self, publish):
        publish(20)
        composed = layout()
        named = Client().get("/").headers["Surrogate-Key"].split()
        counted = [composed.lead, *composed.top]
        assert {keys.comments(story.article_id) for story in counted} <= set(named)
        assert not {keys.comments(story.article_id) for story in composed.wire} & set(named)

    def test_asks_as_often_for_a_small_paper_as_for_a_full_one(self, publish, choose, sections):
        def asked():
            with CaptureQueriesContext(connection) as queries:
                Client().get("/")
            return len(queries)

        def fill(number):
            for name in sections:
                publish(number, name)

        fill(1)
        publish(14)
        choose(Place.LEAD, *publish(1))
        few = asked()
        fill(9)
        choose(Place.TOP, *publish(4))
        assert asked() == few == 6


class TestDatabase:
    """What must never be true, it refuses."""

    def refuses(self, **fields):
        model = FrontBlock if "section" in fields else FrontStory
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.create(page_id=FrontPage.ONLY, **fields)

    def test_holds_one_front_page(self, page):
        with pytest.raises(IntegrityError), transaction.atomic():
            FrontPage.objects.create(pk=2)

    def test_gives_a_story_one_place(self, publish, choose):
        (edition,) = publish(1)
        choose(Place.LEAD, edition)
        self.refuses(article=edition.article, place=Place.TOP)

    def test_has_one_lead_and_one_band(self, publish, choose, sections, page):
        first, second = publish(2)
        choose(Place.LEAD, first)
        self.refuses(article=second.article, place=Place.LEAD)
        FrontBlock.objects.create(page=page, section=sections["world"], variant=Variant.BAND)
        self.refuses(section=sections["opinion"], variant=Variant.BAND)
        self.refuses(section=sections["world"], variant=Variant.ROW)


def rows(prefix, *given, initial=0):
    """What a browser sends of an inline form."""
    data = {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(given):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
        data.setdefault(f"{prefix}-{number}-position", number)
    return data


def story(edition, place=Place.TOP, **more):
    return {"article": edition.article_id, "place": str(place), **more}


def block(section, variant=Variant.HALF, **more):
    return {"section": section.pk, "variant": str(variant), **more}


class TestDesk:
    @pytest.fixture
    def desk(self, editor):
        client = Client()
        client.force_login(editor)
        return client

    def save(self, desk, stories=(), blocks=(), *, initial=0):
        FrontPage.objects.get_or_create()
        return desk.post(
            ADDRESS,
            rows("stories", *stories, initial=initial) | rows("blocks", *blocks),
        )

    def test_leads_from_the_list_straight_to_the_page(self, desk):
        listed = reverse("admin:articles_frontpage_changelist")
        assert desk.get(listed).url == reverse("admin:articles_frontpage_add")
        FrontPage.objects.create()
        assert desk.get(listed).url == ADDRESS
        assert desk.get(ADDRESS).status_code == 200

    def test_makes_the_page_with_what_is_first_chosen(self, desk, publish):
        (edition,) = publish(1)
        data = rows("stories", story(edition, Place.LEAD)) | rows("blocks")
        assert desk.post(reverse("admin:articles_frontpage_add"), data).status_code == 302
        assert FrontPage.objects.get().stories.get().article == edition.article

    def test_puts_stories_and_sections_in_their_places(self, desk, publish, sections):
        first, second = publish(2)
        answer = self.save(
            desk,
            [story(first, Place.LEAD), story(second)],
            [block(sections["sport"], Variant.WIDE)],
        )
        assert answer.status_code == 302
        assert layout().lead == first
        assert layout().top == [second]
        assert FrontBlock.objects.get().section == sections["sport"]

    def test_lets_two_stories_change_places(self, desk, publish, choose):
        first, second = publish(2)
        choose(Place.LEAD, first)
        choose(Place.TOP, second)
        kept = FrontStory.objects.order_by("place")
        answer = self.save(
            desk,
            [
                story(second, Place.LEAD, id=kept[0].pk, page=FrontPage.ONLY),
                story(first, Place.TOP, id=kept[1].pk, page=FrontPage.ONLY),
            ],
            initial=2,
        )
        assert answer.status_code == 302
        assert layout().lead == second
        assert layout().top == [first]

    def test_takes_a_story_off_the_page(self, desk, publish, choose):
        first, _second = publish(2)
        choose(Place.LEAD, first)
        row = FrontStory.objects.get()
        gone = story(first, Place.LEAD, id=row.pk, page=FrontPage.ONLY, DELETE="on")
        assert self.save(desk, [gone], initial=1).status_code == 302
        assert not FrontStory.objects.exists()

    def errors(self, answer, number, name, prefix="stories"):
        """What the desk says beside a field."""
        assert answer.status_code == 200
        (found,) = [
            inline.formset
            for inline in answer.context["inline_admin_formsets"]
            if inline.formset.prefix == prefix
        ]
        assert not FrontStory.objects.exists()
        return found.forms[number].errors[name]

    def test_refuses_a_story_in_two_places(self, desk, publish):
        (edition,) = publish(1)
        answer = self.save(desk, [story(edition, Place.LEAD), story(edition)])
        assert self.errors(answer, 1, "article") == [
            "This story has a place already. A front page shows each story once."
        ]

    @pytest.mark.parametrize(
        ("place", "room", "words"),
        [
            (Place.LEAD, 1, "There is a lead story already. Give one of them another place."),
            (Place.ALSO, 2, "Under the lead story there is room for two."),
            (Place.TOP, 4, "There is room for four top stories."),
        ],
    )
    def test_refuses_more_stories_than_a_place_holds(self, desk, publish, place, room, words):
        answer = self.save(desk, [story(each, place) for each in publish(room + 1)])
        assert self.errors(answer, room, "place") == [words]

    def test_refuses_a_section_twice_and_a_second_band(self, desk, sections):
        world, sport = sections["world"], sections["sport"]
        answer = self.save(desk, (), [block(world), block(world)])
        assert self.errors(answer, 1, "section", "blocks") == ["This section has a block already."]
        bands = [block(world, Variant.BAND), block(sport, Variant.BAND)]
        assert self.errors(self.save(desk, (), bands), 1, "variant", "blocks") == [
            "A page has one tinted band. Choose another shape for one of them."
        ]

    def test_notices_what_somebody_else_has_chosen_meanwhile(self, desk, publish, choose):
        (edition,) = publish(1)
        choose(Place.TOP, edition)
        answer = self.save(desk, [story(edition, Place.LEAD)])
        assert "Somebody else has just put this on the front page" in answer.text

    def test_deletes_no_front_page(self, desk, page):
        address = reverse("admin:articles_frontpage_delete", args=[page.pk])
        assert desk.post(address, {"post": "yes"}).status_code == 403


class TestPermission:
    def test_lets_editors_choose(self, editor, page):
        client = Client()
        client.force_login(editor)
        assert client.post(ADDRESS, rows("stories") | rows("blocks")).status_code == 302

    def test_keeps_others_out(self, page, publish):
        (edition,) = publish(1)
        for user in (make_moderator(), None):
            client = Client()
            if user is not None:
                client.force_login(user)
            data = rows("stories", story(edition)) | rows("blocks")
            answer = client.post(ADDRESS, data)
            assert answer.status_code == (302 if user is None else 403)
        assert not FrontStory.objects.exists()

    def test_is_the_editors_group_s(self):
        names = Group.objects.get(name="Editors").permissions.values_list("codename", flat=True)
        assert {"change_frontpage", "add_frontstory", "delete_frontblock"} <= set(names)
