"""A site with a replica, in a process of its own: does what each line of its input says."""

import json
import os
import sys
import tempfile

os.environ.update(
    DJANGO_SETTINGS_MODULE="newsroom.settings",
    DEBUG="1",
    NEWSROOM_DATA=tempfile.mkdtemp(prefix="newsroom-replicated-"),
    PAGE_CACHE_LISTEN="0",
    # The throw-away primary otherwise takes its time to write what its replica waits for.
    PGOPTIONS="-c synchronous_commit=on",
    SITE_URL="http://testserver",
)

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

from articles.models import Edition  # noqa: E402
from comments import moderation  # noqa: E402
from newsroom import replica  # noqa: E402
from tests.factories import COMMENT, make_comment, make_editor, make_moderator, publish_article  # noqa: E402

replica.PAUSE_AWAY, replica.PAUSE_BEHIND, replica.PATIENCE = 0.5, 0.0, 0.2


class Site:
    def __init__(self):
        call_command("migrate", verbosity=0)
        self.editor = make_editor()
        self.moderator = make_moderator()

    def publish(self, headline):
        publish_article(by=self.editor, headline=headline, short_title=headline)

    def get(self, path="/"):
        """The page, and from which databases its rows came."""
        return self._asked(lambda: Client().get(path))

    def post_comment(self):
        path = Edition.objects.live()[0].get_absolute_url() + "comments/"
        typed = {"comment": COMMENT, "name": "Mira Holt", "email": "mira@example.com"}
        return self._asked(
            lambda: Client().post(path, typed, headers={"Sec-Fetch-Site": "same-origin"})
        )

    def follow(self, is_followed):
        """Let the replica follow the primary, or not."""
        verb = "resume" if is_followed else "pause"
        with connections["replica"].cursor() as cursor:
            cursor.execute(f"SELECT pg_wal_replay_{verb}()")

    def delay(self, milliseconds):
        """Let the replica follow so much later."""
        with connections["replica"].cursor() as cursor:
            cursor.execute(f"ALTER SYSTEM SET recovery_min_apply_delay = {milliseconds}")
            cursor.execute("SELECT pg_reload_conf()")

    def race(self, rounds):
        """Read after each commit at once; how many pages were older, and came from the replica."""
        path = Edition.objects.live()[0].get_absolute_url()
        article = Edition.objects.live()[0].article
        older, used = 0, 0
        for number in range(rounds):
            comment = make_comment(article, name=f"Reader {number}.")
            moderation.approve(comment, by=self.moderator)
            found = self.get(path)
            older += f"Reader {number}." not in found["body"]
            used += "replica" in found["rows"]
        return {"older": older, "used": used}

    def _asked(self, ask):
        asked = []

        def note(alias):
            def wrapper(execute, sql, *arguments):
                if ' FROM "' in sql or "INSERT" in sql:
                    asked.append(alias)
                return execute(sql, *arguments)

            return wrapper

        with (
            connections["default"].execute_wrapper(note("default")),
            connections["replica"].execute_wrapper(note("replica")),
        ):
            response = ask()
        return {
            "status": response.status_code,
            "body": response.content.decode(),
            "rows": sorted(set(asked)),
        }


def main():
    site = Site()
    for line in sys.stdin:
        verb, arguments = json.loads(line)
        sys.stdout.write(json.dumps(getattr(site, verb)(**arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
