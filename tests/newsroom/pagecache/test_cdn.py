"""What a CDN is told: which pages to drop, again until it has, and how long it may keep one."""

import datetime
import json
import logging
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles import keys, publishing
from articles.models import Edition
from comments import moderation
from newsroom import background
from newsroom.pagecache import cdn, purge
from newsroom.pagecache.front import PageCache
from newsroom.pagecache.generations import HEARD, NEVER, slots_of
from newsroom.pagecache.store import Pages
from newsroom.worker import Worker
from tests.factories import (
    make_article,
    make_comment,
    make_editor,
    make_moderator,
    publish_article,
)

TOKEN = "Qm3vXs7Tb2Kd9Rf5Wn8J"
KINDS = list(cdn.ADAPTERS)
database = pytest.mark.django_db(transaction=True)


class Recorder(BaseHTTPRequestHandler):
    """A CDN that notes what it is asked, and answers as it was told to."""

    def _answer(self):
        server = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server.asked.append(
            SimpleNamespace(method=self.command, path=self.path, headers=self.headers, body=body)
        )
        status, headers, body = server.answers.pop(0) if server.answers else (200, {}, b"")
        if status is None:
            server.is_over.wait(5)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body or (b'{"success": true}' if status < 300 else b""))

    do_GET = do_POST = do_PURGE = do_BAN = _answer  # noqa: N815

    def log_message(self, *args):
        pass


class Clock:
    def __init__(self):
        self.now = timezone.now()

    def __call__(self):
        return self.now

    def pass_by(self, seconds):
        self.now += datetime.timedelta(seconds=seconds)


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        server.asked, server.answers, server.is_over = [], [], threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.is_over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def use(settings, server):
    """Have the site use that kind of CDN, at the recorder."""

    def use(kind):
        settings.CDN = kind
        settings.CDN_URL = [server.url]
        settings.CDN_SERVICE = "service/1"
        settings.CDN_TOKEN = TOKEN

    return use


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def worker(clock, monkeypatch):
    """A worker with that clock and no jobs."""
    monkeypatch.setattr(background, "_jobs", {})
    return Worker(clock=clock, chance=lambda: 0.0)


@pytest.fixture
def counters(tmp_path, settings, monkeypatch):
    """Counters of a machine of its own."""
    settings.PAGE_CACHE_FOLDER = tmp_path
    monkeypatch.setattr(purge, "_counters", None)
    yield purge.counters()
    monkeypatch.setattr(purge, "_counters", None)


def asked_keys(request):
    """The keys of a generic purge."""
    return set(request.headers["Surrogate-Key"].split())


def ask(*names):
    """Have these keys purged right away."""
    adapter = cdn.ADAPTERS[cdn.settings.CDN]
    cdn._send(adapter, adapter.request(cdn.settings.CDN_URL[0], list(names)))


