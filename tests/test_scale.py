"""Every page of a large paper is read from indexes, whichever way it is asked for."""

import datetime
import json
import re
from collections import Counter
from importlib import import_module
from itertools import count
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Edition
from articles.prepared import PlanKeepingCursor
from bench import scale
from comments.models import Comment, StatusCount
from newsroom import loadtest

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("real_sitemap"),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="How queries are carried out is PostgreSQL's."
    ),
]

ARTICLES = 100_000
#: Those that grow with the paper.
LARGE = {
    "articles_article",
    "articles_article_topics",
    "articles_byline",
    "articles_edition",
    "articles_edition_topics",
    "articles_image",
    "articles_listing",
    "articles_publicationevent",
    "articles_searchdocument",
    "comments_articlecount",
    "comments_comment",
    "comments_decision",
    "django_admin_log",
}
#: The most rows that may be sorted or hashed, and the most blocks of 8 kB that one query may look
#: at. What needs most is a search in the newest 5,000 live stories, each of which is looked up.
SORTED = 6_000
BLOCKS = 25_000


@pytest.fixture(scope="module")
def paper(django_db_setup, django_db_blocker):
    """A large paper, made once for all tests here; most of its stories are short."""
    with django_db_blocker.unblock():
        size = loadtest.Size(ARTICLES, 500_000, 30_000, full_stories=1000)
        loadtest.load(size)
        yield
        call_command("flush", interactive=False, verbosity=0)
        # Emptying the tables takes the groups along that migrations made.
        for migration in (
            "articles.migrations.0002_editors",
            "articles.migrations.0011_curators",
            "comments.migrations.0002_moderators",
        ):
            import_module(migration).make_group(apps, SimpleNamespace(connection=connection))


@pytest.fixture(scope="module")
def numbers(paper, django_db_blocker):
    """How many stories are in each state, looked at one by one."""
    with django_db_blocker.unblock():
        stories = Article.objects.with_publication().only("pk")
        return Counter(str(article.state) for article in stories)


@pytest.fixture(scope="module")
def words(paper, django_db_blocker):
    """What is searched of each story, with its key and section, in the list's order."""
    with django_db_blocker.unblock():
        rows = Article.objects.order_by("-updated_at", "-pk").values_list(
            "headline", "short_title", "slug", "pk", "section"
        )
        return [(" ".join(row[:3]).upper(), *row[3:]) for row in rows]


@pytest.fixture(scope="module")
def held(words):
    """How many stories hold some letters."""
    letters = Counter()
    for text, _pk, _of in words[::10]:
        letters.update({text[at : at + 3] for at in range(len(text) - 2)})
    return {each: 10 * number for each, number in letters.items() if each.isalpha()}


@pytest.fixture
def desk(paper, client):
    client.force_login(User.objects.get(username=loadtest.LOGIN))
    return client


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def complaints(plan):
    """What of a plan takes longer in a larger paper."""
    for node in nodes(plan):
        kind, table = node["Node Type"], node.get("Relation Name")
        if "Seq Scan" in kind and table in LARGE:
            yield f"reads all of {table}"
        if kind in {"Sort", "Hash", "Aggregate", "Materialize"}:
            taken = max((inner["Plan Rows"] for inner in node.get("Plans", [])), default=0)
            # Counting a few groups in the order of an index is no aggregation of everything.
            if taken > SORTED and node.get("Strategy") != "Sorted":
                yield f"{kind} of {taken} rows"
    if blocks(plan) > BLOCKS:
        yield f"looks at {blocks(plan)} blocks"


def prepared(cursor, sql, params):
    """What executes the query by a plan that is the same for all values, as it is kept."""
    numbers = count(1)
    sql = re.sub("%s|%%", lambda place: "%" if place[0] == "%%" else f"${next(numbers)}", sql)
    cursor.execute("DEALLOCATE ALL")
    cursor.execute("SET plan_cache_mode = force_generic_plan")
    cursor.execute(f"PREPARE kept AS {sql}")
    if not params:
        return "EXECUTE kept"
    return cursor.mogrify(f"EXECUTE kept ({', '.join(['%s'] * len(params))})", params)


