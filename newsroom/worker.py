"""Runs what was put off: claims tasks, one at a time, and sees to it that none is lost.

django-tasks-db keeps the rows. What its own worker has no place for is here: tasks that failed are
tried again, tasks whose worker died are taken over, and jobs run by themselves.

A worker holds a lease of the task that it runs: the row's `run_after` is when others may take it
over. The lease is renewed while the task runs. A worker that can't renew it ends itself before
that moment, so a task is never run by two at the same time; only the machines' clocks must agree.
"""

import faulthandler
import logging
import os
import random
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic, sleep
from traceback import format_exception, format_exception_only
from types import FrameType
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
    transaction,
)
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks_db.compat import (
    DEFAULT_TASK_BACKEND_ALIAS,
    TaskContext,
    TaskResultStatus,
    normalize_json,
    task_finished,
    task_started,
)
from django_tasks_db.models import DBTaskResult, get_date_max
from django_tasks_db.utils import retry as persistently

from . import background

logger = logging.getLogger(__name__)

#: Seconds between two looks for something to do.
INTERVAL = 1.0
#: Seconds after which the task of a worker that died is taken over.
LEASE = 60.0

#: The part of a lease that may pass before it is renewed, and before the worker ends itself.
_RENEWAL, _LAST_MOMENT = 0.25, 0.9
#: Seconds between two looks at whether each job has its row.
_JOBS_LOOK = 60.0
#: How often to look again when others were quicker, and the seconds in between.
_TRIES, _BREATH = 20, 0.01


class WorkerDied(Exception):
    """The worker that ran a task hasn't renewed its lease."""


