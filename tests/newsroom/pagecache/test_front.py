"""The page cache around a plain WSGI application that counts how often it is asked."""

import gzip
import itertools
import re
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.keeping import KEEPER
from articles.marks import WHOLE_PARTS
from newsroom.pagecache import ahead, front, metrics, store
from newsroom.pagecache.front import PageCache, as_anybody, key_of, normalised, path_in, query_in
from newsroom.pagecache.generations import HEARD, NEVER, Generations
from newsroom.pagecache.metrics import Metrics
from newsroom.pagecache.shelf import Shelf
from newsroom.pagecache.store import Pages

HOST = "paper.example"
ROOT = Path(__file__).resolve().parents[3]


class Paper:
    """An application whose pages say how often they were rendered, and what was asked."""

    def __init__(self):
        self.rendered = 0
        self.status = 200
        self.keys = "front"
        self.headers = []
        self.environ = {}
        self.cache_control = "public, max-age=0"
        self.body = b"<p>page %d</p>" + b"<p>Some words that can be compressed.</p>" * 20
        self.meanwhile = lambda: None
        self.closed = 0

    def __call__(self, environ, start_response):
        self.rendered += 1
        self.environ = environ
        body = self.body.replace(b"%d", b"%d" % self.rendered)
        self.meanwhile()
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", self.cache_control),
            ("Content-Length", str(len(body))),
            *self.headers,
        ]
        if self.keys:
            headers.append(("Surrogate-Key", self.keys))
        start_response(f"{self.status} {HTTPStatus(self.status).phrase}", headers)
        return self.Chunks(self, [body])

    class Chunks(list):
        def __init__(self, paper, chunks):
            super().__init__(chunks)
            self.paper = paper

        def close(self):
            self.paper.closed += 1


