"""The bench can be started, and reads what other programs say as they mean it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import brotli
import pytest

from bench import machine, nginx, paper, reader, replay, report, timed
from bench.__main__ import PARTS

ROOT = Path(__file__).resolve().parents[1]

SAID = """Running 2s test @ http://127.0.0.1:8000/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.98ms    1.20ms  19.83ms   88.10%
    Req/Sec    40.25k     3.03k   45.45k    75.00%
  Latency Distribution
     50%  480.00us
     75%    1.33ms
     90%    2.60ms
     99%    5.12ms
  80132 requests in 2.00s, 412.33MB read
  Socket errors: connect 0, read 3, write 1, timeout 2
  Non-2xx or 3xx responses: 17
Requests/sec:  40066.00
Transfer/sec:    206.16MB
"""


there = [name for name in PARTS if importlib.util.find_spec(f"bench.{name}")]


class TestParts:
    @pytest.mark.parametrize("name", there)
    def test_have_a_main_each(self, name):
        assert callable(importlib.import_module(f"bench.{name}").main)

    def test_are_listed_to_who_asks_for_another(self):
        done = subprocess.run(
            [sys.executable, "-m", "bench", "speed"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert all(name in done.stderr for name in PARTS)

    def test_say_what_is_missing_and_how_to_get_it(self, monkeypatch):
        with pytest.raises(SystemExit, match="apt-get install no-such-package"):
            machine.program("no-such-program", "no-such-package")


class TestMachine:
    def test_reads_wrks_report(self):
        load = machine.read_wrk(SAID)
        assert (load.requests, load.refused, load.broken) == (80132, 17, 6)
        assert load.rate == pytest.approx(40066)
        assert load.p99 == pytest.approx(5.12)

    def test_reads_a_report_without_trouble(self):
        quiet = "\n".join(
            line for line in SAID.splitlines() if "errors" not in line and "Non-2xx" not in line
        )
        load = machine.read_wrk(quiet)
        assert (load.refused, load.broken) == (0, 0)

    def test_takes_nothing_else_for_a_report(self):
        with pytest.raises(ValueError, match="unable to connect"):
            machine.read_wrk("unable to connect to 127.0.0.1:8000 Connection refused")

    def test_counts_the_time_of_children_that_have_ended(self):
        before = machine.cpu(os.getpid())
        burn = "import time\nwhile time.process_time() < 0.3: pass"
        subprocess.run([sys.executable, "-c", burn], check=True)
        assert machine.cpu(os.getpid()) - before >= 0.25

    def test_ends_what_it_started(self):
        with machine.running([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
            assert process.pid in machine.tree(os.getpid())
        assert process.poll() is not None
        assert process.pid not in machine.tree(os.getpid())

    def test_starts_granian_as_the_service_does(self):
        options = machine.granian_options()
        assert options[:2] == ["--interface", "wsgi"]
        assert "--workers" in options
        assert not {"--host", "--port", "newsroom.wsgi:application"} & set(options)


class TestSupervisor:
    def test_leaves_no_process_and_no_folder_of_a_part_that_is_killed(self, tmp_path):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        at = tmp_path / "part"
        at.mkdir()
        (tmp_path / "bench_victim.py").write_text(
            "import os, subprocess, sys\n"
            "from pathlib import Path\n"
            "from bench import machine\n"
            "def main():\n"
            f"    machine.remember(Path({str(elsewhere)!r}))\n"
            "    left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
            " start_new_session=True)\n"
            f"    Path({str(tmp_path / 'pid')!r}).write_text(str(left.pid))\n"
            "    os.kill(os.getpid(), 9)\n"
        )
        script = (
            "import sys, importlib\n"
            f"sys.path.insert(0, {str(ROOT)!r})\n"
            "from pathlib import Path\n"
            "from bench import machine\n"
            f"machine.supervise('bench_victim', [], Path({str(at)!r}))\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        subprocess.run(
            [sys.executable, "-c", script], env=environment, cwd=ROOT, check=True, timeout=60
        )
        pid = int((tmp_path / "pid").read_text())
        assert not Path(f"/proc/{pid}").exists()
        assert not elsewhere.exists()


class TestNginx:
    CONF = (ROOT / "deploy" / "nginx.conf").read_text()

    def test_has_no_microcache_unless_it_is_switched_on(self):
        lines = [line for line in self.CONF.splitlines() if "proxy_cache" in line]
        assert lines
        assert all(line.lstrip().startswith("#") for line in lines)

    def test_is_put_on_this_machine_without_its_certificate(self, tmp_path):
        text = nginx.for_this_machine(self.CONF, port=8081, site=8082, cache=tmp_path)
        assert "listen 127.0.0.1:8081;" in text
        assert "server 127.0.0.1:8082;" in text
        assert "ssl" not in text
        assert text.count("\nserver {") == 1

    def test_gets_whole_directives_when_the_microcache_is_switched_on(self):
        text = nginx.switched_on(self.CONF)
        assert "\n        proxy_cache newsroom;\n" in text
        assert "\nmap $http_accept_encoding $newsroom_coding {\n" in text
        assert "# Kept is only what the site calls the same for everybody.\n" in text


class TestReplay:
    """Story 7 is at path 1, the front page at path 0."""

    CHANGES = [
        {"article": 7, "version": 1, "at": 100},
        {"article": 7, "version": 2, "at": 200},
        {"article": 7, "comments": 3, "at": 300},
    ]

    def stale(self, path, began, versions, comments=None, numbers=None):
        facts = [{"versions": versions, "comments": comments, "numbers": numbers or {}}]
        answers = [[path, began, 5, 200, 0, "hit"]]
        return replay.stale(answers, facts, self.CHANGES, {1: 7}, {7})

    def test_takes_what_was_current_when_the_request_began(self):
        assert self.stale(1, 150, {"7": 1}, 0) == []
        assert self.stale(1, 250, {"7": 2}, 0) == []
        assert self.stale(1, 350, {"7": 2}, 3) == []
        assert self.stale(0, 250, {"7": 2}) == []
        assert self.stale(0, 50, {}) == []

    def test_takes_what_is_newer(self):
        assert self.stale(1, 150, {"7": 2}, 4) == []

    def test_finds_an_older_edition(self):
        assert self.stale(1, 250, {"7": 1}, 0) != []
        assert self.stale(1, 250, {}, 0) != []

    def test_finds_an_older_edition_in_a_list(self):
        assert self.stale(0, 250, {"7": 1}) != []

    def test_finds_a_new_story_missing_on_the_front_page(self):
        assert self.stale(0, 150, {}) != []

    def test_finds_a_missing_comment(self):
        assert self.stale(1, 350, {"7": 2}, 2) != []

    def test_finds_a_missing_comment_in_a_list(self):
        assert self.stale(0, 350, {"7": 2}, numbers={"7": 2}) != []
        assert self.stale(0, 350, {"7": 2}, numbers={"7": 3}) == []
        assert self.stale(0, 250, {"7": 2}, numbers={"7": 0}) == []

    def test_reads_what_pages_say(self):
        body = (
            b"<h1>Story 7 version 2</h1><li>Story 8 version 5</li><li>Story 8 version 4</li>"
            b'<div id="comments"><h2>Comments <span class="num">12</span></h2></div>'
            b"<!--shared:comments:8--><span>21 comments</span><!--/shared-->"
            b"<!--shared:comments:9--><!--/shared--><span>4 words</span>"
        )
        seen = reader.facts(b"HTTP/1.1 200 OK\r\ncontent-encoding: br", brotli.compress(body))
        assert seen == {
            "versions": {"7": 2, "8": 4},
            "comments": 12,
            "numbers": {"8": 21, "9": 0},
        }

    def test_spreads_a_day(self):
        day = replay.Day()
        moments = replay.moments(5000, day, Random(1))  # noqa: S311
        assert 0 <= moments[0] <= moments[-1] <= day.seconds
        night = sum(moment < day.seconds / 4 for moment in moments)
        evening = sum(moment > day.seconds * 3 / 4 for moment in moments)
        assert night * 1.5 < evening

    def test_counts_hits_of_what_is_kept(self):
        gained = {"hits_total": 95, "misses_total": 4, "stale_total": 1, "passed_total": 50}
        assert replay.hit_rate(gained) == 95


class TestFigures:
    def test_are_met_or_missed(self, capsys):
        report.verdict("hit", 0.04, most=0.05)
        report.verdict("share", 0.6, least=0.7)
        met, missed = capsys.readouterr().out.splitlines()
        assert met.startswith("met")
        assert missed.startswith("MISSED")

    def test_have_percentiles(self):
        values = [float(number) for number in range(100)]
        assert report.percentile(values, 0.5) == 50
        assert report.percentile(values, 0.99) == 99
        assert report.percentile([], 0.99) == 0

    def test_draw_popular_stories_most(self):
        drawn = paper.zipf(1000, 20_000, seed=1)
        numbers = sorted((drawn.count(place) for place in set(drawn)), reverse=True)
        # One in 7.5 draws is of the most popular of a thousand.
        assert 2300 < numbers[0] < 3100
        assert max(drawn) < 1000


class TestTimes:
    def test_are_counted_over_all_processes(self, tmp_path):
        one, two = (timed.Times(tmp_path / name) for name in "ab")
        one.add(50_000_000)
        before = timed.noted(tmp_path)
        for took in (1_000_000, 2_000_000, 3_000_000):
            one.add(took)
        two.add(90_000_000)
        two.add(60_000_000_000)
        after = timed.noted(tmp_path)
        found = [timed.percentile(before, after, share) for share in (0.2, 0.6, 0.8, 1)]
        assert found == pytest.approx([1, 3, 90, 500], abs=0.02)
        assert timed.percentile(after, after, 0.5) == 0

    def test_are_those_of_the_application(self, tmp_path):
        def fail(environ, start_response):
            raise LookupError

        times = timed.Times(tmp_path / "a")
        assert timed.timed(lambda *arguments: [b"page"], times)({}, print) == [b"page"]
        with pytest.raises(LookupError):
            timed.timed(fail, times)({}, print)
        assert sum(timed.noted(tmp_path)) == 2
