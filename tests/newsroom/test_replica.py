"""Public pages come from the replica as long as it knows all, and from the primary otherwise."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError
from django.http import HttpResponse

from articles.models import Edition
from articles.public import public_read, public_view
from newsroom import replica
from tests import postgres

ROOT = Path(__file__).resolve().parents[2]


class Site:
    """The process of tests/newsroom/replicated.py."""

    def __init__(self, primary, follower):
        environment = {
            **os.environ,
            "DATABASE_URL": primary,
            "REPLICA_DATABASE_URL": follower.address,
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        self.follower = follower
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.newsroom.replicated"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, verb):
        def tell(**arguments):
            print(json.dumps([verb, arguments]), file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())

        return tell

    def comes_to_read_from(self, *databases):
        """Whether it does so within some seconds."""
        for _attempt in range(100):
            if self.get()["rows"] == list(databases):
                return True
            time.sleep(0.1)
        return False

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def _site():
    programs = postgres.binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed.")
    with (
        postgres.cluster(programs) as primary,
        postgres.replica(programs, primary) as follower,
    ):
        site = Site(primary, follower)
        try:
            yield site
        finally:
            site.close()


@pytest.fixture
def site(_site):
    _site.publish(headline="Ferry stays")
    assert _site.comes_to_read_from("replica")
    return _site


class TestReplica:
    def test_gives_public_pages(self, site):
        found = site.get()
        assert (found["status"], found["rows"]) == (200, ["replica"])
        assert "Ferry stays" in found["body"]

    def test_gives_nothing_older_than_the_last_commit(self, site):
        site.delay(milliseconds=40)
        try:
            found = site.race(rounds=60)
        finally:
            site.delay(milliseconds=0)
        assert found["older"] == 0
        # Most of them come from the replica, or this shows nothing.
        assert found["used"] > 30

    def test_is_passed_over_while_it_lags_behind(self, site):
        site.follow(is_followed=False)
        try:
            site.publish(headline="Bridge shut")
            found = site.get()
            assert found["rows"] == ["default"]
            assert "Bridge shut" in found["body"]
        finally:
            site.follow(is_followed=True)
        assert site.comes_to_read_from("replica")
        assert "Bridge shut" in site.get()["body"]

    def test_is_not_asked_for_what_is_written(self, site):
        found = site.post_comment()
        assert (found["status"], found["rows"]) == (303, ["default"])

    def test_is_not_needed(self, site):
        site.follower.stop()
        try:
            found = site.get()
            assert (found["status"], found["rows"]) == (200, ["default"])
            assert "Ferry stays" in found["body"]
        finally:
            site.follower.start()
        assert site.comes_to_read_from("replica")


class TestRouter:
    def test_reads_from_the_primary_outside_of_public_pages(self):
        assert replica.Router().db_for_read(Edition) == DEFAULT_DB_ALIAS

    def test_writes_to_the_primary_from_anywhere(self, rf):
        found = []

        @public_view(has_words=False)
        def page(request):
            found.append(replica.Router().db_for_write(Edition))
            return HttpResponse()

        page(rf.get("/"))
        assert found == [DEFAULT_DB_ALIAS]

    def test_chooses_once_for_each_page(self, rf, monkeypatch):
        chosen = iter(["replica", "default"])
        monkeypatch.setattr(replica, "choose", lambda: next(chosen))
        router = replica.Router()

        @public_view(has_words=False)
        def page(request):
            return HttpResponse(" ".join(router.db_for_read(Edition) for _ in range(3)))

        assert page(rf.get("/")).content == b"replica replica replica"
        assert page(rf.get("/")).content == b"default default default"
        assert public_read.get() is None

    def test_never_makes_tables_in_the_replica(self):
        assert replica.Router().allow_migrate("replica", "articles") is False
        assert replica.Router().allow_migrate("default", "articles") is None


class TestPages:
    """A page that a replica gives up on is made from the primary."""

    def failing_on(self, using):
        @public_view(has_words=False)
        def page(request):
            read = public_read.get()
            read.using = read.using or using
            if read.using == using:
                raise OperationalError("conflict with recovery")
            return HttpResponse(read.using)

        return page

    def test_are_made_again(self, rf):
        assert self.failing_on("replica")(rf.get("/")).content == b"default"

    def test_fail_when_the_primary_does(self, rf):
        with pytest.raises(OperationalError):
            self.failing_on("default")(rf.get("/"))
        assert public_read.get() is None
