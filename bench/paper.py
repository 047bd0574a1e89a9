"""Papers to measure with: the site as in production, on databases of its own."""

import http.client
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from . import machine

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from articles.models import Article, Edition

#: What the site believes to be its own address.
SITE = "127.0.0.1:8000"
WORDS = "The ferry is how my children get to school, so I am glad that it stays."
#: What browsers send; the first is most readers' by far.
BROWSERS = {"br": "gzip, deflate, br, zstd", "gzip": "gzip, deflate"}

_numbers = count(1)


def open_site(database: str = "", **settings: str) -> None:
    """Make this process, and servers that it starts, the site with these settings."""
    folder = machine.folder()
    os.environ.update(
        {
            "DEBUG": "0",
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "newsroom.settings",
            "NEWSROOM_DATA": str(folder / "data"),
            # Files with their compressed copies take ten seconds, so all parts of a run share them.
            "STATIC_ROOT": str(folder.parent / "static"),
            "SECRET_KEY": "only-for-measuring-" + "0" * 40,
            "SITE_URL": f"http://{SITE}",
            # Each sender of a comment has an address of its own, as behind a proxy.
            "TRUSTED_PROXIES": "127.0.0.1/32",
            **settings,
        }
    )
    for name in ("ALLOWED_HOSTS", "PAGE_CACHE_FOLDER", "LANGUAGE_CODE", "TIME_ZONE"):
        if name not in settings:
            os.environ.pop(name, None)
    import django

    django.setup()
    from django.conf import settings as chosen
    from django.core.management import call_command

    # A line for every missing page would be measured too.
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    if not (Path(chosen.STATIC_ROOT) / "staticfiles.json").exists():
        call_command("collectstatic", interactive=False, verbosity=0)


class Cluster:
    """A throw-away PostgreSQL that can be killed and started again."""

    def __init__(self, address: str, programs: Path) -> None:
        self.address = address
        self._programs = programs
        self._home = Path(address.rpartition("host=")[2])

    def kill(self) -> None:
        """End all its processes at once, as the kernel does when memory runs out."""
        lock = self._home / "data" / "postmaster.pid"
        processes = machine.tree(int(lock.read_text().split()[0]))
        for pid in processes:
            # The first one's end may have ended the others already.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(Path(f"/proc/{pid}").exists() for pid in processes):
            time.sleep(0.01)
        # Its number may be another process's by the time it is started again.
        lock.unlink()

    def start(self) -> None:
        """Start it as it was started first; returns when it takes connections."""
        owner = (self._home / "data").stat()
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        subprocess.run(  # noqa: S603
            [
                str(self._programs / "pg_ctl"),
                *("-D", str(self._home / "data"), "-l", str(self._home / "log"), "-w", "restart"),
            ],
            cwd=self._home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            **(as_owner if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
        )


@contextmanager
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL of the part's own, with the durability that production has."""
    import psycopg

    from tests import postgres as throw_away

    programs = throw_away.binaries()
    if programs is None:
        raise SystemExit("PostgreSQL is missing. On Debian: apt-get install postgresql")
    with throw_away.cluster(programs) as address:
        home = Path(address.rpartition("host=")[2])
        machine.remember(home.parent)
        with psycopg.connect(
            host=str(home), user=throw_away.NAME, dbname=throw_away.NAME, autocommit=True
        ) as connection:
            # Tests don't mind losing what was committed last; a paper does.
            connection.execute(f"ALTER DATABASE {throw_away.NAME} SET synchronous_commit = on")
        yield Cluster(address, programs)


def fill(articles: int, comments: int) -> None:
    """Copy a paper of so many stories and comments into an empty PostgreSQL."""
    from newsroom import loadtest

    machine.note(f"Writing {articles:,} stories and {comments:,} comments...")
    loadtest.load(loadtest.Size(articles, comments, images=100))


def live(number: int | None = None) -> "list[Edition]":
    """The stories that readers see, newest first."""
    from articles.models import Edition

    return list(Edition.objects.live().select_related("article", "section").newest_first()[:number])


def staff() -> "User":
    """Somebody who may do everything."""
    from django.contrib.auth.models import User

    made: User = User.objects.create_superuser(f"staff{next(_numbers)}", password=None)
    return made


def comment_on(article: "Article", number: int, *, is_shown: bool = True) -> None:
    """Give the story so many comments."""
    from comments.models import Comment

    Comment.objects.bulk_create(
        Comment(
            article=article,
            name=f"Reader {each}",
            email="reader@example.org",
            body=WORDS,
            status=Comment.Status.APPROVED if is_shown else Comment.Status.PENDING,
        )
        for each in range(number)
    )


def post(port: int, path: str, words: str, *, timeout: float = 30) -> machine.Reply:
    """Send a comment under the story at `path`, from an address that nobody else has."""
    number = next(_numbers)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    form = {"comment": words, "name": "Mira Holt", "email": "mira@example.org", "website": ""}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin",
        "X-Forwarded-For": address,
        "X-Forwarded-Proto": "http",
    }
    body = urlencode(form).encode()
    return machine.fetch(port, f"{path}comments/", headers, body=body, timeout=timeout)


def visit(port: int, paths: list[str], accepted: str, *, readers: int = 8) -> int:
    """Ask for each page once, over so many connections; how many were not answered 200."""
    left = iter(paths)
    turn = threading.Lock()
    refused = [0] * readers

    def read(reader: int) -> None:
        connection = http.client.HTTPConnection(machine.HOST, port, timeout=60)
        while True:
            with turn:
                path = next(left, None)
            if path is None:
                break
            answer = machine.ask(connection, path, {"Accept-Encoding": accepted})
            refused[reader] += answer.status != 200
        connection.close()

    threads = [threading.Thread(target=read, args=[reader]) for reader in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(refused)


def zipf(items: int, draws: int, seed: int) -> list[int]:
    """Places in a list of so many items, each drawn in proportion to one over its rank.

    The ranks are the same whatever the seed: other readers, the same taste.
    """
    weights = [1 / (rank + 1) for rank in range(items)]
    # Popularity has nothing to do with age.
    order = list(range(items))
    Random(0).shuffle(order)
    return Random(seed).choices(order, weights, k=draws)
