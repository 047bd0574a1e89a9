"""What is put off gets done: once at a time, again after a failure, whoever dies."""

import datetime
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from newsroom import background
from newsroom.background import Retry
from newsroom.worker import Worker

from . import chores

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.datetime(2026, 1, 8, 9, 30, tzinfo=datetime.UTC)


class Clock:
    """A clock that stands still until it is moved on."""

    def __init__(self):
        self.now = timezone.now()

    def __call__(self):
        return self.now

    def pass_by(self, seconds):
        self.now += datetime.timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def worker(clock):
    """A worker with that clock, whose back-off times are not left to chance."""
    return Worker(clock=clock, chance=lambda: 0.0)


@pytest.fixture(autouse=True)
def done(monkeypatch):
    """What tasks did, and no jobs but those that a test asks for."""
    monkeypatch.setattr(background, "_jobs", {})
    chores.DONE.clear()
    return chores.DONE


@pytest.fixture
def jobs(monkeypatch):
    def jobs(**seconds):
        paths = {f"tests.newsroom.chores.{name}": every for name, every in seconds.items()}
        found = {path: background.Job(path, every, lambda: True) for path, every in paths.items()}
        monkeypatch.setattr(background, "_jobs", found)

    return jobs


def row_of(result):
    return DBTaskResult.objects.get(pk=result.id)


class TestBackingOff:
    def test_doubles_the_wait_up_to_the_cap(self):
        retry = Retry(base=2, cap=60)
        assert [retry.delay(attempt, 0) for attempt in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]

    def test_leaves_up_to_half_of_it_to_chance(self):
        retry = Retry(base=2, cap=60)
        assert [retry.delay(3, chance) for chance in (0, 0.5, 1)] == [8, 6, 4]

    def test_knows_no_attempt_too_late(self):
        assert Retry(cap=60).delay(100_000, 0) == 60