class TestARequest:
    def test_to_varnish_with_xkey_names_the_keys_in_its_header(self, use, server):
        use("varnish-xkey")
        ask("article:4", "front")
        (request,) = server.asked
        assert (request.method, request.path) == ("PURGE", "/")
        assert request.headers["xkey-purge"] == "article:4 front"

    def test_to_varnish_with_bans_matches_whole_keys_alone(self, use, server):
        use("varnish-ban")
        ask("article:4", "front")
        (request,) = server.asked
        assert request.method == "BAN"
        expression = re.compile(request.headers["X-Ban-Key"])
        for header in ("article:4", "sections article:4 image:1", "image:1 front"):
            assert expression.search(header)
        for header in ("article:44", "article:4x sections", "section:4", "frontier"):
            assert not expression.search(header)

    def test_to_fastly_posts_the_keys_for_the_service(self, use, server):
        use("fastly")
        ask("article:4", "front")
        (request,) = server.asked
        assert (request.method, request.path) == ("POST", "/service/service%2F1/purge")
        assert request.headers["Fastly-key"] == TOKEN
        assert json.loads(request.body) == {"surrogate_keys": ["article:4", "front"]}

    def test_to_cloudflare_posts_the_tags_for_the_zone(self, use, server):
        use("cloudflare")
        ask("article:4", "front")
        (request,) = server.asked
        assert (request.method, request.path) == ("POST", "/zones/service%2F1/purge_cache")
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert json.loads(request.body) == {"tags": ["article:4", "front"]}

    def test_to_any_other_purges_its_address_with_the_keys(self, use, server):
        use("http")
        ask("article:4", "front")
        (request,) = server.asked
        assert (request.method, request.path) == ("PURGE", "/")
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert asked_keys(request) == {"article:4", "front"}

    def test_for_everything_is_one_that_needs_no_keys(self, use, server):
        for kind in KINDS:
            use(kind)
            ask(purge.EVERYTHING)
        xkey, ban, fastly, cloudflare, http = server.asked
        assert xkey.headers["xkey-purge"] == "*"
        assert re.search(ban.headers["X-Ban-Key"], "whatever")
        assert (fastly.method, fastly.path) == ("POST", "/service/service%2F1/purge_all")
        assert json.loads(cloudflare.body) == {"purge_everything": True}
        assert http.headers["Surrogate-Key"] == "*"

    def test_that_cloudflare_says_has_failed_has_failed(self, use, server):
        use("cloudflare")
        server.answers = [(200, {}, b'{"success": false}'), (200, {}, b"<html>")]
        for _ in range(2):
            with pytest.raises(cdn.Unpurged):
                ask("front")

    @pytest.mark.parametrize(
        ("said", "seconds"), [("7", 7), ("86400", 3600), ("", 0), ("soon", 0), ("-5", 0)]
    )
    def test_that_is_refused_says_for_how_long(self, use, server, said, seconds):
        use("http")
        server.answers = [(429, {"Retry-After": said}, b"")]
        with pytest.raises(cdn.Unpurged, match="429") as refused:
            ask("front")
        assert refused.value.retry_after == seconds

    def test_may_be_refused_until_a_date(self, use, server):
        use("http")
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=60)
        server.answers = [(503, {"Retry-After": f"{at:%a, %d %b %Y %H:%M:%S} GMT"}, b"")]
        with pytest.raises(cdn.Unpurged) as refused:
            ask("front")
        assert 55 < refused.value.retry_after <= 60

    def test_follows_nobody_to_another_place(self, use, server):
        use("http")
        server.answers = [(302, {"Location": f"{server.url}/elsewhere"}, b"")]
        with pytest.raises(cdn.Unpurged, match="302"):
            ask("front")
        assert len(server.asked) == 1


@database
@pytest.mark.usefixtures("committed_db", "counters")
class TestAChange:
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_purged_at_each_kind_of_cdn(self, use, server, worker, kind):
        use(kind)
        edition = publish_article()
        worker.run(once=True)
        (request,) = server.asked
        said = " ".join(request.headers.values()).replace("\\", "") + request.body.decode()
        for key in keys.touched_by(edition):
            assert key in said

    def test_by_approving_a_comment_purges_those_of_its_story_and_what_is_discussed(
        self, use, server, worker
    ):
        comment = make_comment()
        use("http")
        moderation.approve(comment, by=make_moderator())
        worker.run(once=True)
        (request,) = server.asked
        assert asked_keys(request) == {keys.comments(comment.article_id), "discussed"}

    def test_owes_a_purge_in_its_own_transaction(self, use):
        use("http")
        article, editor = make_article(), make_editor()
        DBTaskResult.objects.all().delete()
        with transaction.atomic():
            publishing.publish(article, by=editor)
            assert DBTaskResult.objects.count() == 1
            transaction.set_rollback(True)
        assert DBTaskResult.objects.count() == 0

    def test_owes_nothing_where_there_is_no_cdn(self):
        publish_article()
        assert DBTaskResult.objects.count() == 0

    def test_is_purged_together_with_others(self, use, server, worker):
        use("http")
        editions = [publish_article() for _ in range(5)]
        worker.run(once=True)
        (request,) = server.asked
        assert asked_keys(request) >= {keys.article(each.article_id) for each in editions}

    def test_is_purged_once_more_for_answers_on_their_way(self, use, server, worker, clock):
        use("http")
        publish_article()
        worker.run(once=True)
        worker.run(once=True)
        assert len(server.asked) == 1
        clock.pass_by(cdn.ECHO + 1)
        worker.run(once=True)
        clock.pass_by(cdn.ECHO + 1)
        worker.run(once=True)
        first, second = server.asked
        assert asked_keys(first) == asked_keys(second)

    def test_is_purged_at_each_of_several_machines(self, use, server, settings, worker):
        use("http")
        settings.CDN_URL = [f"{server.url}/one", f"{server.url}/two/"]
        publish_article()
        worker.run(once=True)
        assert [request.path for request in server.asked] == ["/one", "/two"]

    def test_owed_to_a_cdn_that_is_no_more_is_forgotten(self, use, server, settings, worker):
        use("http")
        publish_article()
        settings.CDN = cdn.NONE
        worker.run(once=True)
        assert server.asked == []
        assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL"}


