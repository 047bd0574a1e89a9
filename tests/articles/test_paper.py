"""What the paper says of itself, as articles and comments read it."""

import dataclasses

import pytest

from articles import paper
from articles.public import PublicRead, public_read


@pytest.fixture
def asked(monkeypatch):
    """Somebody who provides the paper, and counts how often they are asked."""
    monkeypatch.setattr(paper, "_source", paper.from_settings)
    calls = []

    def source():
        calls.append(1)
        return dataclasses.replace(paper.from_settings(), name=f"Number {len(calls)}")

    paper.provide(source)
    return calls


class TestThePaper:
    def test_is_what_the_settings_say_until_somebody_provides_it(self, settings, monkeypatch):
        monkeypatch.setattr(paper, "_source", paper.from_settings)
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

    def test_is_asked_for_once_for_a_public_page(self, asked):
        token = public_read.set(PublicRead())
        try:
            assert [paper.current().name, paper.current().name] == ["Number 1", "Number 1"]
        finally:
            public_read.reset(token)
        assert paper.current().name == "Number 2"
        assert len(asked) == 2

    def test_is_shown_as_another_one_for_a_while(self, asked):
        other = dataclasses.replace(paper.from_settings(), name="The Preview")
        with paper.shown_as(other):
            assert paper.current() is other
        assert paper.current().name == "Number 1"
