"""Work that nobody waits for: how to put it off, how often it is tried, what runs by itself.

A task is enqueued as a row of the database, in the transaction that makes it necessary: it is
there exactly when that is committed. `manage.py worker` runs it. A task may be run again after it
failed or its worker died, never twice at the same time: doing it again must do no harm.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django_tasks_db.compat import Task
from django_tasks_db.models import DBTaskResult

try:
    from django.tasks import task as _task
except ImportError:
    # Before Django 6.0.
    from django_tasks import task as _task  # type: ignore[no-redef]

#: How long rows of finished tasks are kept: those that failed are there to be looked into.
KEEP_DONE = timedelta(days=1)
KEEP_FAILED = timedelta(days=30)

_NAMES = uuid.UUID("6f1d5a3c-0d5e-4f43-9a53-6c0c9d1f7b52")
#: Doubling more often than this reaches every sensible cap, and no float's end.
_MOST_DOUBLINGS = 40


@dataclass(frozen=True)
class Retry:
    """How often a task is tried, and how long to wait in between."""

    attempts: int = 8
    #: Seconds to wait after the first failure; each time twice as long, up to the cap.
    base: float = 2.0
    cap: float = 600.0

    def delay(self, attempt: int, chance: float) -> float:
        """Seconds to wait after that attempt (the first is 1) has failed.

        `chance`, from 0 to 1, takes up to half of it off, so that what failed together is not
        tried again together.
        """
        doubled = self.base * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS)
        return min(self.cap, doubled) * (1 - chance / 2)


@dataclass(frozen=True)
class Job:
    """A task that runs by itself; its row in the database is always the same one."""

    path: str
    #: Seconds from the beginning of one run to the next.
    every: float
    is_wanted: Callable[[], bool]

    @property
    def id(self) -> uuid.UUID:
        return uuid.uuid5(_NAMES, self.path)


_retries: dict[str, Retry] = {}
_jobs: dict[str, Job] = {}


def task(*, retry: Retry = Retry(), **options: Any) -> Callable[[Callable[..., Any]], Task]:
    """Make a function of a module a task, as Django's decorator does, that is tried again.

    An exception with a `retry_after`, in seconds, puts the next attempt off by at least that.
    """

    def mark(function: Callable[..., Any]) -> Task:
        made: Task = _task(**options)(function)
        _retries[made.module_path] = retry
        return made

    return mark


def periodic(
    *, every: float, retry: Retry = Retry(), is_wanted: Callable[[], bool] = lambda: True
) -> Callable[[Callable[[datetime | None, datetime], None]], Task]:
    """Have a function of a module run every so many seconds, by one of the workers.

    It is called with the moment up to which its last good run had looked (None at first) and the
    moment of this one. Runs that were missed while there was no worker are made up for by one.
    """

    def mark(function: Callable[[datetime | None, datetime], None]) -> Task:
        made = task(retry=retry)(function)
        _jobs[made.module_path] = Job(made.module_path, every, is_wanted)
        return made

    return mark


def retry_of(path: str) -> Retry:
    """How a task is tried again, also one that came without `task`."""
    return _retries.get(path, Retry())


def jobs() -> list[Job]:
    return list(_jobs.values())


def job_of(row: DBTaskResult) -> Job | None:
    """The job whose row this is."""
    job = _jobs.get(row.task_path)
    return job if job is not None and job.id == row.pk else None


@periodic(every=3600)
def prune(since: datetime | None, until: datetime) -> None:
    """Delete the rows of tasks that were finished long ago."""
    DBTaskResult.objects.successful().filter(finished_at__lt=until - KEEP_DONE).delete()
    DBTaskResult.objects.failed().filter(finished_at__lt=until - KEEP_FAILED).delete()
