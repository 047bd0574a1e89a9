"""The large paper: as much as was asked for, by the rules of the database, in an empty one only."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count

from articles.models import Article, Edition, Image, Section
from comments.models import ArticleCount, Comment, Decision, StatusCount
from newsroom import loadtest
from tests.factories import make_section

SIZE = loadtest.Size(articles=400, comments=3000, images=20)
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="Large papers are made on PostgreSQL only."
)


def definitions():
    """All constraints and indexes, as PostgreSQL writes them, and what it samples of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
            " UNION SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " UNION SELECT attrelid::regclass::text || attname, attstattarget::text"
            " FROM pg_attribute WHERE attnum > 0 AND attstattarget >= 0"
        )
        return {name: text.removesuffix(" NOT VALID") for name, text in cursor.fetchall()}


def contents():
    stories = Article.objects.order_by("pk").values_list("headline", "slug", "body", "revision")
    words = Comment.objects.order_by("pk").values_list("article", "name", "body", "status")
    return list(stories), list(words)


@on_postgresql
@pytest.mark.usefixtures("committed_db")
class TestLargePaper:
    def test_has_as_much_as_was_asked_for(self):
        call_command("loadtestdata", articles=400, comments=3000, images=20, verbosity=0)
        assert Article.objects.count() == 400
        assert Comment.objects.count() == 3000
        assert Image.objects.count() == 20
        states = {article.state for article in Article.objects.with_publication()}
        assert states == set(Article.State.values)
        assert Edition.objects.filter(number=2).exists()
        decided = Comment.objects.exclude(status="pending").count()
        assert Decision.objects.count() == decided

    def test_keeps_to_the_rules_of_the_database(self):
        before = definitions()
        loadtest.load(SIZE)
        assert definitions() == before
        with connection.cursor() as cursor:
            for name in ("comment_long_enough", "comment_short_enough"):
                cursor.execute(f"ALTER TABLE comments_comment VALIDATE CONSTRAINT {name}")
        shown = Comment.objects.filter(status="approved").values_list("article")
        assert dict(ArticleCount.objects.values_list("article", "approved")) == dict(
            shown.annotate(number=Count("pk"))
        )
        assert sum(StatusCount.objects.totals().values()) == 3000

    def test_is_proved_when_asked_to_be(self):
        loadtest.load(SIZE, is_proved=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_constraint WHERE NOT convalidated")
            assert cursor.fetchone() == (0,)

    def test_can_be_gone_on_with(self):
        loadtest.load(SIZE)
        section = make_section("Afterwards")
        assert Article.objects.create(section=section, headline="One more", slug="one-more").pk

    def test_is_the_same_again_from_the_same_seed(self):
        loadtest.load(SIZE, seed=7)
        first = contents()
        call_command("flush", interactive=False, verbosity=0)
        loadtest.load(SIZE, seed=7)
        assert contents() == first

    def test_is_not_put_beside_another(self):
        make_section("World")
        with pytest.raises(CommandError, match="a paper of its own"):
            call_command("loadtestdata", articles=400, comments=0, images=1, verbosity=0)
        assert list(Section.objects.values_list("name", flat=True)) == ["World"]

    def test_is_not_made_by_halves(self, monkeypatch):
        before = definitions()

        def fail(self):
            raise RuntimeError("no more")

        monkeypatch.setattr(loadtest._Maker, "_make_comments", fail)
        with pytest.raises(RuntimeError, match="no more"):
            loadtest.load(SIZE)
        assert not Article.objects.exists()
        assert definitions() == before


@pytest.mark.skipif(connection.vendor == "postgresql", reason="This is what others answer.")
@pytest.mark.django_db
def test_other_databases_are_refused():
    with pytest.raises(CommandError, match="needs PostgreSQL"):
        call_command("loadtestdata", verbosity=0)
