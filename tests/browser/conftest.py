"""A real browser against a real server: pages, sizes, themes, with and without JavaScript."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

SIZES = {"desktop": (1440, 1000), "phone": (390, 844)}
ARTIFACTS = Path(__file__).resolve().parents[2] / "test-artifacts"
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The system's browser; CHROMIUM names another one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("No Chromium here, and CI must run the browser tests.")
        pytest.skip("No Chromium here: install chromium to run the browser tests.")
    # The synchronous driver runs a loop in this thread, which Django takes for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()
        # While that loop runs, Django keeps a connection of its own for it.
        connections.close_all()


@pytest.fixture(scope="session")
def collected_static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as production serves them: hashed names, far-future caching."""
    from django.core.management import call_command
    from django.test import override_settings

    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root, STORAGES=production_storages()):
        call_command("collectstatic", interactive=False, verbosity=0)
    return root


def production_storages() -> dict[str, Any]:
    from django.conf import settings

    backend = "newsroom.static_files.StaticFiles"
    return {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="session")
def server(collected_static: Path) -> Iterator[str]:
    """The whole site behind a threaded server, which serves static files as production does."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer
    from django.test import override_settings

    with override_settings(STATIC_ROOT=collected_static, STORAGES=production_storages()):
        application = WSGIHandler()
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def site(server: str, collected_static: Path, settings: Any, committed_db: None) -> str:
    """The address of the running site, with SITE_URL set to it."""
    settings.STATIC_ROOT = collected_static
    settings.STORAGES = production_storages()
    settings.SITE_URL = server
    settings.CSRF_TRUSTED_ORIGINS = [server]
    return server


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Give a page of a fresh visitor; what the browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    pages: list[Page] = []
    complaints: list[str] = []

    def open_page(size: str = "desktop", *, theme: str = "light", javascript: bool = True) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{page.url}: {message.text} ({message.location['url']})")
                if message.type == "error" and not is_expected(page, message)
                else None
            ),
        )
        return page

    yield open_page
    failed = getattr(request.node, "has_failed", False)
    if failed or complaints:
        ARTIFACTS.mkdir(exist_ok=True)
        name = re.sub(r"[^\w.-]+", "-", request.node.nodeid.split("::", 1)[-1])
        for number, page in enumerate(pages):
            if not page.is_closed():
                page.screenshot(path=ARTIFACTS / f"{name}-{number}.png", full_page=True)
    for context in contexts:
        context.close()
    assert failed or not complaints, "The browser complains:\n" + "\n".join(complaints)


def is_expected(page: Page, message: ConsoleMessage) -> bool:
    """Whether the browser only reports the page's own status, which the test is about."""
    return bool(
        re.search(r"status of (403|404|410|422|429)\b", message.text)
        and "/static/" not in message.location["url"]
        and "/media/" not in message.location["url"]
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call" and report.failed:
        item.has_failed = True  # type: ignore[attr-defined]
    return report