@database
@pytest.mark.usefixtures("committed_db", "counters")
class TestManyKeys:
    @pytest.mark.parametrize("kind", KINDS)
    def test_are_sent_in_requests_as_large_as_the_cdn_takes(self, use, server, worker, kind):
        use(kind)
        limit = cdn.ADAPTERS[kind].limit
        assert limit <= {"fastly": 256, "cloudflare": 100}.get(kind, 1000)
        cdn.owe(f"article:{number}" for number in range(2 * limit + 1))
        worker.run(once=True)
        assert len(server.asked) == 3
        assert max(len(value) for each in server.asked for value in each.headers.values()) < 8000

    def test_go_on_where_they_were_refused(self, use, server, worker, clock):
        use("fastly")
        names = {f"article:{number}" for number in range(700)}
        cdn.owe(names)
        server.answers = [(200, {}, b""), (500, {}, b"")]
        worker.run(once=True)
        assert len(server.asked) == 2
        clock.pass_by(2)
        worker.run(once=True)
        sent = [json.loads(each.body)["surrogate_keys"] for each in server.asked]
        assert len(sent) == 4
        assert sent[1] == sent[2]
        assert sorted(sent[0] + sent[2] + sent[3]) == sorted(names)

    def test_are_no_longer_named_when_everything_goes(self, use, server, worker):
        use("http")
        cdn.owe(["article:1"])
        cdn.owe([purge.EVERYTHING])
        worker.run(once=True)
        (request,) = server.asked
        assert request.headers["Surrogate-Key"] == "*"


@database
@pytest.mark.usefixtures("committed_db", "counters")
class TestACdnThatFails:
    @pytest.mark.parametrize("status", [401, 429, 500, 503, 302])
    def test_is_asked_again_and_keeps_nobody_from_publishing(
        self, use, server, worker, clock, status
    ):
        use("http")
        server.answers = [(status, {}, b"")] * 3
        edition = publish_article()
        for wait in (1, 2, 4):
            worker.run(once=True)
            clock.pass_by(wait - 0.1)
            worker.run(once=True)
            clock.pass_by(0.1)
        worker.run(once=True)
        assert len(server.asked) == 4
        assert Edition.objects.live().filter(pk=edition.pk).exists()
        assert DBTaskResult.objects.filter(status="SUCCESSFUL").count() == 1

    def test_is_left_alone_for_as_long_as_it_asks(self, use, server, worker, clock):
        use("http")
        server.answers = [(429, {"Retry-After": "30"}, b"")]
        cdn.owe(["front"])
        worker.run(once=True)
        clock.pass_by(29)
        worker.run(once=True)
        assert len(server.asked) == 1
        clock.pass_by(1)
        worker.run(once=True)
        assert len(server.asked) > 1

    def test_by_not_answering_is_not_waited_for_long(self, use, server, worker, clock, monkeypatch):
        use("http")
        monkeypatch.setattr(cdn, "TIME_OUT", 0.2)
        server.answers = [(None, {}, b"")]
        cdn.owe(["front"])
        began = time.monotonic()
        worker.run(once=True)
        assert time.monotonic() - began < 4
        clock.pass_by(1)
        worker.run(once=True)
        assert len(server.asked) == 2
        assert DBTaskResult.objects.filter(status="SUCCESSFUL").exists()

    def test_by_not_being_there_is_asked_again(self, use, server, settings, worker, clock):
        use("http")
        settings.CDN_URL = ["http://127.0.0.1:1"]
        cdn.owe(["front"])
        worker.run(once=True)
        assert "didn't answer" in DBTaskResult.objects.get().traceback
        settings.CDN_URL = [server.url]
        clock.pass_by(1)
        worker.run(once=True)
        assert len(server.asked) == 1

    def test_gets_what_it_missed_with_the_next_change(self, use, server, worker):
        use("http")
        server.answers = [(500, {}, b"")]
        cdn.owe(["article:1"])
        worker.run(once=True)
        cdn.owe(["article:2"])
        worker.run(once=True)
        assert asked_keys(server.asked[1]) == {"article:1", "article:2"}
        assert DBTaskResult.objects.filter(status="READY").count() == 1  # The repetition.

    def test_for_good_is_an_error_in_the_log(self, use, server, worker, clock, caplog):
        use("http")
        attempts = cdn._RETRY.attempts
        server.answers = [(500, {}, b"")] * attempts
        cdn.owe(["front"])
        for _ in range(attempts):
            worker.run(once=True)
            clock.pass_by(cdn._RETRY.cap)
        worker.run(once=True)
        assert len(server.asked) == attempts
        assert [each.levelno for each in caplog.records].count(logging.ERROR) == 1
        assert DBTaskResult.objects.get().status == "FAILED"

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("token", [TOKEN, f"{TOKEN}\nX: y", f"{TOKEN}\u2026"])
    def test_learns_the_token_and_no_log_does(
        self, use, server, settings, worker, caplog, kind, token
    ):
        caplog.set_level(logging.DEBUG)
        use(kind)
        settings.CDN_TOKEN = token
        server.answers = [(403, {}, b"")]
        cdn.owe(["front"])
        worker.run(once=True)
        row = DBTaskResult.objects.get()
        assert row.exception_class_path == "newsroom.pagecache.cdn.Unpurged"
        assert TOKEN not in caplog.text
        assert TOKEN not in row.traceback + json.dumps(row.args_kwargs)


