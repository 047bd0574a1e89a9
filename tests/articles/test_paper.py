"""What the paper says of itself, and what stands around every page, as articles read it."""

import dataclasses

import pytest
from django.http import HttpRequest

from articles import frame, paper
from articles.keeping import KEEPER
from tests.factories import make_page, make_publication, make_section

pytestmark = pytest.mark.django_db


class TestThePaper:
    def test_is_what_the_settings_say_until_somebody_has_set_it(self, settings):
        settings.PUBLICATION_NAME = "The Island Post"
        settings.PUBLICATION_POLICIES = {"ethicsPolicy": "/ethics/"}
        settings.COMMENTS_REVIEW_TIME = "within a day"
        settings.FEED_CONTENT = "full"
        found = paper.current()
        assert found.name == "The Island Post"
        assert dict(found.policies) == {"ethicsPolicy": "/ethics/"}
        assert found.review_time == "within a day"
        assert found.feed_content == paper.FULL
        assert found.url == settings.SITE_URL
        assert found.language == settings.LANGUAGE_CODE

    def test_is_what_the_settings_say_where_nobody_provides_it(self, settings):
        source = paper.source()
        settings.PUBLICATION_NAME = "The Valley Post"
        make_publication()
        paper.provide(None)
        try:
            assert paper.current().name == "The Valley Post"
        finally:
            paper.provide(source)
        assert paper.current().name == "The Island Post"

    def test_is_shown_as_another_one_for_a_while(self):
        other = dataclasses.replace(paper.from_settings(), name="The Preview")
        with paper.shown_as(other):
            assert paper.current() is other
        assert paper.current().name == paper.from_settings().name

    def test_can_name_what_is_kept_of_a_page(self):
        assert hash(paper.current()) == hash(paper.current())
        assert paper.current() == paper.current()
        make_page("Ethics", kind="ethicsPolicy", footer_position=None)
        assert paper.current() != paper.from_settings()


class TestTheFrame:
    def test_has_sections_and_pages_in_their_order(self):
        make_section("World", position=2, accent="world")
        make_section("Sport", position=1, accent="sport")
        make_page("Contact", footer_position=2, kind="contact")
        make_page("About us", footer_position=1, kind="about")
        make_page("Privacy", footer_position=None)
        make_page("Not yet", is_published=False)
        found = frame.current()
        assert [(each.name, each.slug, each.accent) for each in found.sections] == [
            ("Sport", "sport", "sport"),
            ("World", "world", "world"),
        ]
        assert [page.title for page in found.pages] == ["Privacy", "About us", "Contact"]
        assert found.paper.links == (
            paper.Link("About us", "/about/"),
            paper.Link("Contact", "/about/contact/"),
        )

    def test_names_the_pages_of_policies_besides_those_of_the_settings(self, settings):
        settings.PUBLICATION_POLICIES = {"masthead": "/masthead/", "ethicsPolicy": "/ethics/"}
        make_page("Ethics", kind="ethicsPolicy")
        make_page("About us", kind="about")
        make_page("Sources", kind="unnamedSourcesPolicy", is_published=False)
        assert dict(paper.current().policies) == {
            "masthead": "/masthead/",
            "ethicsPolicy": "/about/ethics/",
        }

    def test_is_one_query_for_all_that_answers_a_request(self, django_assert_num_queries):
        make_section("World")
        make_page()
        make_publication()
        request = HttpRequest()
        with django_assert_num_queries(1):
            for _ in range(2):
                with frame.kept_by(request):
                    assert frame.current().sections[0].get_absolute_url() == "/world/"
                    assert frame.current().pages[0].get_absolute_url()
                    assert paper.current().name == "The Island Post"

    def test_is_looked_up_again_for_the_next_request(self):
        for name in ("The Island Post", "The Valley Post"):
            make_publication(name=name)
            with frame.kept_by(HttpRequest()):
                assert paper.current().name == name

    def test_is_asked_of_whoever_keeps_it_between_requests(self, django_assert_num_queries):
        class Keeper:
            """Never hears of a change."""

            def __init__(self):
                self.kept = {}

            def made(self, name, keys, make):
                assert set(keys) == {"sections", "publication"}
                if name not in self.kept:
                    self.kept[name] = make()
                return self.kept[name]

        make_section("World")
        keeper = Keeper()
        with django_assert_num_queries(1):
            for _ in range(2):
                request = HttpRequest()
                request.META[KEEPER] = keeper
                with frame.kept_by(request):
                    assert [each.name for each in frame.current().sections] == ["World"]

    def test_is_looked_up_again_when_it_is_forgotten(self):
        request = HttpRequest()
        with frame.kept_by(request):
            assert not frame.current().sections
        make_section("World")
        frame.forget(request)
        with frame.kept_by(request):
            assert len(frame.current().sections) == 1
