"""`manage.py worker`: run what was put off, until told to stop."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.worker import INTERVAL, LEASE, Worker


class Command(BaseCommand):
    help = "Run background tasks and periodic jobs. SIGTERM ends it after the current task."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Run what is due, and end.")
        parser.add_argument(
            "--interval",
            type=float,
            default=INTERVAL,
            help="Seconds between two looks for something to do (%(default)s).",
        )
        parser.add_argument(
            "--lease",
            type=float,
            default=LEASE,
            help="Seconds after which the task of a worker that died is taken over (%(default)s).",
        )

    def handle(self, *args: Any, once: bool, interval: float, lease: float, **options: Any) -> None:
        if interval <= 0 or lease <= 0:
            raise CommandError("--interval and --lease must be more than 0 seconds.")
        worker = Worker(interval=interval, lease=lease, has_process=True)
        with worker.heeding_signals():
            worker.run(once=once)