@database
@pytest.mark.usefixtures("committed_db", "counters")
class TestTheClock:
    @pytest.fixture
    def turn(self, use, clock, monkeypatch, server):
        """Let a worker with nothing but this job look, and tell what it purged."""
        path = cdn.purge_turned.module_path
        job = background._jobs[path]
        monkeypatch.setattr(background, "_jobs", {path: job})
        use("http")
        worker = Worker(clock=clock)

        def turn():
            del server.asked[:]
            worker.run(once=True)
            return set().union(*map(asked_keys, server.asked))

        return turn

    def test_purges_what_a_scheduled_story_changes_when_it_appears(self, turn, clock):
        at = clock.now + datetime.timedelta(minutes=10)
        article = make_article()
        publishing.schedule(article, by=make_editor(), at=at)
        turn()
        clock.pass_by(595)
        turn()
        clock.pass_by(cdn.LOOK + 1)
        assert turn() >= {keys.article(article.pk), keys.FRONT}

    def test_purges_what_a_withdrawn_story_changes_when_it_vanishes(self, turn, clock):
        edition = publish_article()
        at = clock.now + datetime.timedelta(minutes=10)
        publishing.withdraw(edition.article, by=make_editor(), at=at)
        turn()
        clock.pass_by(595)
        turn()
        clock.pass_by(cdn.LOOK + 1)
        assert turn() >= set(keys.touched_by(edition))

    def test_purges_what_it_missed_while_there_was_no_worker(self, turn, clock):
        at = clock.now + datetime.timedelta(minutes=1)
        article = make_article()
        publishing.schedule(article, by=make_editor(), at=at)
        turn()
        clock.pass_by(1800)
        assert keys.article(article.pk) in turn()

    def test_purges_nothing_that_has_expired_meanwhile(self, turn, clock):
        at = clock.now + datetime.timedelta(minutes=1)
        publishing.schedule(make_article(), by=make_editor(), at=at)
        turn()
        clock.pass_by(cdn.ECHO + 5)
        turn()
        clock.pass_by(86_400)
        assert turn() == set()

    def test_is_not_looked_at_where_there_is_no_cdn(self, turn, settings):
        settings.CDN = cdn.NONE
        turn()
        assert DBTaskResult.objects.count() == 0


class TestHowLongACdnMayKeepAPage:
    def test_is_as_long_as_the_settings_say(self, settings):
        settings.CDN_MAX_AGE = 600
        said = cdn.surrogate_control(NEVER)
        assert said == "max-age=600, stale-while-revalidate=60, stale-if-error=86400"

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [
            (599.9, "max-age=599, stale-while-revalidate=0"),
            (620, "max-age=600, stale-while-revalidate=20"),
            (0.5, "max-age=0, stale-while-revalidate=0"),
            (-5, "max-age=0, stale-while-revalidate=0"),
        ],
    )
    def test_ends_before_the_clock_changes_a_page(self, settings, seconds, said):
        settings.CDN_MAX_AGE = 600
        assert cdn.surrogate_control(int(seconds * 1e6)).startswith(said)