class KeyedPaper(Paper):
    """Each of its pages is made from its own path alone."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def __call__(self, environ, start_response):
        self.keys = environ["PATH_INFO"]
        self.asked.append(self.keys)
        return super().__call__(environ, start_response)


class Site:
    session_cookie = "sessionid"
    private_paths = ("/admin/",)
    secure_mark = None

    def __init__(self):
        self.asked = []
        self.clock = ([], None)
        self.silence = None
        self.parts = {}

    def query_of(self, path):
        return {"/search/": frozenset({"q", "page"}), "/private/": None}.get(path, frozenset())

    def part_path(self, name):
        return self.parts.get(name)

    def turned(self, since, until):
        self.asked.append((since, until))
        if isinstance(self.clock, Exception):
            raise self.clock
        return self.clock

    def listens(self):
        return self.silence


class Answer:
    def __init__(self, status, headers, body):
        self.status = int(status.split()[0])
        self.headers = dict(headers)
        self.body = body

    @property
    def mark(self):
        return self.headers.get("Cache-Status", "")

    @property
    def is_hit(self):
        return self.mark == "newsroom; hit"


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def counters(tmp_path):
    return Generations(tmp_path)


@pytest.fixture
def cache(paper, site, counters, tmp_path):
    return PageCache(
        paper,
        site,
        counters,
        pages=Pages(1_000_000),
        counters=Metrics(tmp_path, counters.owner),
    )


@pytest.fixture
def get(cache):
    def get(path="/", *, method="GET", query="", host=HOST, of=None, **headers):
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": host,
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        setup_testing_defaults(environ)
        started = []
        chunks = (of or cache)(environ, lambda *arguments: started.extend(arguments))
        body = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return Answer(started[0], started[1], body)

    return get


class TestAHit:
    def test_asks_the_application_once(self, get, paper):
        first, second = get(), get()
        assert paper.rendered == 1
        assert first.body == second.body
        assert first.mark == "newsroom; fwd=miss; stored"
        assert second.is_hit

    def test_ends_the_rendering_properly(self, get, paper):
        get()
        assert paper.closed == 1

    @pytest.mark.parametrize("accepted", ["gzip", "br", "gzip, deflate, br, zstd", "", "identity"])
    def test_has_one_body_in_every_coding(self, get, accepted):
        plain = get()
        coded = get(accept_encoding=accepted)
        coding = coded.headers.get("Content-Encoding", "")
        decode = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}[coding]
        assert bool(coding) == ("gzip" in accepted or "br" in accepted)
        assert decode(coded.body) == plain.body
        assert coded.headers["Content-Length"] == str(len(coded.body))
        assert coded.headers["Vary"] == "Accept-Encoding"

    def test_compresses_once(self, get, monkeypatch):
        compressed = []
        compress = store.pack
        monkeypatch.setattr(store, "pack", lambda body: compressed.append(1) or compress(body))
        for _number in range(3):
            get(accept_encoding="br")
        assert len(compressed) == 1

    def test_leaves_very_short_bodies_plain(self, get, paper):
        paper.body = b"short"
        assert "Content-Encoding" not in get(accept_encoding="br").headers

    def test_answers_head_without_a_body(self, get, paper):
        whole = get()
        head = get(method="HEAD")
        assert head.body == b""
        assert head.headers["Content-Length"] == str(len(whole.body))
        assert paper.rendered == 1

    def test_can_come_from_a_head_request(self, get, paper):
        head = get(method="HEAD")
        assert (head.body, get().body) != (b"", b"")
        assert paper.rendered == 1

    def test_gives_the_server_a_list_of_its_own(self, get, cache):
        get().headers.clear()
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": HOST}
        setup_testing_defaults(environ)
        cache(environ, lambda status, headers: headers.append(("Set-Cookie", "theirs")))
        assert "Set-Cookie" not in get().headers

    def test_keeps_found_withdrawn_and_missing_pages(self, get, paper):
        for number, status in enumerate((200, 410, 404)):
            paper.status = status
            get(f"/{number}/")
            again = get(f"/{number}/")
            assert again.status == status
            assert again.is_hit


class TestAConditionalRequest:
    def test_is_told_when_nothing_changed(self, get):
        etag = get().headers["ETag"]
        answer = get(if_none_match=etag)
        assert answer.status == 304
        assert answer.body == b""
        assert answer.headers["ETag"] == etag
        assert answer.headers["Surrogate-Key"] == "front"
        assert "Content-Length" not in answer.headers

    @pytest.mark.parametrize("accepted", ["br", "gzip"])
    def test_may_know_the_page_in_another_coding(self, get, accepted):
        etag = get(accept_encoding=accepted).headers["ETag"]
        assert get(if_none_match=f'W/{etag}, "x"').status == 304
        assert etag != get().headers["ETag"]

    def test_gets_the_page_when_it_changed(self, get, counters):
        etag = get().headers["ETag"]
        counters.touch(["front"])
        answer = get(if_none_match=etag)
        assert answer.status == 200
        assert answer.headers["ETag"] != etag

    def test_never_hides_that_a_page_is_missing(self, get, paper):
        paper.status = 404
        etag = get().headers["ETag"]
        assert get(if_none_match=etag).status == 404

    def test_is_no_reason_for_the_application_to_say_304(self, get, paper):
        get(if_none_match='"anything"')
        assert "HTTP_IF_NONE_MATCH" not in paper.environ


class TestADatedPage:
    """What says when it was made is asked for by that date, as feed readers do."""

    @pytest.fixture
    def clock(self, monkeypatch):
        now = [1_800_000_000.4]
        monkeypatch.setattr(front, "time", lambda: now[0])
        return now

    @pytest.fixture(autouse=True)
    def dated(self, paper, clock):
        paper.headers = [("Last-Modified", formatdate(clock[0], usegmt=True))]

    def test_has_no_date_in_the_second_in_which_it_was_made(self, get, clock):
        assert "Last-Modified" not in get("/").headers
        clock[0] += 0.5
        assert "Last-Modified" not in get("/").headers
        clock[0] += 0.5
        assert get("/").headers["Last-Modified"] == formatdate(1_800_000_000, usegmt=True)

    def test_is_not_sent_again(self, get, clock):
        get("/")
        clock[0] += 1
        date = get("/").headers["Last-Modified"]
        answer = get("/", if_modified_since=date)
        assert answer.status == 304
        assert answer.body == b""
        assert answer.headers["Last-Modified"] == date

    @pytest.mark.parametrize("seconds", [-1, 1, 86_400])
    def test_is_sent_for_any_other_date(self, get, clock, seconds):
        get("/")
        clock[0] += 1
        date = formatdate(1_800_000_000 + seconds, usegmt=True)
        assert get("/", if_modified_since=date).status == 200

    def test_is_sent_when_the_tag_is_another(self, get, clock):
        get("/")
        clock[0] += 1
        date = get("/").headers["Last-Modified"]
        answer = get("/", if_modified_since=date, if_none_match='"another"')
        assert answer.status == 200

    def test_is_sent_when_it_changed_within_the_second_in_which_it_was_made(
        self, get, clock, counters
    ):
        get("/")
        clock[0] += 0.2
        counters.touch(["front"])
        get("/")
        clock[0] += 1
        # Nobody was told the date of the first, so who has it holds the second.
        date = get("/").headers["Last-Modified"]
        assert get("/", if_modified_since=date).status == 304

    def test_keeps_its_date_on_the_shelf(self, get, cache, clock, tmp_path):
        cache.shelf = Shelf(tmp_path, "test", budget=10_000_000)
        get("/")
        cache.pages.clear()
        clock[0] += 1
        answer = get("/")
        assert answer.is_hit
        assert answer.headers["Last-Modified"] == formatdate(1_800_000_000, usegmt=True)


class TestATouchedPage:
    def test_is_rendered_again(self, get, paper, counters):
        get()
        counters.touch(["front"])
        assert b"page 2" in get().body
        assert b"page 2" in get().body
        assert paper.rendered == 2

    def test_is_not_rendered_for_a_key_that_is_not_its_own(self, get, paper, counters):
        get()
        counters.touch(["article:9"])
        assert get().is_hit

    def test_while_it_is_rendered_is_rendered_again(self, get, paper, counters):
        paper.meanwhile = lambda: counters.touch(["front"])
        get()
        paper.meanwhile = lambda: None
        assert b"page 2" in get().body

    def test_is_never_kept_while_a_change_is_open(self, get, counters):
        change = counters.open(["front"])
        get()
        assert b"page 2" in get().body
        change.close()
        assert b"page 3" in get().body
        assert get().is_hit

    def test_recovers_when_the_changer_died(self, get, counters, tmp_path):
        script = (
            "import os, sys; from pathlib import Path;"
            "from newsroom.pagecache.generations import Generations;"
            "change = Generations(Path(sys.argv[1])).open(['front']);"
            "os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False)
        get()
        get()
        get()
        assert get().is_hit


class TestWhatPagesHaveInCommon:
    """What the cache keeps for the application between its pages."""

    @pytest.fixture
    def paper(self):
        class Common(Paper):
            def __call__(self, environ, start_response):
                keeper = environ.get(KEEPER)
                number = self.rendered + 1
                said = keeper.made("common", ["front"], lambda: number) if keeper else "nothing"
                self.body = f"<p>page %d has {said} of page</p>".encode()
                return super().__call__(environ, start_response)

        return Common()

    def test_is_made_once(self, get):
        assert b"page 1 has 1 of" in get("/a/").body
        assert b"page 2 has 1 of" in get("/b/").body

    def test_is_made_again_when_it_is_touched(self, get, counters):
        get("/a/")
        counters.touch(["front"])
        assert b"page 2 has 2 of" in get("/b/").body

    def test_is_not_kept_while_other_machines_can_not_be_heard(self, get, site, counters):
        site.silence = 3600.0
        counters.words[HEARD] = 0
        assert b"page 1 has nothing of" in get("/a/").body

    def test_is_not_for_requests_that_are_somebodys_own(self, get):
        assert b"has nothing of" in get("/a/", cookie="sessionid=x").body
        assert b"has nothing of" in get("/a/", method="POST").body

    def test_is_forgotten_with_the_counters(self, site, paper, get, tmp_path, monkeypatch):
        first, second = Generations(tmp_path / "a"), Generations(tmp_path / "b")
        cache = PageCache(paper, site, first, pages=Pages(1_000_000), renew=lambda: (second, None))
        get("/a/", of=cache)
        first.path.unlink()
        cache._wake = 0.0
        assert b"page 2 has 2 of" in get("/b/", of=cache).body


class TestTheClock:
    def test_is_looked_at_before_the_first_page(self, get, site):
        get()
        assert len(site.asked) == 1
        get()
        assert len(site.asked) == 1

    def test_makes_pages_stale_at_a_boundary(self, get, site, counters, monkeypatch):
        get()
        soon = time.time_ns() // 1000 + 30_000
        counters.expect(soon)
        assert get().is_hit
        site.clock = (["front"], None)
        time.sleep(0.04)
        assert b"page 2" in get().body
        assert site.asked[-1][1] >= soon
        assert counters.boundary == NEVER

    def test_leaves_other_pages_alone_at_a_boundary(self, get, site, counters):
        get()
        counters.expect(time.time_ns() // 1000 - 1)
        site.clock = (["section:7"], None)
        assert get().is_hit

    def test_that_can_not_be_looked_up_makes_no_page_look_fresh(self, get, site, counters, paper):
        get()
        counters.expect(time.time_ns() // 1000 - 1)
        site.clock = RuntimeError("no database")
        paper.status = 503
        answer = get()
        assert answer.status == 200
        assert "stale" in answer.mark


class TestADatabaseThatIsAwayAndSlowToSaySo:
    """Each question takes its time to fail: one thread asks, the others don't wait for it."""

    def ask_in_threads(self, get, number=4):
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(get())) for _number in range(number)
        ]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers, time.monotonic() - began

    def test_keeps_one_thread_busy_when_a_boundary_has_passed(
        self, get, cache, site, counters, monkeypatch
    ):
        get()
        counters.expect(time.time_ns() // 1000 - 1)
        asked = []

        def turned(since, until):
            asked.append(until)
            time.sleep(0.3)
            raise RuntimeError("no database")

        site.turned = turned
        assert "stale" in get().mark
        assert "stale" in get().mark
        assert len(asked) == 1
        monkeypatch.setattr(cache, "_retry_at", 0.0)
        answers, took = self.ask_in_threads(get)
        assert all("stale" in answer.mark for answer in answers)
        assert len(asked) == 2
        assert took < 0.6

    def test_heals_once_the_boundary_can_be_looked_up(
        self, get, cache, site, counters, monkeypatch
    ):
        get()
        counters.expect(time.time_ns() // 1000 - 1)
        site.clock = RuntimeError("no database")
        assert "stale" in get().mark
        site.clock = ([], None)
        monkeypatch.setattr(cache, "_retry_at", 0.0)
        assert get().is_hit

    def test_keeps_one_thread_busy_when_a_page_is_stale(
        self, get, cache, paper, counters, monkeypatch
    ):
        get("/a/")
        get()
        counters.touch(["front"])
        paper.status = 503
        get("/a/")
        monkeypatch.setattr(cache, "_retry_at", 0.0)
        rendered = paper.rendered
        paper.meanwhile = lambda: time.sleep(0.2)
        for path in ("/a/", "/"):
            monkeypatch.setattr(cache.pages.by_key[path], "retry_at", 0.0)
        other = threading.Thread(target=lambda: get("/a/"))
        other.start()
        time.sleep(0.05)
        answers, took = self.ask_in_threads(get)
        other.join()
        assert all("stale" in answer.mark for answer in answers)
        assert paper.rendered == rendered + 1
        assert took < 0.15


class TestOtherMachines:
    def test_that_can_be_heard_change_nothing(self, get, site, counters):
        site.silence = 5
        counters.words[HEARD] = time.time_ns() // 1000
        get()
        assert get().is_hit

    def test_that_can_not_be_heard_make_old_pages_stale(self, get, cache, site, counters):
        site.silence = 0.05
        counters.words[HEARD] = time.time_ns() // 1000 - 10_000_000
        get()
        assert get().is_hit
        time.sleep(0.06)
        assert b"page 2" in get().body

    def test_that_stay_silent_are_not_trusted_for_a_moment_at_each_look(
        self, paper, site, counters, get
    ):
        """Other threads may send a page just then."""
        trusted = []

        class Watched(PageCache):
            def __setattr__(self, name, value):
                super().__setattr__(name, value)
                if name == "_good_for":
                    trusted.append(value)

        site.silence = 5.0
        counters.words[HEARD] = 0
        cache = Watched(paper, site, counters, pages=Pages(1_000_000))
        get(of=cache)
        del trusted[:]
        for _look in range(2):
            cache._wake = 0.0
            get(of=cache)
        assert trusted == [5.0, 5.0]

    @pytest.mark.parametrize(("age", "is_good"), [(4.5, False), (3.5, True)])
    def test_that_fell_silent_leave_no_page_that_may_show_what_was_kept_before(
        self, get, cache, site, counters, age, is_good
    ):
        """Such a page is as old as the last word, not as its rendering."""
        site.silence = 5.0
        counters.words[HEARD] = time.time_ns() // 1000
        get()
        now = time.time()
        cache.pages.by_key["/"].rendered_at = now - age
        counters.words[HEARD] = int((now - 6) * 1e6)
        cache._wake = 0.0
        assert get().is_hit == is_good


class TestWhenRenderingFails:
    @pytest.mark.parametrize("status", [500, 503])
    def test_the_last_good_copy_is_sent(self, get, paper, counters, status):
        good = get()
        counters.touch(["front"])
        paper.status = status
        answer = get()
        assert answer.status == 200
        assert answer.body == good.body
        assert answer.mark == "newsroom; fwd=stale; detail=stale-if-error"

    def test_an_exception_is_no_different(self, get, paper, counters):
        good = get()
        counters.touch(["front"])

        def fail():
            raise RuntimeError("broken")

        paper.meanwhile = fail
        assert get().body == good.body

    def test_a_page_without_a_copy_says_so(self, get, paper):
        paper.status = 503
        assert get().status == 503

    def test_it_is_tried_again_after_a_while(self, get, paper, counters, monkeypatch):
        get()
        counters.touch(["front"])
        paper.status = 500
        get()
        tries = paper.rendered
        get()
        assert paper.rendered == tries
        monkeypatch.setattr(front, "time", lambda: time.time() + 2)
        paper.status = 200
        assert b"page" in get().body
        assert paper.rendered == tries + 1
        assert get().is_hit

    def test_a_database_that_is_away_is_found_out_once_for_all_pages(self, get, paper, counters):
        get("/a/")
        get("/b/")
        counters.touch(["front"])
        paper.status = 503
        get("/a/")
        tries = paper.rendered
        assert get("/b/").status == 200
        assert paper.rendered == tries

    def test_a_copy_of_yesterday_is_too_old(self, get, paper, counters, monkeypatch):
        get()
        counters.touch(["front"])
        paper.status = 500
        get()
        monkeypatch.setattr(front, "time", lambda: time.time() + front.STALE_IF_ERROR + 5)
        assert get().status == 500


class TestManyAtOnce:
    def test_wait_for_one_rendering(self, get, paper, cache):
        get("/other/")
        paper.meanwhile = lambda: time.sleep(0.1)
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(get("/"))) for _number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert paper.rendered == 2
        assert len({answer.body for answer in answers}) == 1
        assert cache.count[metrics.COALESCED] == 7

    def test_do_not_take_a_rendering_that_began_before_a_change(self, get, paper, counters):
        get("/other/")
        is_rendering, may_end = threading.Event(), threading.Event()

        def hold():
            is_rendering.set()
            may_end.wait(5)

        paper.meanwhile = hold
        first = threading.Thread(target=get)
        first.start()
        is_rendering.wait(5)
        counters.touch(["front"])
        paper.meanwhile = lambda: None
        answers = []
        second = threading.Thread(target=lambda: answers.append(get()))
        second.start()
        time.sleep(0.05)
        may_end.set()
        first.join()
        second.join()
        assert b"page 3" in answers[0].body

    def test_do_not_wait_for_ever(self, get, paper, monkeypatch):
        get("/other/")
        monkeypatch.setattr(front, "PATIENCE", 0.05)
        is_rendering, may_end = threading.Event(), threading.Event()

        def hold():
            is_rendering.set()
            may_end.wait(5)

        paper.meanwhile = hold
        first = threading.Thread(target=get)
        first.start()
        is_rendering.wait(5)
        paper.meanwhile = lambda: None
        assert get().status == 200
        may_end.set()
        first.join()


class TestWhatIsNoneOfItsBusiness:
    @pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
    def test_other_methods(self, get, paper, method):
        get(method=method)
        get(method=method)
        assert paper.rendered == 2

    def test_a_session(self, get, paper):
        get()
        assert get(cookie="a=b; sessionid=x").mark == ""
        assert paper.environ["HTTP_COOKIE"] == "a=b; sessionid=x"

    def test_other_cookies_make_no_difference(self, get):
        get()
        assert get(cookie="_ga=1").is_hit

    @pytest.mark.parametrize("path", ["/admin/", "/private/"])
    def test_private_paths(self, get, paper, path):
        get(path)
        get(path)
        assert paper.rendered == 2

    def test_plain_requests_to_a_secure_site(self, get, paper, site):
        site.secure_mark = ("HTTP_X_FORWARDED_PROTO", "https")
        get(x_forwarded_proto="https")
        assert get(x_forwarded_proto="https").is_hit
        assert get().mark == ""

    @pytest.mark.parametrize(
        "header",
        [("Set-Cookie", "a=b"), ("Vary", "Cookie"), ("Vary", "*"), ("Content-Encoding", "gzip")],
    )
    def test_answers_that_are_somebodys_own(self, get, paper, header):
        paper.headers = [header]
        get()
        get()
        assert paper.rendered == 2

    def test_answers_that_may_not_be_kept(self, get, paper):
        paper.cache_control = "private, no-store"
        get()
        get()
        assert paper.rendered == 2

    def test_answers_that_name_no_keys(self, get, paper):
        paper.keys = ""
        get()
        get()
        assert paper.rendered == 2

    @pytest.mark.parametrize("status", [301, 400, 403, 500])
    def test_other_statuses(self, get, paper, status):
        paper.status = status
        assert get().status == status
        get()
        assert paper.rendered == 2

    def test_hosts_that_the_application_has_not_accepted(self, get, paper):
        get()
        paper.status = 400
        assert get(host="evil.example").status == 400
        assert get().is_hit
        assert get(host="evil.example").status == 400


class TestAddresses:
    def test_junk_in_the_query_is_the_same_page(self, get, paper):
        get()
        assert get(query="utm_source=mail&fbclid=1").is_hit
        assert paper.rendered == 1

    def test_junk_never_reaches_the_application(self, get, paper):
        get(query="utm_source=mail")
        assert paper.environ["QUERY_STRING"] == ""
        assert get().is_hit

    def test_known_parameters_are_pages_of_their_own(self, get, paper):
        get("/search/", query="q=ferry")
        assert paper.environ["QUERY_STRING"] == "q=ferry"
        assert get("/search/", query="utm=1&q=ferry").is_hit
        get("/search/", query="q=bridge")
        assert paper.rendered == 2

    def test_the_order_of_parameters_makes_no_difference(self, get, paper):
        get("/search/", query="q=ferry&page=2")
        assert get("/search/", query="page=2&q=ferry").is_hit

    @given(st.text(max_size=20), st.text(max_size=20))
    def test_can_be_told_from_the_key(self, path, value):
        query = normalised(urlencode({"q": value}), frozenset({"q"}))
        key = key_of(f"/{path}", query)
        assert (path_in(key), query_in(key)) == (f"/{path}", query)
        assert (path_in(f"/{path}"), query_in(f"/{path}")) == (f"/{path}", "")

    def test_a_question_mark_in_the_path_is_no_query(self, get, paper):
        """Else an address like /search/%3Fq=ferry could put a page in the place of another."""
        get("/search/?q=ferry")
        assert not get("/search/", query="q=ferry").is_hit
        assert paper.environ["QUERY_STRING"] == "q=ferry"

    def test_a_very_long_query_is_left_to_the_application(self, get, paper):
        get("/search/", query="q=" + "a" * 600)
        assert paper.environ["QUERY_STRING"].startswith("q=aaa")
        get("/search/", query="q=" + "a" * 600)
        assert paper.rendered == 2

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_normalising_twice_changes_nothing(self, value, junk):
        query = urlencode([("junk", junk), ("q", value), ("page", "2")])
        once = normalised(query, frozenset({"q", "page"}))
        assert query_in(key_of("/a/?b/", once)) == once
        assert normalised(once, frozenset({"q", "page"})) == once
        assert "junk" not in once

    def test_many_missing_ones_do_not_push_out_the_paper(self, get, paper, cache):
        get()
        paper.status = 404
        for number in range(3000):
            get(f"/missing-{number}/")
        assert cache.pages.size <= cache.pages.budget
        assert get().is_hit

    def test_readers_can_not_be_told_apart(self):
        environ = {
            "HTTP_HOST": HOST,
            "HTTP_COOKIE": "a=b",
            "HTTP_ACCEPT_LANGUAGE": "hi",
            "HTTP_X_FORWARDED_PROTO": "https",
            "wsgi.url_scheme": "https",
            "QUERY_STRING": "q=1",
        }
        assert as_anybody(environ, "") == {
            "HTTP_HOST": HOST,
            "HTTP_X_FORWARDED_PROTO": "https",
            "wsgi.url_scheme": "https",
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": "",
            WHOLE_PARTS: True,
        }


class TestSharedParts:
    """What several pages show alike is exchanged without asking the application."""

    @pytest.fixture(autouse=True)
    def with_a_shared_part(self, paper):
        paper.body = (
            b"<p>page %d</p><!--shared:section:3--><p>newest %d</p><!--/shared--><p>end</p>"
            + b"<p>words</p>" * 30
        )
        paper.keys = "article:1 section:3"

    def test_come_from_whichever_page_was_rendered_last(self, get, paper, counters):
        get("/one/")
        paper.keys = "article:2 section:3"
        get("/two/")
        counters.touch(["section:3"])
        assert b"newest 3" in get("/two/").body
        answer = get("/one/")
        assert paper.rendered == 3
        assert b"<p>page 1</p>" in answer.body
        assert b"newest 3" in answer.body
        assert answer.is_hit
        assert answer.headers["Content-Length"] == str(len(answer.body))

    def test_change_the_etag(self, get, paper, counters):
        etag = get("/one/").headers["ETag"]
        paper.keys = "article:2 section:3"
        get("/two/")
        counters.touch(["section:3"])
        get("/two/")
        assert get("/one/", if_none_match=etag).status == 200

    def test_give_the_same_page_in_other_bytes_another_etag(self):
        body = " ".join(str(number * number) for number in range(900)).encode()
        pages = [
            store.Page("/", "200 OK", [], body, keys=(), parts=(), rendered_at=0.0, packed=packed)
            for packed in (None, store.pack(body, store._SPLICED_QUALITY))
        ]
        sent = [
            [
                (dict(headers)["ETag"], chunks)
                for headers, chunks, _headers in map(page.variant, range(3))
            ]
            for page in pages
        ]
        assert sent[0][: store.BROTLI] == sent[1][: store.BROTLI]
        (one, its_bytes), (other, others_bytes) = sent[0][store.BROTLI], sent[1][store.BROTLI]
        assert its_bytes != others_bytes
        assert one != other
        assert pages[0].etag == pages[1].etag
        assert pages[0].etag in one
        assert pages[0].etag in other

    def test_are_no_help_when_the_page_itself_changed(self, get, paper, counters):
        get("/one/")
        counters.touch(["section:3", "article:1"])
        assert b"page 2" in get("/one/").body

    def test_are_not_taken_from_before_the_change(self, get, paper, counters):
        get("/one/")
        get("/two/")
        counters.touch(["section:3"])
        assert b"newest 3" in get("/one/").body

    def test_of_a_page_rendered_during_a_change_are_not_taken(self, get, paper, counters):
        get("/one/")
        change = counters.open(["section:3"])
        get("/two/")
        assert not get("/one/").is_hit
        change.close()
        assert not get("/one/").is_hit

    def test_are_exchanged_again_after_the_next_change(self, get, paper, counters):
        get("/one/")
        paper.keys = "article:2 section:3"
        for number in range(3):
            counters.touch(["section:3"])
            get("/two/")
            assert b"newest %d" % (number + 2) in get("/one/").body


class TestLinesForOtherPages:
    """A shared part may name what pages are about: each shows all lines but its own."""

    @pytest.fixture(autouse=True)
    def with_lines(self, paper):
        lines = b"".join(
            b"<!--elsewhere:article:%d--><li>story %d</li><!--/elsewhere-->" % (pk, pk)
            for pk in (1, 2, 12)
        )
        paper.body = (
            b"<p>page %d</p><!--shared:section:3--><h2>newest %d</h2>"
            + lines
            + b"<!--/shared-->"
            + b"<p>words</p>" * 30
        )

    def ask(self, get, paper, pk):
        paper.keys = f"article:{pk} section:3"
        return get(f"/{pk}/")

    def test_are_left_out_of_the_page_that_they_are_about(self, get, paper):
        first, second = self.ask(get, paper, 1).body, self.ask(get, paper, 2).body
        assert b"story 1<" not in first
        assert b"story 2<" not in second
        for body in (first, second):
            assert b"story 12<" in body
            assert b"elsewhere" not in body

    def test_come_back_in_what_other_pages_take_over(self, get, paper, counters):
        for pk in (1, 2, 12, 99):
            self.ask(get, paper, pk)
        counters.touch(["section:3"])
        assert not self.ask(get, paper, 2).is_hit
        for pk in (1, 2, 12, 99):
            answer = self.ask(get, paper, pk)
            assert answer.is_hit
            assert b"newest 5" in answer.body
            for other in (1, 2, 12):
                assert (b"story %d<" % other in answer.body) == (other != pk)
            assert b"elsewhere" not in answer.body


class TestPartsWithAnAddress:
    """Where a shared part alone is stale, that alone is rendered."""

    @pytest.fixture(autouse=True)
    def with_a_shared_part(self, paper, site):
        words = b"<p>words</p>" * 30
        paper.body = (
            b"<p>page %d</p><!--shared:topic:1+topic:5--><p>newest %d</p><!--/shared-->" + words
        )
        paper.keys = "article:1 topic:1 topic:5"
        site.parts = {"topic:1+topic:5": "/parts/topic:1+topic:5/"}

    def after(self, paper, counters, *keys, **answer):
        """The keys change, and whatever is rendered from now on is answered like this."""
        counters.touch(keys)
        for name, value in answer.items():
            setattr(paper, name, value)

    @pytest.mark.parametrize("key", ["topic:1", "topic:5"])
    def test_come_from_there_when_one_of_their_keys_is_touched(self, get, paper, counters, key):
        get("/one/")
        part = b"<!--shared:topic:1+topic:5--><p>newest %d</p><!--/shared-->" + b" " * 300
        self.after(paper, counters, key, body=part)
        answer = get("/one/")
        assert paper.environ["PATH_INFO"] == "/parts/topic:1+topic:5/"
        assert paper.environ["QUERY_STRING"] == ""
        assert b"<p>page 1</p>" in answer.body
        assert b"newest 2" in answer.body
        assert answer.is_hit
        assert get("/one/").is_hit
        assert paper.rendered == 2

    def test_are_rendered_with_the_page_when_it_changed_as_well(self, get, paper, counters):
        get("/one/")
        self.after(paper, counters, "topic:1", "article:1")
        assert b"<p>page 2</p>" in get("/one/").body
        assert paper.rendered == 2

    @pytest.mark.parametrize(
        "answer", [{"status": 404}, {"status": 503}, {"keys": ""}, {"cache_control": "no-store"}]
    )
    def test_that_are_not_answered_leave_the_page_to_be_rendered(
        self, get, paper, counters, monkeypatch, answer
    ):
        get("/one/")
        was = {name: getattr(paper, name) for name in answer}

        def recover():
            if paper.environ["PATH_INFO"].startswith("/parts/"):
                for name, value in was.items():
                    setattr(paper, name, value)

        self.after(paper, counters, "topic:1", **answer)
        # Its own answer is on the way by then.
        paper.meanwhile = recover
        assert b"<p>page" in get("/one/").body
        paper.meanwhile = lambda: None
        counters.touch(["topic:1"])
        assert get("/one/").status == 200

    def test_that_fail_leave_the_page_to_be_rendered(self, get, paper, counters):
        get("/one/")

        def fail():
            if paper.environ["PATH_INFO"].startswith("/parts/"):
                raise RuntimeError

        self.after(paper, counters, "topic:1", meanwhile=fail)
        assert b"<p>page 3</p>" in get("/one/").body

    def test_touched_while_they_are_rendered_are_not_taken(self, get, paper, counters):
        get("/one/")
        self.after(paper, counters, "topic:1", meanwhile=lambda: counters.touch(["topic:5"]))
        answer = get("/one/")
        assert not answer.is_hit


def line(pk, at=0):
    return b"<!--elsewhere:article:%d@%d-%d--><li>story %d</li><!--/elsewhere-->" % (pk, at, pk, pk)


class TestPartsAtHand:
    def test_take_no_more_than_their_share(self, get, paper, cache, monkeypatch):
        monkeypatch.setattr(front, "_SHARED_BYTES", 3000)
        for pk in range(20):
            paper.body = b"<!--shared:section:%d-->%s<!--/shared-->" % (pk, b"x" * 500)
            paper.keys = f"article:{pk} section:{pk}"
            get(f"/{pk}/")
            get(f"/again/{pk}/")
        assert list(cache._shared) == [b"section:17", b"section:18", b"section:19"]
        assert cache._shared_size == 3 * 900


class TestMarks:
    def test_in_what_is_no_html_are_words(self, get, paper, counters):
        paper.body = b"<p>page</p><!--shared:section:3--><p>newest</p><!--/shared-->" + b" " * 300
        paper.keys = "article:1 section:3"
        get("/story/")
        words = b'{"by": "<!--shared:section:3--><script>alert(1)</script><!--/shared-->"}'
        page, shared = store.make(
            "/feed.json",
            "200 OK",
            [("Content-Type", "application/feed+json"), ("Surrogate-Key", "article:1 section:3")],
            words,
            sequence=1,
            rendered_at=0.0,
        )
        assert shared == {}
        assert page.body == words
        assert len(page.parts) == 1


class TestComposedParts:
    """A list of the lines that most of several parts have, each of which is asked for alone."""

    TOPICS: ClassVar = {"topic:1": (1, 2, 3), "topic:5": (3, 2, 4)}

    @pytest.fixture(autouse=True)
    def with_topics(self, paper, site):
        self.topics = dict(self.TOPICS)
        site.parts = {name: f"/parts/{name}/" for name in self.topics}
        self.asked = []
        turn = threading.Lock()

        def call(environ, start_response):
            with turn:
                self.asked.append(environ["PATH_INFO"])
                answer(environ["PATH_INFO"])
                return paper(environ, start_response)

        def answer(path):
            name = path.removeprefix("/parts/").rstrip("/")
            if name in self.topics:
                content = b"<ul>" + b"".join(map(line, self.topics[name])) + b"</ul>"
                marks = b"<!--shared:%b-->%b<!--/shared-->" % (name.encode(), content)
                paper.body, paper.keys = marks + b" " * 300, name
            else:
                pk = int(path.strip("/"))
                # As the view finds them.
                lines = b"".join(map(line, (3, 2)))
                marks = b"<!--composed:2:topic:1+topic:5--><ul>%b</ul><!--/composed-->" % lines
                paper.body = b"<p>page</p>" + marks + b"<p>words</p>" * 30
                paper.keys = f"article:{pk} topic:1 topic:5"

        self.call = call

    @pytest.fixture
    def cache(self, site, counters, tmp_path):
        return PageCache(self.call, site, counters, pages=Pages(1_000_000))

    def shown(self, get, pk, **options):
        answer = get(f"/{pk}/", **options)
        assert b"elsewhere" not in answer.body
        return answer.is_hit, [int(found) for found in re.findall(rb"story (\d+)", answer.body)]

    def test_leave_out_the_pages_own_line(self, get):
        assert self.shown(get, 2) == (False, [3])
        assert self.shown(get, 9) == (False, [3, 2])

    def test_have_the_lines_that_most_parts_have_the_newest_first(self, get, counters):
        self.shown(get, 9)
        self.shown(get, 3)
        counters.touch(["topic:5"])
        self.topics["topic:5"] = (4, 2, 1)
        assert self.shown(get, 9) == (True, [2, 1])
        assert self.shown(get, 3) == (True, [2, 1])
        assert self.asked[2:] == ["/parts/topic:1/", "/parts/topic:5/"]

    def test_ask_again_for_what_was_touched_alone(self, get, counters):
        self.shown(get, 9)
        counters.touch(["topic:5"])
        self.shown(get, 9)
        counters.touch(["topic:1"])
        self.topics["topic:1"] = (4,)
        assert self.shown(get, 9) == (True, [4, 3])
        assert self.asked[1:] == ["/parts/topic:1/", "/parts/topic:5/", "/parts/topic:1/"]

    def test_are_empty_where_no_line_is_left(self, get, counters):
        self.shown(get, 9)
        counters.touch(["topic:1", "topic:5"])
        self.topics = {"topic:1": (9,), "topic:5": ()}
        answer = get("/9/")
        assert answer.is_hit
        assert b"<ul>" not in answer.body
        counters.touch(["topic:5"])
        self.topics["topic:5"] = (4,)
        assert self.shown(get, 9) == (True, [4])

    def test_beside_a_part_that_is_fresh_leave_it_as_it_is(self, get, paper, site, counters):
        site.parts["section:3"] = "/parts/section:3/"
        answer = self.call

        def call(environ, start_response):
            chunks = answer(environ, start_response)
            if environ["PATH_INFO"] != "/9/":
                return chunks
            section = b"<!--shared:section:3--><p>newest</p><!--/shared-->"
            return [section + b"".join(chunks)]

        cache = PageCache(call, site, counters, pages=Pages(1_000_000))
        paper.headers = []
        get("/9/", of=cache)
        cache._shared.clear()
        counters.touch(["topic:1"])
        found = get("/9/", of=cache)
        assert found.is_hit
        assert b"<p>newest</p>" in found.body
        assert "/parts/section:3/" not in self.asked

    def test_that_lack_a_part_leave_the_page_to_be_rendered(self, get, site, counters):
        self.shown(get, 9)
        site.parts.pop("topic:5")
        counters.touch(["topic:5"])
        assert self.shown(get, 9) == (False, [3, 2])

    def test_take_parts_from_the_shelf_that_another_process_has_asked_for(
        self, get, site, counters, tmp_path
    ):
        one, two = (
            PageCache(
                self.call,
                site,
                counters,
                pages=Pages(1_000_000),
                shelf=Shelf(tmp_path, "test", budget=10_000_000),
            )
            for _number in range(2)
        )
        self.shown(get, 9, of=one)
        self.shown(get, 2, of=two)
        counters.touch(["topic:5"])
        self.topics["topic:5"] = (4, 2, 1)
        assert self.shown(get, 9, of=one) == (True, [2, 1])
        asked = len(self.asked)
        assert self.shown(get, 2, of=two) == (True, [1])
        assert len(self.asked) == asked

    def test_of_any_age_are_not_taken_while_other_machines_cannot_be_heard(
        self, get, site, counters, monkeypatch
    ):
        self.shown(get, 9)
        counters.touch(["topic:5"])
        self.shown(get, 9)
        site.silence = 0.2
        counters.words[HEARD] = time.time_ns() // 1000 - 10_000_000
        later = time.time() + 2
        monkeypatch.setattr(front, "time", lambda: later)
        assert not get("/9/").is_hit
        counters.touch(["topic:1"])
        # Another machine may have changed the other topic.
        assert not get("/9/").is_hit

    def test_are_asked_for_by_one_of_many_requests(self, get, paper, counters):
        for pk in (7, 8, 9):
            self.shown(get, pk)
        counters.touch(["topic:1", "topic:5"])
        paper.meanwhile = lambda: time.sleep(0.05)
        found = []
        threads = [
            threading.Thread(target=lambda pk=pk: found.append(self.shown(get, pk)))
            for pk in (7, 8, 9, 7, 8, 9)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [(True, [3, 2])] * 6
        assert sorted(self.asked[3:]) == ["/parts/topic:1/", "/parts/topic:5/"]


class TestTheShelf:
    @pytest.fixture
    def others(self, paper, site, counters, tmp_path):
        """Two processes with a shelf in common."""

        def process():
            return PageCache(
                paper,
                site,
                counters,
                pages=Pages(1_000_000),
                shelf=Shelf(tmp_path, "test", budget=10_000_000),
            )

        return process(), process()

    def test_makes_one_rendering_a_hit_in_every_process(self, get, paper, others):
        one, two = others
        get(of=one)
        get("/other/", of=two)
        rendered = paper.rendered
        assert get(of=two).is_hit
        assert paper.rendered == rendered

    def test_gives_no_page_that_was_touched(self, get, counters, others):
        one, two = others
        get(of=one)
        get("/other/", of=two)
        counters.touch(["front"])
        assert not get(of=two).is_hit

    def test_gives_what_another_process_rendered_since(self, get, paper, counters, others):
        one, two = others
        get(of=one)
        get(of=two)
        counters.touch(["front"])
        get(of=one)
        rendered = paper.rendered
        assert get(of=two).is_hit
        assert paper.rendered == rendered

    def test_lets_one_process_at_a_time_render_a_page(self, get, paper, others, tmp_path):
        one, two = others
        get("/other/", of=one)
        get("/other/", of=two)
        script = (
            "import sys, time; from pathlib import Path;"
            "from newsroom.pagecache.shelf import Shelf;"
            "shelf = Shelf(Path(sys.argv[1]), 'test', budget=10**7);"
            "turn = shelf.turn('/'); turn.__enter__();"
            "print('has it', flush=True); time.sleep(0.3); turn.__exit__(None, None, None)"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout.readline() == "has it\n"
        began = time.monotonic()
        get(of=one)
        assert time.monotonic() - began > 0.1
        child.wait()
        child.stdout.close()

    def test_has_the_last_good_copy_after_a_restart(self, get, paper, counters, others):
        one, two = others
        get("/visited/", of=one)
        get("/other/", of=two)
        counters.touch(["front"])
        paper.status = 503
        answer = get("/visited/", of=two)
        assert answer.status == 200
        assert "stale" in answer.mark


class TestTheCountersFile:
    def test_that_was_removed_is_made_again(self, get, paper, site, tmp_path, monkeypatch):
        first = Generations(tmp_path / "a")
        second = Generations(tmp_path / "b")
        cache = PageCache(paper, site, first, pages=Pages(1_000_000), renew=lambda: (second, None))
        get(of=cache)
        first.path.unlink()
        monkeypatch.setattr(front, "time", lambda: time.time() + 2)
        get(of=cache)
        get(of=cache)
        second.touch(["front"])
        assert not get(of=cache).is_hit

    def test_that_was_removed_takes_the_parts_with_it_that_bore_its_numbers(
        self, get, paper, site, tmp_path
    ):
        """A new file begins to count anew, so the old numbers would look fresh for long."""
        first, second = Generations(tmp_path / "a"), Generations(tmp_path / "b")
        for _number in range(100):
            first.touch(["another"])
        paper.headers = [("Surrogate-Key", "front list")]
        paper.keys = ""
        paper.body = b"<!--shared:list-->list %d<!--/shared--> on page %d"
        cache = PageCache(paper, site, first, pages=Pages(1_000_000), renew=lambda: (second, None))
        get(of=cache)
        first.path.unlink()
        cache._wake = 0.0
        get("/other/", of=cache)
        get(of=cache)
        second.touch(["list"])
        answer = get(of=cache)
        assert (answer.is_hit, b"list 4" in answer.body) == (False, True)

    def test_that_was_removed_takes_the_shelf_with_it(self, get, paper, site, tmp_path):
        first, second = Generations(tmp_path / "a"), Generations(tmp_path / "b")
        for _number in range(100):
            first.touch(["another"])
        old, new = (
            Shelf(tmp_path / "shelf", name, budget=1_000_000) for name in ("first", "second")
        )
        cache = PageCache(
            paper,
            site,
            first,
            pages=Pages(1_000_000),
            shelf=old,
            renew=lambda: (second, new),
        )
        get(of=cache)
        first.path.unlink()
        cache._wake = 0.0
        get("/other/", of=cache)
        second.touch(["front"])
        answer = get(of=cache)
        assert (answer.is_hit, b"page 3" in answer.body) == (False, True)
        assert new.get("/").body == answer.body

    def test_that_was_removed_during_a_rendering_leaves_it_unkept(self, get, paper, site, tmp_path):
        first, second = Generations(tmp_path / "a"), Generations(tmp_path / "b")
        cache = PageCache(paper, site, first, pages=Pages(1_000_000), renew=lambda: (second, None))
        get("/other/", of=cache)

        def remove():
            paper.meanwhile = lambda: None
            first.path.unlink()
            cache._wake = 0.0
            get("/other/", of=cache)

        paper.meanwhile = remove
        assert b"page 2" in get(of=cache).body
        assert b"page 4" in get(of=cache).body


def until(holds):
    """Wait until something holds that another thread does; fails when it takes too long."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


class TestAheadOfReaders:
    """What is made again before anybody asks for it."""

    @pytest.fixture
    def paper(self):
        return KeyedPaper()

    @pytest.fixture
    def cache(self, paper, site, counters, tmp_path):
        return PageCache(
            paper,
            site,
            counters,
            pages=Pages(1_000_000),
            counters=Metrics(tmp_path, counters.owner),
            is_ahead=True,
        )

    @pytest.fixture
    def passes(self, cache):
        """One entry for each pass of the thread that has ended."""
        passes = []
        refreshed = cache._ahead._refresh

        def refresh(environ):
            yield from refreshed(environ)
            passes.append(environ)

        cache._ahead._refresh = refresh
        return passes

    @pytest.fixture(autouse=True)
    def meet(self, get, cache, passes, counters):
        """Have a request meet what has changed, on a page that hasn't, and wait for the thread."""
        get("/other/")

        def meet(**headers):
            before = len(passes)
            assert get("/other/", **headers).is_hit
            until(lambda: len(passes) > before)

        # The first look at the clock is a change as well.
        meet()
        return meet

    def test_is_a_page_that_readers_came_back_for(self, get, paper, counters, cache, meet):
        get()
        get()
        counters.touch(["/"])
        meet()
        assert paper.asked == ["/other/", "/", "/"]
        assert get().is_hit
        assert (cache.count[metrics.AHEAD], cache.count[metrics.MISSES]) == (1, 2)

    def test_is_no_page_that_was_read_once(self, get, paper, counters, meet):
        get()
        counters.touch(["/"])
        meet()
        assert paper.asked == ["/other/", "/"]

    def test_is_no_page_that_nobody_has_read_since_it_was(self, get, paper, counters, meet):
        get()
        get()
        for _change in range(3):
            counters.touch(["/"])
            meet()
        assert paper.asked == ["/other/", "/", "/"]

    def test_is_no_page_that_is_fresh(self, get, paper, counters, meet):
        get()
        get()
        counters.touch(["another"])
        meet()
        assert paper.asked == ["/other/", "/"]

    def test_is_no_page_that_is_missing(self, get, paper, counters, meet):
        paper.status = 404
        get("/no-such-page/")
        get("/no-such-page/")
        counters.touch(["/no-such-page/"])
        meet()
        assert paper.asked == ["/other/", "/no-such-page/"]

    def test_is_nothing_before_the_change_is_committed(self, get, paper, counters, meet):
        get()
        get()
        change = counters.open(["/"])
        meet()
        assert paper.asked == ["/other/", "/"]
        change.close()
        meet()
        assert paper.asked == ["/other/", "/", "/"]
        assert get().is_hit

    def test_is_nothing_while_other_machines_can_not_be_heard(
        self, get, paper, counters, site, cache, meet
    ):
        get()
        get()
        site.silence = 3600.0
        counters.words[HEARD] = 0
        # The next request looks at once, not within a second.
        cache._wake = 0.0
        counters.touch(["/"])
        meet()
        assert paper.asked == ["/other/", "/"]

    def test_is_nothing_while_the_database_is_away(self, get, paper, counters, cache, meet):
        get()
        get()
        counters.touch(["/"])
        cache._is_away = True
        meet()
        assert paper.asked == ["/other/", "/"]

    def test_is_the_page_of_a_query(self, get, paper, counters, meet):
        get("/search/", query="q=ferry")
        get("/search/", query="q=ferry")
        counters.touch(["/search/"])
        meet()
        assert paper.asked[-1] == "/search/"
        assert paper.environ["QUERY_STRING"] == "q=ferry"
        assert paper.asked.count("/search/") == 2
        assert get("/search/", query="q=ferry").is_hit

    def test_is_asked_for_as_by_anybody(self, get, paper, counters, meet):
        get()
        get()
        counters.touch(["/"])
        meet(cookie="_ga=1", accept_language="hi")
        assert not {"HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE"} & set(paper.environ)
        assert paper.environ["HTTP_HOST"] == HOST

    def test_waits_for_no_more_than_itself_when_it_fails(self, get, paper, counters, meet):
        get()
        get()
        paper.status = 500
        counters.touch(["/"])
        meet()
        assert paper.asked == ["/other/", "/", "/"]
        assert get().mark == "newsroom; fwd=stale; detail=stale-if-error"

    def test_is_not_tried_again_and_again_when_it_fails(
        self, get, paper, counters, meet, monkeypatch
    ):
        monkeypatch.setattr(front, "RETRY", 0.0)
        get()
        get()
        paper.status = 500
        for _change in range(3):
            counters.touch(["/"])
            meet()
        assert paper.asked == ["/other/", "/", "/"]

    def test_is_a_page_for_which_readers_have_waited(self, get, paper, counters, cache, meet):
        get()
        flight = front.Flight()
        counters.touch(["/"])
        cache._flights["/"] = flight
        reader = threading.Thread(target=get)
        reader.start()
        until(lambda: cache.count[metrics.COALESCED] == 1)
        # Another process has made it meanwhile.
        page = cache.pages.by_key["/"]
        page.parts = ((counters.sequence, page.parts[0][1]),)
        cache._flights.clear()
        flight.done.set()
        reader.join()
        counters.touch(["/"])
        meet()
        assert paper.asked == ["/other/", "/", "/"]

    def test_goes_on_after_an_error(self, get, paper, counters, cache, meet, caplog):
        get()
        get()

        def fail(environ):
            raise RuntimeError("something of its own")

        refreshed, cache._ahead._refresh = cache._ahead._refresh, fail
        counters.touch(["/"])
        assert get("/other/").is_hit
        until(lambda: "ahead of its readers" in caplog.text)
        cache._ahead._refresh = refreshed
        counters.touch(["/"])
        meet()
        assert paper.asked == ["/other/", "/", "/"]

    def test_lets_a_reader_wait_who_comes_meanwhile(self, get, paper, counters, cache, meet):
        get()
        get()
        is_rendering, may_end = threading.Event(), threading.Event()

        def hold():
            is_rendering.set()
            may_end.wait(5)

        paper.meanwhile = hold
        counters.touch(["/"])
        assert get("/other/").is_hit
        assert is_rendering.wait(5)
        answers = []
        reader = threading.Thread(target=lambda: answers.append(get()))
        reader.start()
        until(lambda: cache.count[metrics.COALESCED] == 1)
        may_end.set()
        reader.join()
        assert answers[0].is_hit
        assert paper.asked == ["/other/", "/", "/"]

    def test_comes_after_a_rendering_that_a_reader_waits_for(
        self, get, paper, counters, cache, meet, monkeypatch
    ):
        get()
        get()
        breaths = []
        flight = front.Flight()
        cache._flights["/elsewhere/"] = flight

        def breathe(seconds):
            breaths.append(list(paper.asked))
            if len(breaths) == 3:
                cache._flights.clear()

        monkeypatch.setattr(front, "sleep", breathe)
        counters.touch(["/"])
        meet()
        assert breaths == [["/other/", "/"]] * 3
        assert paper.asked == ["/other/", "/", "/"]

    def test_does_not_wait_for_ever_for_a_reader_to_be_served(
        self, get, paper, counters, cache, meet, monkeypatch
    ):
        get()
        get()
        cache._flights["/elsewhere/"] = front.Flight()
        monkeypatch.setattr(front, "_BREATH", 0.0)
        counters.touch(["/"])
        meet()
        assert paper.asked == ["/other/", "/", "/"]

    def test_is_looked_for_among_those_that_were_read_last(
        self, get, paper, counters, meet, monkeypatch
    ):
        monkeypatch.setattr(front, "_READ_LATELY", 2)
        for path in ("/first/", "/second/"):
            get(path)
            get(path)
        counters.touch(["/first/", "/second/"])
        meet()
        # The other one of the two is that which met the change.
        assert paper.asked == ["/other/", "/first/", "/second/", "/second/"]


class TestWhenPagesAreMadeAhead:
    """The thread itself."""

    @pytest.fixture
    def steps(self):
        return []

    @pytest.fixture
    def thread(self, steps):
        return ahead.Ahead(lambda environ: iter(steps.append(environ["n"]) or ()))

    def test_is_not_before_it_is_calm(self, steps, thread, monkeypatch):
        naps = []

        def nap(seconds):
            naps.append(seconds)
            if len(naps) < 4:
                thread.wake({"n": len(naps)})

        monkeypatch.setattr(ahead, "sleep", nap)
        thread.wake({"n": 0})
        until(lambda: steps)
        assert (naps, steps) == ([ahead.CALM] * 4, [3])

    def test_is_after_a_while_where_it_is_never_calm(self, steps, thread, monkeypatch):
        monkeypatch.setattr(ahead, "LONGEST", 0.05)

        def nap(seconds):
            time.sleep(0.001)
            if not steps:
                thread.wake({"n": 1})

        monkeypatch.setattr(ahead, "sleep", nap)
        thread.wake({"n": 0})
        until(lambda: steps)
        # What was met before the pass began is no reason for another one.
        time.sleep(0.02)
        assert steps == [1]

    def test_is_given_up_for_the_next_change(self):
        taken = []

        def refresh(environ):
            for step in range(3):
                taken.append((environ["n"], step))
                if taken == [(0, 0), (0, 1)]:
                    thread.wake({"n": 1})
                yield

        thread = ahead.Ahead(refresh)
        thread.wake({"n": 0})
        until(lambda: len(taken) == 5)
        assert taken == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]

    def test_is_not_given_up_where_changes_never_end(self, monkeypatch):
        monkeypatch.setattr(ahead, "LONGEST", 0.0)
        taken = []

        def refresh(environ):
            for step in range(3):
                taken.append(step)
                if len(taken) < 3:
                    thread.wake({})
                yield

        thread = ahead.Ahead(refresh)
        thread.wake({})
        until(lambda: len(taken) == 6)
        assert taken == [0, 1, 2, 0, 1, 2]

    def test_is_with_rests_as_long_as_the_work(self, steps):
        def refresh(environ):
            for _step in range(3):
                began = time.perf_counter()
                time.sleep(0.02)
                steps.append((began, time.perf_counter()))
                yield

        ahead.Ahead(refresh).wake({})
        until(lambda: len(steps) == 3)
        for (began, ended), (following, _end) in itertools.pairwise(steps):
            assert following - ended >= (ended - began) * 0.9

    def test_needs_nothing_of_the_request_that_is_over(self, steps):
        ahead.Ahead(lambda environ: iter(steps.append(environ) or ())).wake(
            {"HTTP_HOST": HOST, "wsgi.input": None, "CONTENT_LENGTH": "7"}
        )
        until(lambda: steps)
        assert steps[0]["HTTP_HOST"] == HOST
        assert (steps[0]["wsgi.input"].read(), steps[0]["CONTENT_LENGTH"]) == (b"", "")


class TestCounting:
    def test_tells_hits_from_misses(self, get, cache, counters):
        get()
        get()
        get(method="POST")
        counters.touch(["front"])
        get()
        text = cache.counters.text()
        assert "newsroom_page_cache_hits_total 1\n" in text
        assert "newsroom_page_cache_misses_total 2\n" in text
        assert "newsroom_page_cache_passed_total 1\n" in text

    def test_counts_the_bytes_of_hits(self, get, cache):
        body = get().body
        before = cache.count[metrics.BYTES]
        get()
        assert cache.count[metrics.BYTES] - before == len(body)
