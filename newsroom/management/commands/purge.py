"""`manage.py purge`: have pages made anew, here, on the other machines, and at the CDN."""

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from newsroom.pagecache import cdn, purge

_KEY = re.compile(r"[!-+\--~]+")


class Command(BaseCommand):
    help = "Make kept pages stale: those that name one of the keys, or all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="*", metavar="KEY", help="For example article:42.")
        parser.add_argument("--all", action="store_true", help="Every page.")

    def handle(self, *args: Any, keys: list[str], **options: Any) -> None:
        is_all = options["all"]
        if bool(keys) == is_all:
            raise CommandError("Name the keys to purge, or say --all.")
        for key in keys:
            if not _KEY.fullmatch(key):
                raise CommandError(f"{key!r} is no key: see the Surrogate-Key header of a page.")
        with transaction.atomic():
            if is_all:
                purge.tell_others([purge.EVERYTHING])
                cdn.owe([purge.EVERYTHING])
                transaction.on_commit(purge.counters().touch_everything)
            else:
                purge.tell_others(keys)
                cdn.owe(keys)
                transaction.on_commit(purge.counters().open(keys).close)
        self.stdout.write(
            "Purged." + (f" The worker purges {settings.CDN} as well." if cdn.is_used() else "")
        )
