"""Parts of pages that are kept: exactly as long as nothing that they show is different."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from articles.models import Section
from tests.factories import make_image, make_section, publish_article

pytestmark = pytest.mark.django_db


def card(edition, counts=None, options=""):
    template = Template("{% load articles %}{% card edition counts " + options + " %}")
    return template.render(Context({"edition": edition, "counts": counts}))


@pytest.fixture
def edition():
    return publish_article(
        section=make_section("World"),
        short_title="Ferry & bridge",
        standfirst="All year round.",
        lead_image=make_image(),
    )


class TestCards:
    def test_say_what_a_list_says_of_a_story(self, edition):
        html = card(edition, {edition.article_id: 2}, "kicker=True picture='river' deck=True")
        assert f'<h3><a href="{edition.get_absolute_url()}">Ferry &amp; bridge</a></h3>' in html
        assert '<a href="/world/">World</a>' in html
        assert "All year round." in html
        assert "2 comments" in html
        assert "<picture>" in html
        assert "<time" not in html

    def test_say_no_more_than_they_are_asked_for(self, edition):
        html = card(edition)
        for part in ("World", "All year round.", "comment", "<picture>", "<time"):
            assert part not in html

    def test_have_the_heading_and_the_class_that_they_are_given(self, edition):
        html = card(edition, options="level=2 size='card--l' when=True")
        assert html.startswith('<article class="card card--l"')
        assert "<h2>" in html
        assert "<time" in html

    def test_follow_every_change_of_what_they_show(self, edition):
        options = "kicker=True picture='top' deck=True when=True"
        seen = {card(edition, {}, options)}
        seen.add(card(edition, {edition.article_id: 1}, options))
        seen.add(card(edition, {edition.article_id: 2}, options))
        for name, value in {
            "short_title": "Another",
            "standfirst": "Other words.",
            "reading_minutes": 17,
            "lead_image_alt": "A bridge",
        }.items():
            setattr(edition, name, value)
            seen.add(card(edition, {}, options))
        edition.section.name = "Abroad"
        seen.add(card(edition, {}, options))
        edition.section.accent = Section.Accent.SPORT
        seen.add(card(edition, {}, options))
        edition.lead_image = None
        seen.add(card(edition, {}, options))
        assert len(seen) == 10

    def test_are_in_the_language_of_the_page(self, edition):
        english = card(edition)
        with translation.override("de"):
            assert card(edition, options="when=True") != card(edition)
        assert card(edition) == english


class TestKeptParts:
    def render(self, facts, **context):
        source = "{% load articles %}{% keep " + facts + " %}{{ name }}{{ other }}{% endkeep %}"
        template = self.templates.setdefault(source, Template(source))
        return template.render(Context(context))

    def setup_method(self):
        self.templates = {}

    def test_are_rendered_once_for_the_same_facts(self):
        assert self.render("name", name="a", other="b") == "ab"
        assert self.render("name", name="a", other="c") == "ab"
        assert self.render("name", name="d", other="e") == "de"

    def test_are_rendered_for_each_language(self):
        assert self.render("name", name="a", other="b") == "ab"
        with translation.override("de"):
            assert self.render("name", name="a", other="c") == "ac"

    def test_tell_a_missing_fact_from_others(self):
        assert self.render("name", other="b") == "b"
        assert self.render("name", name="a", other="c") == "ac"

    def test_are_few(self):
        for number in range(1200):
            self.render("name", name=str(number))
        (template,) = self.templates.values()
        (node,) = [node for node in template.nodelist if hasattr(node, "_kept")]
        assert len(node._kept) <= node.LENGTH

    def test_are_not_kept_while_templates_are_worked_on(self, settings):
        settings.DEBUG = True
        assert self.render("name", name="a", other="b") == "ab"
        assert self.render("name", name="a", other="c") == "ac"

    def test_hold_no_blocks(self):
        with pytest.raises(TemplateSyntaxError):
            Template("{% load articles %}{% keep %}{% block a %}{% endblock %}{% endkeep %}")