def plans_of(visit):
    """Each query of a visit with its plan."""
    found = []

    def explain(execute, sql, params, many, context):
        verb = sql.lstrip("( ").partition(" ")[0]
        if verb in {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"} and not many:
            # What is carried out must change nothing.
            only_reads = verb == "SELECT" or sql.startswith("WITH RECURSIVE")
            how = "ANALYZE, BUFFERS, " if only_reads else ""
            with connection.connection.cursor() as cursor:
                if isinstance(context["cursor"].cursor, PlanKeepingCursor):
                    cursor.execute(f"EXPLAIN ({how}FORMAT JSON) {prepared(cursor, sql, params)}")
                else:
                    cursor.execute(f"EXPLAIN ({how}FORMAT JSON) {sql}", params)
                (answer,) = cursor.fetchone()
            plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
            found.append((sql, plan))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        visit()
    return found


def complaints_of(visit):
    return [f"{said}: {sql}" for sql, plan in plans_of(visit) for said in complaints(plan)]


def blocks(plan):
    """How many blocks a query has looked at."""
    return plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)


def most_blocks(visit):
    return max(blocks(plan) for _sql, plan in plans_of(visit))


class TestPlans:
    def test_of_all_pages_lists_and_desks_read_no_table_through(self, paper):
        found = {name: complaints_of(visit) for name, visit in scale.plan().items()}
        assert {name: said for name, said in found.items() if said} == {}

    def test_are_looked_at_closely_enough_to_notice(self, paper):
        everything = complaints_of(lambda: list(Comment.objects.filter(body__contains="q")[:1]))
        assert any("reads all of comments_comment" in each for each in everything)
        disorder = complaints_of(lambda: list(Article.objects.order_by("headline")[:1]))
        assert any(each.startswith("Sort of") for each in disorder)


class TestLongLists:
    LIST = reverse("admin:articles_article_changelist")

    def found(self, desk, **query):
        return desk.get(self.LIST, query).context["cl"]

    def test_say_about_how_long_they_are(self, desk):
        found = self.found(desk)
        assert found.result_count == pytest.approx(ARTICLES, rel=0.1)
        assert str(found.paginator.amount).startswith("about 1")

    def test_end_with_the_oldest(self, desk):
        last = self.found(desk, p=self.found(desk).paginator.num_pages).result_list
        oldest = Article.objects.order_by("updated_at", "pk").values_list("pk", flat=True)[:50]
        assert [article.pk for article in last] == list(oldest)[::-1]

    def test_go_on_where_the_page_before_ended(self, desk):
        pages = [self.found(desk, p=number).result_list for number in (4, 5, 6)]
        newest = Article.objects.order_by("-updated_at", "-pk").values_list("pk", flat=True)
        assert [article.pk for page in pages for article in page] == list(newest[150:300])

    @pytest.mark.parametrize("state", Article.State.values)
    def test_hold_the_stories_in_a_state_and_no_others(self, desk, numbers, state):
        found = self.found(desk, state=state)
        assert {article.state for article in found.result_list} == {state}
        assert len(found.result_list) == 50
        assert found.result_count == pytest.approx(numbers[state], rel=0.1, abs=10)

    def test_leave_no_withdrawn_story_out(self, desk, numbers):
        pages = self.found(desk, state="withdrawn").paginator.num_pages
        shown = {
            article.pk
            for number in range(1, pages + 1)
            for article in self.found(desk, state="withdrawn", p=number).result_list
        }
        assert len(shown) == numbers["withdrawn"] > 200

    def test_find_the_middle_of_a_word(self, desk):
        article = Article.objects.get(pk=70_000)
        word = max(article.headline.split(), key=len)
        found = self.found(desk, q=f"{article.headline[:30]} {word[1:-1].upper()}")
        assert article in found.result_list

    def test_find_short_words_among_the_newest(self, desk):
        Article.objects.filter(pk=ARTICLES - 200).update(headline="EU")
        assert ARTICLES - 200 in {article.pk for article in self.found(desk, q="eu").result_list}


