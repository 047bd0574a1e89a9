"""What the page cache in front must know of this site."""

import hashlib
import json
import os
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connection
from django.urls import Resolver404, resolve

from . import purge
from .front import PageCache
from .generations import Generations
from .listener import Listener
from .metrics import Metrics
from .shelf import Shelf
from .store import Pages

#: Where nothing is the same for everybody, and files that have caches of their own.
_PRIVATE = ("admin/", "comments/", "static/", "media/", "metrics", "healthz", "readyz")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class DjangoSite:
    """The site as `front.Site` describes it."""

    def __init__(self) -> None:
        self.session_cookie = settings.SESSION_COOKIE_NAME
        self.private_paths = tuple(f"/{path}" for path in _PRIVATE)
        self.secure_mark: tuple[str, str] | None = None
        if settings.IS_HTTPS:
            # Plain requests are redirected, and get no Strict-Transport-Security.
            header = settings.SECURE_PROXY_SSL_HEADER
            self.secure_mark = header or ("wsgi.url_scheme", "https")

    def query_of(self, path: str) -> frozenset[str] | None:
        try:
            view = resolve(_decoded(path)).func
        except Resolver404:
            # A missing page, or one whose address lacks its last slash and is redirected.
            return frozenset() if path.endswith("/") else None
        return getattr(view, "public_query", None)

    def part_path(self, name: str) -> str | None:
        return f"/parts/{name}/"

    def turned(self, since: int, until: int) -> tuple[set[str], int | None]:
        close_old_connections()
        try:
            return purge.turned(since, until)
        finally:
            close_old_connections()

    def listens(self) -> float | None:
        return settings.PAGE_CACHE_SILENCE if is_shared() else None


def is_shared() -> bool:
    """Whether other machines may change what this one shows."""
    return bool(settings.PAGE_CACHE_LISTEN) and connection.vendor == "postgresql"


def page_cache(application: WSGIHandler, *, is_ahead: bool = True) -> PageCache:
    """The application behind a page cache as the settings want it."""
    counters, shelf = _places()
    folder = settings.PAGE_CACHE_FOLDER
    cache = PageCache(
        application,
        DjangoSite(),
        counters,
        pages=Pages(settings.PAGE_CACHE_MB * 1_000_000),
        shelf=shelf,
        counters=Metrics(folder, counters.owner),
        renew=_places,
        is_ahead=is_ahead,
    )
    if is_shared():
        Listener(folder, purge.counters).start()
    return cache


def _places() -> tuple[Generations, Shelf | None]:
    """The counters of this machine, and the shelf for pages that bear their numbers."""
    counters = purge.counters()
    if not settings.PAGE_CACHE_DISK_MB or not _BOOT.exists():
        return counters, None
    budget = settings.PAGE_CACHE_DISK_MB * 1_000_000
    return counters, Shelf(settings.PAGE_CACHE_FOLDER, fingerprint(counters), budget=budget)


def fingerprint(counters: Generations) -> str:
    """Changes with all that pages are made from and no key stands for.

    That is the code and its templates, the settings, the static files' names, the counters' file,
    and the boot of the machine, which may have lost the last of the counters.
    """
    digest = hashlib.sha256()
    digest.update(_BOOT.read_bytes())
    digest.update(counters.epoch.encode())
    values = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
    digest.update(json.dumps(values, default=str, sort_keys=True).encode())
    folders = {Path(app.path) for app in apps.get_app_configs()}
    folders |= {Path(settings.BASE_DIR) / "templates", Path(settings.STATIC_ROOT)}
    for folder in sorted(folders):
        for directory, _folders, files in sorted(os.walk(folder)):
            for name in sorted(files):
                if name.endswith((".py", ".html", ".mo", "staticfiles.json")):
                    path = os.path.join(directory, name)
                    found = os.stat(path)
                    digest.update(f"{path} {found.st_size} {found.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def _decoded(path: str) -> str:
    """The path as Django reads it: WSGI hands its bytes over as Latin-1 (PEP 3333)."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")
