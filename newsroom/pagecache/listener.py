"""Hears what other machines touch, over a connection of its own to the shared PostgreSQL.

One process of the machine listens; another takes over when it ends. What was said while nobody
listened is lost, so each new connection begins with everything stale. While it stands, the time
is noted in the counters again and again; when that stops, the page cache trusts no page for longer
than PAGE_CACHE_SILENCE.
"""

import fcntl
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import time_ns

import psycopg
from django.db import connections

from . import purge
from .generations import HEARD, Generations

logger = logging.getLogger(__name__)

#: Seconds between two looks at whether the connection stands.
_BEAT = 1.0
#: Seconds between two attempts to connect, or to become the one that listens.
_PAUSE = 0.5


class Listener(threading.Thread):
    """Listens until the process ends.

    `folder` is where the processes of this machine agree on who listens; `counters` are what they
    share, asked for each time as their file may be made anew.
    """

    def __init__(self, folder: Path, counters: Callable[[], Generations]) -> None:
        super().__init__(name="page-cache-listener", daemon=True)
        self._folder = folder
        self._counters = counters
        self._ending = threading.Event()

    def run(self) -> None:
        with open(self._folder / "listening", "wb") as turn:
            while not self._ending.is_set():
                try:
                    fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    # Another process listens for this machine.
                    self._ending.wait(_PAUSE)
                    continue
                try:
                    self._listen()
                except (psycopg.Error, OSError) as error:
                    logger.warning("Can't hear other machines: %s", str(error).strip())
                    self._ending.wait(_PAUSE)

    def stop(self) -> None:
        """End soon, and let another process listen."""
        self._ending.set()

    def _listen(self) -> None:
        parameters = connections["default"].get_connection_params()
        for name in ("cursor_factory", "context", "row_factory", "prepare_threshold"):
            parameters.pop(name, None)
        with psycopg.connect(
            **{"connect_timeout": 5, "tcp_user_timeout": 3000, **parameters}, autocommit=True
        ) as connection:
            connection.execute(f"LISTEN {purge.CHANNEL}")
            self._counters().touch_everything()
            while not self._ending.is_set():
                self._counters().words[HEARD] = time_ns() // 1000
                for notice in connection.notifies(timeout=_BEAT):
                    purge.heard(notice.payload, self._counters())
                connection.execute("SELECT 1")