class TestSearchAtTheDesk:
    """Letters that many stories hold, and letters that few do: the newest of all, in order."""

    LIST = reverse("admin:articles_article_changelist")

    def pages(self, desk, **query):
        page = desk.get(self.LIST, query).context["cl"]
        pages = range(1, page.paginator.num_pages + 1)
        shown = [desk.get(self.LIST, {**query, "p": number}).context["cl"] for number in pages]
        return [article.pk for each in shown for article in each.result_list]

    # Two of a thousand are few, and so looked up at once; a fifth are found among the very newest.
    @pytest.mark.parametrize("number", [200, 700, 1500, 3000, 20_000])
    def test_finds_the_newest_and_reads_no_more_for_more(self, desk, words, held, number):
        letters = min(held, key=lambda each: abs(held[each] - number))
        expected = [pk for text, pk, _of in words if letters in text][:200]
        assert self.pages(desk, q=letters.lower()) == expected
        assert most_blocks(lambda: desk.get(self.LIST, {"q": letters})) < 2_500

    def test_goes_back_to_the_oldest_for_what_is_rare(self, desk, words, held):
        # Both are common, but hardly ever together.
        first, second = sorted(held, key=lambda each: abs(held[each] - 3000))[:2]
        expected = [pk for text, pk, _of in words if first in text and second in text]
        assert self.pages(desk, q=f"{first} {second}") == expected[:200]
        assert min(expected) < ARTICLES / 5

    def test_keeps_to_a_section(self, desk, words, held):
        letters = min(held, key=lambda each: abs(held[each] - 3000))
        section = words[0][2]
        expected = [pk for text, pk, of in words if letters in text and of == section]
        assert self.pages(desk, q=letters, section__id__exact=section) == expected[:200]

    def test_keeps_to_what_is_live(self, desk, words, held):
        letters = min(held, key=lambda each: abs(held[each] - 3000))
        found = self.pages(desk, q=letters, state="live")
        live = set(Edition.objects.live().values_list("article", flat=True))
        assert found == [pk for text, pk, _of in words if letters in text and pk in live][:200]
        assert most_blocks(lambda: desk.get(self.LIST, {"q": letters, "state": "live"})) < 10_000

    @pytest.mark.parametrize("letters", ["zz", "ka"])
    def test_looks_for_two_letters_in_the_newest_alone(self, desk, words, letters):
        expected = [pk for text, pk, _of in words[:5000] if letters.upper() in text][:200]
        assert self.pages(desk, q=letters) == expected
        for query in ({}, {"state": "live"}, {"state": "withdrawn"}):
            plans = plans_of(lambda query=query: desk.get(self.LIST, {"q": letters, **query}))
            # The index of three letters each would be read whole for two.
            assert not [plan for _sql, plan in plans if "article_words" in json.dumps(plan)]
            assert not [said for _sql, plan in plans for said in complaints(plan)]


class TestCommentQueue:
    QUEUE = reverse("admin:comments_comment_changelist")

    def names(self, desk, **query):
        return [comment.name for comment in desk.get(self.QUEUE, query).context["cl"].result_list]

    def test_counts_every_comment(self, desk):
        tabs = {tab["value"]: tab["number"] for tab in desk.get(self.QUEUE).context["tabs"]}
        assert sum(tabs.values()) == 500_000
        assert tabs["pending"] == loadtest.PENDING
        assert tabs == StatusCount.objects.totals()

    def test_finds_old_comments_by_the_whole_name(self, desk):
        old = Comment.objects.approved()[10]
        Comment.objects.filter(pk=old.pk).update(name="Zoë Quist")
        assert self.names(desk, status="approved", q="zoë quist") == ["Zoë Quist"]
        assert self.names(desk, status="approved", q="quist") == []

    def test_reads_of_a_frequent_writer_no_more_than_it_shows(self, desk):
        names = Counter(Comment.objects.approved().values_list("name", flat=True)[:50_000])
        (name, _number), *_others = names.most_common(1)
        newest = Comment.objects.approved().order_by("-created_at", "-pk").filter(name=name)
        assert len(newest) > 1000
        query = {"status": "approved", "q": name.lower()}
        shown = desk.get(self.QUEUE, query).context["cl"]
        assert [comment.pk for comment in shown.result_list] == [each.pk for each in newest[:25]]
        assert shown.result_count == 200
        # What words are looked for in, of which some lie beside one another.
        assert most_blocks(lambda: desk.get(self.QUEUE, query)) < 3_500

    def test_finds_new_comments_by_any_word(self, desk):
        new = Comment.objects.approved().reverse()[10]
        Comment.objects.filter(pk=new.pk).update(name="Zoë Quist")
        assert self.names(desk, status="approved", q="quist") == ["Zoë Quist"]


class TestPublicPages:
    def test_list_the_files_of_the_sitemap_with_a_look_at_each(self, paper):
        page = Client().get("/sitemap.xml")
        assert page.content.count(b"/sitemaps/stories-") == ARTICLES // 1000
        # Down the index of articles to an edition.
        assert most_blocks(lambda: Client().get("/sitemap.xml")) < 10 * ARTICLES // 1000

    def test_of_the_archive_look_once_for_each_span(self, paper):
        month = timezone.localdate().replace(day=1) - datetime.timedelta(days=1)
        for path in ("/archive/", f"/{month.year}/", f"/{month.year}/{month.month:02}/"):
            plans = plans_of(lambda path=path: Client().get(path))
            assert [1 for sql, _plan in plans if "VALUES" in sql]
            assert max(blocks(plan) for sql, plan in plans if "VALUES" in sql) < 300

    def test_show_what_is_live(self, paper):
        page = Client().get("/")
        newest = Edition.objects.live().newest_first()[0]
        assert newest.short_title in page.content.decode()
        assert newest.first_published_at <= timezone.now()
