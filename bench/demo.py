"""The demo paper as in production, and one address of each kind of page that it has."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import machine, paper

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

_LINK = re.compile(r'<a [^>]*?href="(/[^"#?]*(?:\?[^"#]*)?)')
#: Where no page for readers is.
_ELSEWHERE = ("/static/", "/media/", "/admin/", "/logo-", "/accent-")


def fill() -> None:
    """Write the demo paper, which takes some seconds for its pictures."""
    from django.core.management import call_command

    machine.note("Drawing pictures for the demo paper...")
    with open(os.devnull, "w") as nowhere:
        call_command("demo", stdout=nowhere)


@contextmanager
def served() -> Iterator[machine.Server]:
    """The demo paper in granian, under the address that its pages name."""
    port = machine.free_port()
    paper.open_site(SITE_URL=f"http://{machine.HOST}:{port}")
    fill()
    with machine.granian("newsroom.wsgi:application", port=port) as server:
        yield server


def stories() -> dict[str, str]:
    """The pages that are measured: a list, stories with a picture and without, a search."""
    from articles.models import Edition, Section

    live = Edition.objects.live().select_related("article", "section").newest_first()
    section = Section.objects.order_by("position")[0]
    pictured, bare = live.exclude(lead_image=None)[0], live.filter(lead_image=None)[0]
    return {
        "front page": "/",
        "section": section.get_absolute_url(),
        "article": pictured.get_absolute_url(),
        "article without pictures": bare.get_absolute_url(),
        "search": "/search/",
        "search results": "/search/?q=port",
    }


def every_kind(get: Callable[[str], "HttpResponseBase"]) -> dict[str, str]:
    """An address of each kind of page that readers find by following links."""
    from django.urls import resolve

    kinds: dict[str, str] = {}
    waiting, seen = ["/"], {"/"}
    while waiting:
        path = waiting.pop(0)
        address, _mark, query = path.partition("?")
        kind = str(resolve(address).view_name or address) + (", later" if query else "")
        if kind in kinds:
            continue
        response: Any = get(path)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        kinds[kind] = path
        for link in _LINK.findall(response.text):
            path = link.replace("&amp;", "&")
            if path not in seen and not path.startswith(_ELSEWHERE):
                seen.add(path)
                waiting.append(path)
    return kinds


def chromium() -> str:
    """The browser of this machine; CHROMIUM names another one."""
    named = os.environ.get("CHROMIUM")
    return named or machine.program("chromium", "chromium")


def npm(*packages: str) -> Path:
    """The folder of these npm packages, which are installed once and kept beside temporary files.

    Each with its version, so that two runs are the same program.
    """
    key = "-".join(re.sub(r"[^\w.]+", "-", package) for package in packages)
    # Not the part's own folder, which goes when it ends.
    root = Path(os.environ.get("NEWSROOM_BENCH_NODE", "/var/tmp")) / f"newsroom-bench-{key}"  # noqa: S108
    if not (root / "installed").exists():
        machine.note(f"Installing {', '.join(packages)} from npm...")
        program = machine.program("npm", "npm")
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        (root / "package.json").write_text('{"private": true}')
        command = [program, "install", "--no-audit", "--no-fund", "--silent", *packages]
        done = subprocess.run(command, cwd=root, check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit(f"npm can't install {', '.join(packages)}.")
        (root / "installed").touch()
    return root / "node_modules"


def said(command: list[str], *, env: Mapping[str, str] | None = None) -> Any:
    """What a program prints as JSON, whatever it thinks of what it found."""
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(  # noqa: S603
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **(env or {})},
            timeout=300,
            check=False,
        )
        try:
            return json.loads(done.stdout)
        except ValueError:
            errors.seek(0)
            raise SystemExit(f"{command[0]} says:\n{errors.read().decode()[-2000:]}") from None