@pytest.mark.django_db(transaction=True)
class TestATask:
    def test_is_run_with_its_arguments_once(self, worker, done):
        result = chores.remember.enqueue("the milk")
        worker.run(once=True)
        worker.run(once=True)
        assert done == ["the milk"]
        result.refresh()
        assert result.return_value == "the milk"

    def test_waits_for_its_time(self, worker, clock, done):
        at = clock.now + datetime.timedelta(seconds=30)
        chores.remember.using(run_after=at).enqueue("the milk")
        worker.run(once=True)
        assert done == []
        clock.pass_by(30)
        worker.run(once=True)
        assert done == ["the milk"]

    def test_is_not_there_when_its_transaction_is_rolled_back(self, worker, done):
        with transaction.atomic():
            chores.remember.enqueue("the milk")
            transaction.set_rollback(True)
        worker.run(once=True)
        assert done == []

    def test_goes_before_those_of_lower_priority(self, worker, done):
        for priority in (0, 50, -50):
            chores.remember.using(priority=priority).enqueue(priority)
        worker.run(once=True)
        assert done == [50, 0, -50]

    def test_that_fails_is_tried_again_later_each_time(self, worker, clock, done):
        result = chores.count_attempts.enqueue()
        for wait in (2, 4):
            worker.run(once=True)
            assert row_of(result).run_after == clock.now + datetime.timedelta(seconds=wait)
            clock.pass_by(wait - 0.1)
            worker.run(once=True)
            clock.pass_by(0.1)
        worker.run(once=True)
        assert done == [1, 2, 3]
        row = row_of(result)
        assert (row.status, row.traceback) == ("SUCCESSFUL", "")

    def test_shows_its_last_error_while_it_waits(self, worker):
        result = chores.fail.enqueue("it")
        worker.run(once=True)
        row = row_of(result)
        assert (row.status, row.exception_class_path) == ("READY", "builtins.ValueError")
        assert "It will never do." in row.traceback

    def test_is_given_up_after_its_last_attempt(self, worker, clock, done, caplog):
        result = chores.fail.enqueue("it")
        for wait in (10, 15, 3600):
            worker.run(once=True)
            clock.pass_by(wait)
        worker.run(once=True)
        assert done == ["it"] * 3
        row = row_of(result)
        assert row.status == "FAILED"
        assert "It will never do." in row.traceback
        errors = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert len(errors) == 1
        assert "It will never do." in caplog.text
        assert str(row.pk) in errors[0].getMessage()

    def test_is_put_off_by_as_much_as_its_error_says(self, worker, clock):
        result = chores.be_refused.enqueue()
        worker.run(once=True)
        assert row_of(result).run_after == clock.now + datetime.timedelta(seconds=90)

    @pytest.mark.parametrize(
        "task", [chores.end_the_process, chores.answer_with_what_is_no_json], ids=lambda t: t.name
    )
    def test_can_not_end_the_worker(self, worker, done, task):
        result = task.enqueue()
        chores.remember.enqueue("the milk")
        worker.run(once=True)
        assert done == ["the milk"]
        assert row_of(result).status == "READY"

    def test_whose_code_is_gone_is_given_up_in_the_end(self, worker, clock, caplog):
        result = chores.remember.enqueue("the milk")
        DBTaskResult.objects.update(task_path="tests.newsroom.chores.forgotten")
        for _ in range(Retry().attempts):
            worker.run(once=True)
            clock.pass_by(Retry().cap)
        assert row_of(result).status == "FAILED"
        assert "forgotten" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestALease:
    def test_keeps_others_from_a_task_that_is_running(self, worker, clock, done):
        chores.remember.enqueue("the milk")
        assert worker.claim()
        clock.pass_by(59)
        Worker(clock=clock).run(once=True)
        assert done == []

    def test_lets_others_take_over_when_it_runs_out(self, worker, clock, done):
        result = chores.remember.enqueue("the milk")
        worker.claim()
        clock.pass_by(61)
        other = Worker(clock=clock)
        other.run(once=True)
        assert row_of(result).status == "READY"
        clock.pass_by(Retry().base)
        other.run(once=True)
        assert done == ["the milk"]

    def test_that_was_lost_has_no_say_in_how_it_went(self, worker, clock, done, caplog):
        result = chores.remember.enqueue("the milk")
        row = worker.claim()
        clock.pass_by(61)
        Worker(clock=clock).recover()
        worker.perform(row)
        assert done == ["the milk"]
        assert row_of(result).status == "READY"
        assert "taken over" in caplog.text

    def test_that_always_runs_out_ends_the_attempts(self, worker, clock, caplog):
        result = chores.fail.enqueue("it")
        for _ in range(3):
            assert worker.claim()
            clock.pass_by(61)
            worker.recover()
            clock.pass_by(61)
        row = row_of(result)
        assert (row.status, row.exception_class_path) == ("FAILED", "newsroom.worker.WorkerDied")
        assert worker.name in row.traceback
        assert "WorkerDied" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestALongTask:
    def test_keeps_its_lease(self, tmp_path):
        result = chores.take_time.enqueue(str(tmp_path / "log"), "it", 1.5)
        thread = run_in_thread(Worker(lease=0.5))
        others = Worker(lease=0.5)
        while thread.is_alive():
            others.recover()
            time.sleep(0.02)
        row = row_of(result)
        assert (row.status, len(row.worker_ids)) == ("SUCCESSFUL", 1)


