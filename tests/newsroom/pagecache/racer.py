"""One process of a race: changes the paper or reads it through the page cache, as it is told.

Reads a line of JSON for each race from its input and writes a line with what it did and saw, with
moments in nanoseconds of the clock that all processes of a machine share. Started by
test_never_stale.py; `python -m tests.newsroom.pagecache.racer DATABASE FOLDER`.
"""

import datetime
import json
import os
import random
import re
import sys
import time
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django
from django.conf import settings


def main(database: str, folder: str) -> None:
    settings.DATABASES["default"]["NAME"] = database
    settings.PAGE_CACHE_FOLDER = Path(folder)
    settings.PAGE_CACHE_LISTEN = False
    django.setup()

    from django.core.wsgi import get_wsgi_application

    from newsroom.pagecache.site import page_cache

    cache = page_cache(get_wsgi_application())
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        chance = random.Random(order["seed"])
        done: list[dict[str, Any]] = []
        while time.time() < order["start"]:
            time.sleep(0.001)
        for _number in range(order["steps"]):
            if order["role"] == "reader":
                # As long as the changers take, and a scheduled story's moment to come.
                time.sleep(chance.random() * 0.012)
                done.append(read(cache, chance.choice(order["paths"])))
            else:
                done.extend(change(chance, order))
        print(json.dumps(done), flush=True)


def read(cache: Any, path: str) -> dict[str, Any]:
    """Ask for a page, and note the versions that it shows."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_HOST": "testserver",
    }
    setup_testing_defaults(environ)
    status: list[Any] = []
    began = time.time_ns()
    body = b"".join(cache(environ, lambda *arguments: status.extend(arguments))).decode()
    return {
        "path": path,
        "began": began,
        "status": status[0][:3],
        "is_hit": ("Cache-Status", "newsroom; hit") in status[1],
        "versions": {
            pk: int(version) for pk, version in re.findall(r"Story (\d+) version (\d+)", body)
        },
        "comments": len(re.findall(r'<article class="comment"', body)),
    }


def change(chance: random.Random, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Publish, schedule, approve or reject; note each committed change and when it was."""
    from django.contrib.auth.models import User
    from django.db import transaction

    from articles import publishing
    from articles.models import Article
    from comments import moderation
    from comments.models import Comment

    editor = User.objects.get(pk=order["by"])
    pk = chance.choice(order["articles"])
    noted: list[dict[str, Any]] = []
    time.sleep(chance.random() * 0.003)
    kind = chance.choice(["publish", "schedule", "approve", "approve", "give up"])
    with transaction.atomic():
        article = Article.objects.select_for_update().get(pk=pk)
        # The very first that is called after the commit: nothing is settled yet.
        transaction.on_commit(lambda: [note.update(at=time.time_ns()) for note in noted])
        # Widens the gap between the commit and what follows it.
        transaction.on_commit(lambda: time.sleep(chance.random() * 0.004))
        if kind == "approve":
            comment = Comment.objects.create(
                article=article, name="Mira", email="m@example.org", body="A long sentence. " * 4
            )
            if chance.random() < 0.7:
                moderation.approve(comment, by=editor)
                count = Comment.objects.filter(article=article, status="approved").count()
                noted.append({"article": pk, "comments": count})
        else:
            version = article.editions.count() + 1
            article.headline = article.short_title = f"Story {pk} version {version}"
            article.save()
            soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(
                milliseconds=chance.randint(60, 300)
            )
            at = soon if kind == "schedule" else None
            edition = publishing.publish(article, by=editor, at=at)
            noted.append({"article": pk, "version": version, "edition": edition.pk})
            if at is not None:
                noted[-1]["from"] = at.timestamp() * 1e9
            if kind == "give up":
                transaction.set_rollback(True)
                noted.clear()
    return [note for note in noted if "at" in note]


if __name__ == "__main__":
    main(*sys.argv[1:])
