import os
import threading

import pytest

from newsroom.pagecache.shelf import Shelf
from newsroom.pagecache.store import Page, Pages

WORDS = b"<p>The ferry crosses four times a day.</p>" * 40


def make_page(key="/", body=WORDS, status="200 OK"):
    return Page(
        key,
        status,
        [("Content-Type", "text/html"), ("Surrogate-Key", "front")],
        body,
        keys=("front",),
        parts=((7, (1, 2)),),
        rendered_at=1000.5,
        query=frozenset({"q"}),
    )


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path, "test", budget=1_000_000)


def files(shelf):
    return [path for path in shelf.folder.glob("??/*") if path.is_file()]


class TestAPageOnTheShelf:
    @pytest.mark.parametrize("body", [WORDS, b"short", b"", bytes(range(256)) * 3])
    def test_comes_back_as_it_was_put(self, shelf, body):
        page = make_page(body=body)
        shelf.put(page)
        found = shelf.get("/")
        for name in ("key", "status", "headers", "body", "keys", "parts", "rendered_at", "query"):
            assert getattr(found, name) == getattr(page, name), name
        assert found.etag == page.etag

    def test_replaces_an_older_one(self, shelf):
        shelf.put(make_page(body=b"old" * 200))
        shelf.put(make_page(body=b"new" * 200))
        assert shelf.get("/").body == b"new" * 200

    def test_is_read_again_only_when_it_is_newer(self, shelf):
        page = make_page()
        shelf.put(page)
        assert shelf.get("/", since=page.rendered_at) is None
        assert shelf.get("/", since=page.rendered_at - 0.001).etag == page.etag
        page.rendered_at += 0.001
        shelf.put(page)
        assert shelf.get("/", since=1000.5).rendered_at == page.rendered_at

    def test_is_not_another_pages(self, shelf):
        shelf.put(make_page("/a/"))
        assert shelf.get("/b/") is None

    def test_that_is_damaged_is_as_good_as_none(self, shelf):
        shelf.put(make_page())
        (path,) = files(shelf)
        whole = path.read_bytes()
        for damaged in (
            b"",
            whole[:20],
            whole[:-5],
            whole[:-1] + b"x",
            b"9999\n{}",
            b"x\n" + whole,
        ):
            path.write_bytes(damaged)
            assert shelf.get("/") is None

    def test_may_have_any_key(self, shelf):
        for key in ("/é/", "/../../etc/passwd", "?q=a%2Fb/search/", "/" + "a" * 5000, "/\udcff"):
            shelf.put(make_page(key))
            assert shelf.get(key).key == key
        assert all(path.parent.parent == shelf.folder for path in files(shelf))

    def test_may_be_put_by_several_threads_at_once(self, shelf):
        def put():
            for _ in range(200):
                shelf.put(make_page())

        threads = [threading.Thread(target=put) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shelf.put(make_page("/other/"))
        assert shelf.get("/other/") is not None
        assert len(files(shelf)) == 2


class TestTheShelf:
    def test_stays_within_its_budget(self, tmp_path):
        shelf = Shelf(tmp_path, "test", budget=40_000)
        for number in range(200):
            page = make_page(f"/{number}/", body=os.urandom(500).hex().encode())
            page.rendered_at += number
            shelf.put(page)
        assert sum(path.stat().st_size for path in files(shelf)) <= 45_000
        assert shelf.get("/199/") is not None

    def test_without_a_disk_goes_on_without(self, tmp_path):
        blocked = tmp_path / "file"
        blocked.write_text("in the way")
        shelf = Shelf(blocked, "test", budget=1000)
        shelf.put(make_page())
        assert shelf.get("/") is None
        with shelf.turn("/") as has_waited:
            assert not has_waited

    def test_leaves_a_younger_releases_pages_alone(self, tmp_path):
        other = Shelf(tmp_path, "other", budget=1000)
        other.put(make_page())
        old = Shelf(tmp_path, "old", budget=1000)
        os.utime(old.folder, (0, 0))
        Shelf(tmp_path, "test", budget=1000)
        assert other.folder.exists()
        assert not old.folder.exists()


class TestPagesInMemory:
    def test_stay_within_their_budget(self):
        pages = Pages(100_000)
        for number in range(100):
            pages.keep(make_page(f"/{number}/"))
        assert pages.size <= 100_000
        assert "/99/" in pages.by_key
        assert "/0/" not in pages.by_key

    def test_leave_when_they_were_unused_for_longest(self):
        pages = Pages(25_000)
        for number in range(4):
            pages.keep(make_page(f"/{number}/"))
        pages.used(pages.by_key["/0/"])
        for number in range(4, 7):
            pages.keep(make_page(f"/{number}/"))
        assert "/0/" in pages.by_key
        assert "/1/" not in pages.by_key

    def test_count_what_their_codings_take(self):
        pages = Pages(1_000_000)
        page = make_page()
        pages.keep(page)
        before = pages.size
        pages.fill(page, 1)
        assert pages.size > before
        pages.keep(make_page(body=b"other" * 100))
        pages.clear()
        assert (pages.size, len(pages)) == (0, 0)