@pytest.mark.django_db(transaction=True)
class TestAJob:
    def test_runs_at_once_and_then_whenever_it_is_due(self, worker, clock, done, jobs):
        jobs(tick=60)
        start = clock.now
        worker.run(once=True)
        worker.run(once=True)
        clock.pass_by(59)
        worker.run(once=True)
        assert done == [(None, start)]
        clock.pass_by(1)
        worker.run(once=True)
        assert done[1:] == [(start, clock.now)]

    def test_makes_up_once_for_all_the_runs_that_it_missed(self, worker, clock, done, jobs):
        jobs(tick=60)
        worker.run(once=True)
        clock.pass_by(3600)
        other = Worker(clock=clock)
        other.run(once=True)
        other.run(once=True)
        assert len(done) == 2

    def test_that_fails_is_tried_again_and_then_waits_for_its_next_time(
        self, worker, clock, done, jobs, caplog
    ):
        jobs(stumble=60)
        worker.run(once=True)
        clock.pass_by(4)
        worker.run(once=True)
        assert "It stumbled." in caplog.text
        assert DBTaskResult.objects.get().traceback
        clock.pass_by(59)
        worker.run(once=True)
        assert len(done) == 2
        clock.pass_by(1)
        worker.run(once=True)
        assert [since for since, _until in done] == [None] * 3

    def test_is_taken_over_when_its_worker_died(self, worker, clock, done, jobs):
        jobs(tick=60)
        worker.list_jobs()
        assert worker.claim()
        clock.pass_by(61)
        other = Worker(clock=clock)
        other.run(once=True)
        clock.pass_by(2)
        other.run(once=True)
        assert len(done) == 1

    def test_that_nobody_wants_any_more_is_forgotten(self, worker, done, jobs):
        jobs(tick=60)
        worker.list_jobs()
        path = "tests.newsroom.chores.tick"
        background._jobs[path] = background.Job(path, 60, lambda: False)
        worker.list_jobs()
        worker.run(once=True)
        assert (done, DBTaskResult.objects.count()) == ([], 0)

    def test_comes_sooner_when_a_new_release_says_so(self, worker, clock, done, jobs):
        jobs(tick=86_400)
        worker.run(once=True)
        jobs(tick=60)
        Worker(clock=clock).run(once=True)
        assert len(done) == 2

    def test_prunes_what_was_finished_long_ago(self):
        ages = {"SUCCESSFUL": (0.5, 2), "FAILED": (29, 31), "READY": (40,), "RUNNING": (40,)}
        for status, days in ages.items():
            for age in days:
                result = chores.remember.enqueue(age)
                DBTaskResult.objects.filter(pk=result.id).update(
                    status=status, finished_at=NOW - datetime.timedelta(days=age)
                )
        background.prune.call(None, NOW)
        left = DBTaskResult.objects.values_list("status", "args_kwargs")
        assert {(status, arguments["args"][0]) for status, arguments in left} == {
            ("SUCCESSFUL", 0.5),
            ("FAILED", 29),
            ("READY", 40),
            ("RUNNING", 40),
        }


class TestTheCommand:
    @pytest.mark.django_db(transaction=True)
    def test_runs_what_is_due_and_ends(self, done):
        chores.remember.enqueue("the milk")
        call_command("worker", once=True)
        assert done == ["the milk"]

    def test_refuses_a_lease_of_nothing(self):
        with pytest.raises(CommandError, match="more than 0"):
            call_command("worker", lease=0)


@pytest.mark.django_db(transaction=True)
class TestSeveralThreads:
    def test_never_run_one_task_twice(self, done):
        for number in range(60):
            chores.remember.enqueue(number)
        for thread in [run_in_thread(Worker()) for _ in range(4)]:
            thread.join(30)
            assert not thread.is_alive()
        assert sorted(done) == list(range(60))

    def test_list_each_job_once(self, jobs):
        jobs(tick=60, stumble=60)
        barrier = threading.Barrier(4)

        def list_jobs():
            barrier.wait()
            Worker().list_jobs()

        for thread in [in_thread(list_jobs) for _ in range(4)]:
            thread.join(30)
        assert DBTaskResult.objects.count() == 2