class Paper:
    """An application with a page."""

    def __init__(self):
        self.status = "200 OK"
        self.headers = [
            ("Content-Type", "text/html"),
            ("Cache-Control", "public"),
            ("Surrogate-Key", "front article:4"),
        ]
        self.meanwhile = lambda: None

    def __call__(self, environ, start_response):
        self.meanwhile()
        start_response(self.status, list(self.headers))
        return [b"A page"]


class TestSurrogateControl:
    @pytest.fixture
    def paper(self):
        return Paper()

    @pytest.fixture(autouse=True)
    def _cdn(self, settings, counters):
        settings.CDN, settings.CDN_MAX_AGE = "fastly", 600
        settings.PAGE_CACHE_LISTEN = False
        counters.turn(NEVER, 1, [], counters.announced)

    def headers(self, application, **environ):
        setup_testing_defaults(environ)
        found = {}

        def start(status, headers, *error):
            found.update(headers)

        list(cdn.SurrogateControl(application)(environ, start))
        return found

    def test_is_said_of_pages_that_name_their_keys(self, paper):
        assert self.headers(paper)["Surrogate-Control"].startswith("max-age=600,")

    def test_leaves_to_browsers_what_was_theirs(self, paper):
        assert self.headers(paper)["Cache-Control"] == "public"

    def test_is_not_said_of_others(self, paper):
        paper.headers = [("Cache-Control", "private, no-store")]
        assert self.headers(paper) == dict(paper.headers)

    def test_is_not_said_of_answers_to_changes(self, paper):
        assert "Surrogate-Control" not in self.headers(paper, REQUEST_METHOD="POST")

    def test_repeats_the_keys_in_the_words_of_cloudflare(self, paper, settings):
        settings.CDN = "cloudflare"
        said = self.headers(paper)
        assert said["Cache-Tag"] == "front,article:4"
        assert said["Cloudflare-CDN-Cache-Control"] == said["Surrogate-Control"]

    def test_ends_at_the_next_boundary(self, paper, counters):
        counters.expect(time.time_ns() // 1000 + 100_900_000)
        assert self.headers(paper)["Surrogate-Control"].startswith("max-age=100,")

    def test_allows_nothing_when_the_clock_has_changed_pages_meanwhile(self, paper, counters):
        counters.expect(time.time_ns() // 1000 + 100_000)

        def turn():
            time.sleep(0.15)
            counters.turn(NEVER, time.time_ns() // 1000, ["front"], counters.announced)

        paper.meanwhile = turn
        assert self.headers(paper)["Surrogate-Control"].startswith("max-age=0,")

    @pytest.mark.parametrize("silence", [1, 60])
    def test_allows_nothing_while_other_machines_can_not_be_heard(
        self, paper, counters, settings, monkeypatch, silence
    ):
        settings.PAGE_CACHE_SILENCE = 5
        monkeypatch.setattr(cdn, "is_shared", lambda: True)
        counters.words[HEARD] = time.time_ns() // 1000 - silence * 1_000_000
        max_age = 600 if silence < 5 else 0
        assert self.headers(paper)["Surrogate-Control"].startswith(f"max-age={max_age},")

    def test_speaks_as_of_now_of_a_page_that_was_kept(self, paper, counters):
        cache = PageCache(paper, Site(), counters, pages=Pages(1_000_000))
        boundary = time.time_ns() // 1000 + 10_500_000
        self.headers(cache)
        counters.expect(boundary)
        said = self.headers(cache)
        assert said["Cache-Status"].endswith("hit")
        assert said["Surrogate-Control"].startswith("max-age=10,")
        etag = said["ETag"]
        not_modified = self.headers(cache, HTTP_IF_NONE_MATCH=etag)
        assert not_modified["Surrogate-Control"].startswith("max-age=10,")

    def test_lets_no_cdn_keep_the_last_good_copy_of_a_page_that_fails(self, paper, counters):
        cache = PageCache(paper, Site(), counters, pages=Pages(1_000_000))
        self.headers(cache)
        counters.touch(["front"])
        paper.status = "500 Internal Server Error"
        said = self.headers(cache)
        assert "stale" in said["Cache-Status"]
        assert said["Surrogate-Control"].startswith("max-age=0,")

    @database
    @pytest.mark.usefixtures("committed_db")
    def test_asks_the_database_where_there_is_no_page_cache(self, paper, settings):
        settings.PAGE_CACHE_MB = 0
        assert self.headers(paper)["Surrogate-Control"].startswith("max-age=600,")
        at = timezone.now() + datetime.timedelta(seconds=300)
        publishing.schedule(make_article(), by=make_editor(), at=at)
        max_age = int(re.search(r"max-age=(\d+)", self.headers(paper)["Surrogate-Control"])[1])
        assert 290 < max_age < 300

    def test_allows_nothing_while_the_database_is_away(self, paper, settings, monkeypatch):
        settings.PAGE_CACHE_MB = 0

        def fail(since, until):
            raise OperationalError

        monkeypatch.setattr(purge, "turned", fail)
        assert self.headers(paper)["Surrogate-Control"].startswith("max-age=0,")


class Site:
    session_cookie = "sessionid"
    private_paths = ()
    secure_mark = None

    def query_of(self, path):
        return frozenset()

    def part_path(self, name):
        return None

    def turned(self, since, until):
        return [], None

    def listens(self):
        return None


@database
class TestThePurgeCommand:
    def test_makes_pages_stale_here_and_at_the_cdn(self, use, server, worker, counters):
        use("http")
        before = counters.sequence
        call_command("purge", "article:4", "front")
        assert not counters.is_fresh(before, slots_of(["article:4"]))
        assert counters.is_fresh(before, slots_of(["article:5"]))
        worker.run(once=True)
        assert asked_keys(server.asked[0]) == {"article:4", "front"}

    def test_makes_everything_stale(self, use, server, worker, counters):
        use("http")
        before = counters.sequence
        call_command("purge", "--all")
        assert not counters.is_fresh(before, slots_of(["article:5"]))
        worker.run(once=True)
        assert asked_keys(server.asked[0]) == {"*"}

    def test_tells_the_other_machines(self, counters, monkeypatch):
        told = []
        monkeypatch.setattr(purge, "tell_others", lambda keys, *more: told.append(list(keys)))
        call_command("purge", "front")
        call_command("purge", "--all")
        assert told == [["front"], [purge.EVERYTHING]]

    @pytest.mark.parametrize("words", [[], ["front", "--all"], ["two words"], ["a,b"], ["\n"]])
    def test_refuses_what_means_nothing(self, words):
        with pytest.raises(CommandError):
            call_command("purge", *words)


class TestSettings:
    @pytest.fixture(autouse=True)
    def _good(self, settings):
        settings.CDN_URL, settings.CDN_SERVICE = ["http://127.0.0.1:6081"], "service"
        settings.CDN_TOKEN = TOKEN

    def found(self):
        return {each.id for each in run_checks() if each.id.startswith("newsroom.E01")}

    @pytest.mark.parametrize("kind", [cdn.NONE, *KINDS])
    def test_that_are_complete_pass(self, settings, kind):
        settings.CDN = kind
        assert self.found() == set()

    def test_must_name_a_known_cdn(self, settings):
        settings.CDN = "akamai"
        assert self.found() == {"newsroom.E010"}

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("varnish-xkey", "CDN_URL"),
            ("varnish-ban", "CDN_URL"),
            ("http", "CDN_URL"),
            ("fastly", "CDN_SERVICE"),
            ("fastly", "CDN_TOKEN"),
            ("cloudflare", "CDN_SERVICE"),
            ("cloudflare", "CDN_TOKEN"),
        ],
    )
    def test_must_hold_what_the_cdn_needs(self, settings, kind, name):
        settings.CDN = kind
        setattr(settings, name, type(getattr(settings, name))())
        assert self.found() == {"newsroom.E011"}

    @pytest.mark.parametrize(
        "url",
        ["10.0.0.5:6081", "ftp://cdn", "http://", "http://a:b@cdn", "http://cdn:x", "http://a b"],
    )
    def test_must_hold_an_address_without_secrets(self, settings, url):
        settings.CDN, settings.CDN_URL = "http", [url]
        assert self.found() == {"newsroom.E012"}

    @pytest.mark.parametrize("token", ["two words", "a\nb", "a\u2026"])
    def test_must_hold_a_token_that_can_be_sent(self, settings, token):
        settings.CDN, settings.CDN_TOKEN = "fastly", token
        assert self.found() == {"newsroom.E013"}

    def test_must_let_a_page_live(self, settings):
        settings.CDN, settings.CDN_MAX_AGE = "fastly", 0
        assert self.found() == {"newsroom.E014"}
