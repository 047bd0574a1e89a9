"""Fill an empty PostgreSQL database with as many stories and comments as wanted."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom import loadtest


class Command(BaseCommand):
    help = (
        "Fill an empty PostgreSQL database with made-up articles, comments and images, to measure"
        " how the site does with many. A database that holds anything else is never touched."
        " See docs/scaling.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--articles", type=int, default=1_000_000)
        parser.add_argument("--comments", type=int, default=10_000_000)
        parser.add_argument("--images", type=int, default=100_000)
        parser.add_argument(
            "--seed", type=int, default=1, help="The same seed gives the same paper."
        )
        parser.add_argument(
            "--validate",
            action="store_true",
            help="Have PostgreSQL prove the length of every comment, 0.1 ms for each.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()

        def say(words: str) -> None:
            if options["verbosity"]:
                self.stdout.write(f"{time.monotonic() - began:6.0f} s  {words}")
                self.stdout.flush()

        size = loadtest.Size(options["articles"], options["comments"], options["images"])
        try:
            loadtest.load(size, seed=options["seed"], is_proved=options["validate"], say=say)
        except loadtest.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        say("Done.")
        say(f"`manage.py changepassword {loadtest.LOGIN}` opens the desk.")
