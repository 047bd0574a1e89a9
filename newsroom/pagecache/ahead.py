"""Makes pages again soon after a change, so that few readers wait for it.

Readers go first: a rendering takes an interpreter that they share.
"""

import io
import logging
import threading
from collections.abc import Callable, Iterator
from time import perf_counter, sleep
from typing import Any

logger = logging.getLogger(__name__)

Environ = dict[str, Any]

#: How long nothing must have changed: until then those have the machine who make changes, and who
#: read just when they come. No longer than that in all, where changes never end. In seconds.
CALM = 0.05
LONGEST = 10.0


class Ahead:
    """A thread that takes the steps of `refresh` whenever it is woken.

    `refresh` is given the environment of a request. After each step the thread rests for as long
    as the step took. It starts when it is first woken, as a server may fork before.
    """

    def __init__(self, refresh: Callable[[Environ], Iterator[None]]) -> None:
        self._refresh = refresh
        self._woken = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._environ: Environ = {}

    def wake(self, environ: Environ) -> None:
        """Something has changed, as a request has met.

        `environ` is its environment, which nobody else may change.
        """
        self._environ = environ
        self._woken.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="page-cache-ahead", daemon=True
                    )
                    self._thread.start()

    def _run(self) -> None:
        while True:
            self._woken.wait()
            end = perf_counter() + LONGEST
            while not self._has_passed(end):
                continue

    def _has_passed(self, end: float) -> bool:
        """Take all steps once it is calm; false when something changes meanwhile.

        From the moment `end` on they are taken whatever changes.
        """
        while self._woken.is_set() and perf_counter() < end:
            self._woken.clear()
            sleep(CALM)
        # The pass that begins now meets whatever has changed until now.
        self._woken.clear()
        # The request's own input ends with it.
        environ = {**self._environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": ""}
        try:
            began = perf_counter()
            for _step in self._refresh(environ):
                if self._woken.is_set() and perf_counter() < end:
                    return False
                sleep(perf_counter() - began)
                began = perf_counter()
        except Exception:
            # Whoever asks for the page next is told.
            logger.exception("A page could not be made again ahead of its readers")
        return True