class Worker:
    """Runs tasks until it is told to stop."""

    def __init__(
        self,
        *,
        interval: float = INTERVAL,
        lease: float = LEASE,
        clock: Callable[[], datetime] = timezone.now,
        chance: Callable[[], float] = random.random,
        has_process: bool = False,
    ) -> None:
        """`interval` and `lease` are seconds; with `has_process` it may end the whole process."""
        self.name = f"{socket.gethostname()[:24]}:{os.getpid()}:{get_random_string(8)}"
        self.interval = interval
        self.lease = timedelta(seconds=lease)
        self._clock = clock
        self._chance = chance
        self._has_process = has_process
        self._is_stopping = False
        self._is_cut_off = False
        self._claimed_at = self._jobs_at = self._recovery_at = -1.0
        self._alarm: tuple[int, int] | None = None

    def stop(self) -> None:
        """End after the task that is running; safe in a signal handler."""
        self._is_stopping = True
        if self._alarm is not None:
            os.write(self._alarm[1], b".")

    @contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; the second one ends the process at once."""

        def heed(number: int, frame: FrameType | None) -> None:
            self.stop()
            for each in before:
                signal.signal(each, signal.SIG_DFL)

        before = {each: signal.signal(each, heed) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def run(self, *, once: bool = False) -> None:
        """Work until stopped; with `once`, until nothing is due."""
        self._alarm = os.pipe()
        try:
            self._work(self._alarm[0], once)
        finally:
            for end in self._alarm:
                os.close(end)
            self._alarm = None

    def _work(self, alarm: int, once: bool) -> None:
        while not self._is_stopping:
            close_old_connections()
            try:
                row = self._next()
                self._is_cut_off = False
                if row is not None:
                    self.perform(row)
                    continue
            except (OperationalError, InterfaceError) as error:
                if once:
                    raise
                if not self._is_cut_off:
                    logger.warning("Can't reach the database: %s", str(error).strip())
                self._is_cut_off = True
            if once:
                return
            close_old_connections()
            select.select([alarm], [], [], self.interval)

    def list_jobs(self) -> None:
        """See to it that each job has its row, and is due no later than it should be."""
        now = self._clock()
        for job in background.jobs():
            rows = DBTaskResult.objects.filter(pk=job.id)
            if not job.is_wanted():
                rows.filter(status=TaskResultStatus.READY).delete()
                continue
            rows.get_or_create(
                pk=job.id,
                defaults={
                    "task_path": job.path,
                    "args_kwargs": _arguments(None),
                    "backend_name": DEFAULT_TASK_BACKEND_ALIAS,
                    "run_after": now,
                },
            )
            latest = now + timedelta(seconds=max(job.every, background.retry_of(job.path).cap))
            rows.filter(status=TaskResultStatus.READY, run_after__gt=latest).update(run_after=now)

    def recover(self) -> None:
        """Take over the tasks of workers that died."""
        lapsed = DBTaskResult.objects.filter(
            status=TaskResultStatus.RUNNING, run_after__lt=self._clock()
        )
        if not lapsed.exists():
            return
        with transaction.atomic():
            for row in lapsed.select_for_update(skip_locked=True):
                try:
                    raise WorkerDied(f"The worker {row.worker_ids[-1:]} died while it ran this.")
                except WorkerDied as error:
                    self._failed(row, error)

    def claim(self) -> DBTaskResult | None:
        """A task that is due, now this worker's."""
        due = DBTaskResult.objects.filter(
            Q(run_after=get_date_max()) | Q(run_after__lte=self._clock()),
            status=TaskResultStatus.READY,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
        )
        for _ in range(_TRIES):
            # Looking first takes no lock from anybody while there is nothing to do.
            if not due.exists():
                break
            with transaction.atomic():
                row = due.get_locked()
                if row is not None:
                    # Only now: waiting for a lock is no part of the lease.
                    self._claimed_at, now = monotonic(), self._clock()
                    row.status = TaskResultStatus.RUNNING
                    row.started_at = now
                    row.run_after = now + self.lease
                    row.worker_ids = [*row.worker_ids, self.name]
                    row.save(update_fields=["status", "started_at", "run_after", "worker_ids"])
                    return row
            sleep(_BREATH)
        return None

    def perform(self, row: DBTaskResult) -> None:
        """Run a claimed task, and note how it went."""
        job = background.job_of(row)
        with self._leased(row):
            try:
                result = self._run_job(row) if job else self._run(row)
            except (Exception, SystemExit) as error:
                close_old_connections()
                self._failed(row, error)
            else:
                close_old_connections()
                self._succeeded(row, job, result)

    def _next(self) -> DBTaskResult | None:
        moment = monotonic()
        if moment >= self._jobs_at:
            self.list_jobs()
            self._jobs_at = moment + _JOBS_LOOK
        if moment >= self._recovery_at:
            self.recover()
            self._recovery_at = moment + self.lease.total_seconds() * _RENEWAL
        return self.claim()

    def _run(self, row: DBTaskResult) -> Any:
        task = row.task
        result = row.task_result
        task_started.send_robust(sender=type(task.get_backend()), task_result=result)
        arguments: list[Any] = [TaskContext(task_result=result)] if task.takes_context else []
        return normalize_json(task.call(*arguments, *result.args, **result.kwargs))

    def _run_job(self, row: DBTaskResult) -> datetime:
        """The moment up to which the job has looked."""
        since = row.args_kwargs["kwargs"]["since"]
        until = self._clock()
        row.task.call(datetime.fromisoformat(since) if since else None, until)
        return until

    def _succeeded(self, row: DBTaskResult, job: background.Job | None, result: Any) -> None:
        good = {"exception_class_path": "", "traceback": ""}
        if job is not None:
            self._note(
                row,
                status=TaskResultStatus.READY,
                args_kwargs=_arguments(result),
                run_after=result + timedelta(seconds=job.every),
                worker_ids=[],
                finished_at=self._clock(),
                **good,
            )
            return
        self._note(
            row,
            status=TaskResultStatus.SUCCESSFUL,
            finished_at=self._clock(),
            return_value=result,
            **good,
        )
        self._tell(row)

    def _failed(self, row: DBTaskResult, error: BaseException) -> None:
        """Have it tried again, or give it up; to be called where the error is handled."""
        job = background.job_of(row)
        retry = background.retry_of(row.task_path)
        attempt = len(row.worker_ids)
        now = self._clock()
        bad = {
            "exception_class_path": f"{type(error).__module__}.{type(error).__qualname__}",
            "traceback": "".join(format_exception(error)),
        }
        if attempt < retry.attempts:
            wait = max(retry.delay(attempt, self._chance()), getattr(error, "retry_after", 0.0))
            again = now + timedelta(seconds=wait)
            self._note(row, status=TaskResultStatus.READY, run_after=again, **bad)
            logger.warning(
                "%s failed, attempt %d of %d, the next in %.1f s: %s",
                row.task_path,
                attempt,
                retry.attempts,
                wait,
                "".join(format_exception_only(error)).strip(),
            )
        elif job is not None:
            again = now + timedelta(seconds=job.every)
            self._note(row, status=TaskResultStatus.READY, run_after=again, worker_ids=[], **bad)
            logger.error("%s failed %d times", row.task_path, attempt, exc_info=error)
        else:
            self._note(row, status=TaskResultStatus.FAILED, finished_at=now, **bad)
            # The library's own receiver logs the error.
            if not self._tell(row):
                logger.error("%s failed %d times", row.task_path, attempt, exc_info=error)

    @persistently(retries=5, backoff_delay=0.5)
    def _note(self, row: DBTaskResult, **values: Any) -> None:
        """Write down how a task went, unless somebody else has taken it over."""
        if not _held(row).update(**values):
            logger.error("%s %s was taken over while it ran", row.task_path, row.pk)

    def _tell(self, row: DBTaskResult) -> bool:
        """Announce that a task is finished, unless its code is gone; whether that was possible."""
        try:
            row.refresh_from_db()
            result = row.task_result
        except (ImportError, SuspiciousOperation, DBTaskResult.DoesNotExist):
            return False
        task_finished.send_robust(sender=type(result.task.get_backend()), task_result=result)
        return True

    @contextmanager
    def _leased(self, row: DBTaskResult) -> Iterator[None]:
        """Renew the lease of the task for as long as it runs."""
        is_over = threading.Event()
        renewal = threading.Thread(
            target=self._renew, args=(row, is_over), name="lease", daemon=True
        )
        self._fence(self._claimed_at)
        renewal.start()
        try:
            yield
        finally:
            is_over.set()
            renewal.join()
            if self._has_process:
                faulthandler.cancel_dump_traceback_later()

    def _renew(self, row: DBTaskResult, is_over: threading.Event) -> None:
        pause = self.lease.total_seconds() * _RENEWAL
        try:
            while not is_over.wait(pause):
                moment = monotonic()
                try:
                    held = _held(row).update(run_after=self._clock() + self.lease)
                except (OperationalError, InterfaceError) as error:
                    logger.warning("Can't renew a lease: %s", str(error).strip())
                    close_old_connections()
                    continue
                if held and not is_over.is_set():
                    self._fence(moment)
        finally:
            connections.close_all()

    def _fence(self, moment: float) -> None:
        """End the process when a lease taken at that moment of the monotonic clock runs out."""
        if self._has_process:
            left = self.lease.total_seconds() * _LAST_MOMENT - (monotonic() - moment)
            faulthandler.dump_traceback_later(max(left, 0.001), exit=True, file=2)


def _held(row: DBTaskResult) -> "QuerySet[DBTaskResult]":
    """The row, while the claim that was made on it stands."""
    return DBTaskResult.objects.filter(
        pk=row.pk, status=TaskResultStatus.RUNNING, worker_ids=row.worker_ids
    )


def _arguments(since: datetime | None) -> dict[str, Any]:
    return {"args": [], "kwargs": {"since": since.isoformat() if since else None}}
