import datetime

import pytest

from articles.checklist import check
from tests.factories import make_agency, make_article, make_author, make_image

pytestmark = pytest.mark.django_db


def fields(article, *, blocking):
    return [item.field for item in check(article) if item.blocks is blocking]


class TestChecklist:
    def test_finds_nothing_on_a_complete_story(self):
        article = make_article(authors=[make_author()], lead_image=make_image())
        assert check(article) == []

    def test_blocks_a_story_without_text_or_address(self):
        article = make_article(headline=" ", slug="", body="<p></p><p>&nbsp;</p>")
        assert fields(article, blocking=True) == ["headline", "slug", "body"]

    def test_blocks_a_picture_without_a_description(self):
        article = make_article(agency=make_agency(), lead_image=make_image(alt=" "))
        assert fields(article, blocking=True) == ["lead_image"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"standfirst": ""}, "standfirst"),
            ({"summary": " "}, "summary"),
            ({"key_points": []}, "key_points"),
            ({"pull_quote": "“No”"}, "pull_quote_attribution"),
            ({"pull_quote_attribution": "Mira Holt"}, "pull_quote"),
            ({"dateline_date": datetime.date(2026, 1, 8)}, "dateline_place"),
            ({"headline": "A headline that goes on " * 6}, "headline"),
        ],
    )
    def test_warns_of_what_readers_would_miss(self, change, field):
        article = make_article(**{"agency": make_agency(), **change})
        assert fields(article, blocking=False) == [field]

    def test_warns_of_a_story_that_nobody_signs(self):
        assert fields(make_article(), blocking=False) == ["bylines"]