@pytest.mark.django_db(transaction=True)
class TestProcesses:
    @pytest.fixture
    def log(self, tmp_path):
        (tmp_path / "log").touch()
        return tmp_path / "log"

    @pytest.fixture
    def start(self, log):
        """Start a worker as a process of its own."""
        running = []

        def start(*options):
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER, "--interval=0.05", *options],
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": address(), "DEBUG": "0", "CHORES": str(log)},
                stderr=subprocess.PIPE,
                text=True,
            )
            running.append(process)
            return process

        yield start
        for process in running:
            process.kill()
            process.communicate()

    def test_take_over_from_one_that_was_killed(self, start, log):
        result = chores.take_time.enqueue(str(log), "it", 1)
        first = start("--lease=1.5")
        wait_until(lambda: "begins" in log.read_text())
        first.kill()
        first.wait()
        assert row_of(result).status == "RUNNING"
        killed = time.monotonic()
        start("--lease=1.5")
        wait_until(lambda: row_of(result).status == "SUCCESSFUL", 20)
        assert time.monotonic() - killed < 15
        lines = [line for line in log.read_text().splitlines() if line != "tick"]
        assert lines == ["it begins", "it begins", "it ends"]
        assert len(row_of(result).worker_ids) == 2

    def test_run_no_task_twice(self, start, log):
        for number in range(40):
            chores.take_time.enqueue(str(log), number, 0.01)
        workers = [start("--once") for _ in range(2)]
        for process in workers:
            _, complaints = process.communicate(timeout=60)
            assert process.returncode == 0, complaints
            assert "locked" not in complaints
        begun = [int(line.split()[0]) for line in log.read_text().splitlines() if "begins" in line]
        assert sorted(begun) == list(range(40))

    def test_run_a_job_once_when_it_is_due(self, start, log):
        workers = [start() for _ in range(2)]
        chores.take_time.enqueue(str(log), "a", 0.5)
        chores.take_time.enqueue(str(log), "b", 0.5)
        wait_until(lambda: log.read_text().count("ends") == 2)
        for process in workers:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        assert log.read_text().count("tick") == 1

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_finish_their_task_when_told_to_stop(self, start, log, number):
        chores.take_time.enqueue(str(log), "a", 1)
        process = start()
        wait_until(lambda: "a begins" in log.read_text())
        chores.take_time.enqueue(str(log), "b", 0)
        process.send_signal(number)
        _, complaints = process.communicate(timeout=20)
        assert process.returncode == 0, complaints
        assert log.read_text().splitlines()[-1] == "a ends"

    def test_end_at_once_when_idle(self, start, log):
        chores.take_time.enqueue(str(log), "a", 0)
        process = start("--interval=30")
        wait_until(lambda: "a ends" in log.read_text())
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=5)
        assert process.returncode == 0

    def test_end_at_once_when_told_twice(self, start, log):
        result = chores.take_time.enqueue(str(log), "a", 30)
        process = start()
        wait_until(lambda: "a begins" in log.read_text())
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=5)
        assert process.returncode == -signal.SIGTERM
        assert row_of(result).status == "RUNNING"

    def test_end_themselves_when_they_could_not_keep_their_lease(self, start, log):
        chores.take_time.enqueue(str(log), "a", 60)
        frozen = start("--lease=1")
        wait_until(lambda: "a begins" in log.read_text())
        frozen.send_signal(signal.SIGSTOP)
        time.sleep(1.2)
        start("--lease=1")
        wait_until(lambda: log.read_text().count("a begins") == 2)
        frozen.send_signal(signal.SIGCONT)
        frozen.communicate(timeout=10)
        assert frozen.returncode == 1


WORKER = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "newsroom.settings"
django.setup()
import tests.newsroom.chores
from django.core.management import call_command
call_command("worker", *sys.argv[1:])
"""


def address():
    """The test database, as DATABASE_URL names it."""
    said = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{said['NAME']}"
    password = f":{said['PASSWORD']}" if said["PASSWORD"] else ""
    host = said["HOST"] or said["OPTIONS"].get("host", "")
    return f"postgres://{said['USER']}{password}@/{said['NAME']}?host={host}"


def in_thread(function):
    def run():
        try:
            function()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def run_in_thread(worker):
    return in_thread(lambda: worker.run(once=True))


def wait_until(is_so, seconds=15):
    """Wait for another process's work, and fail when it isn't done in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)
