"""Whether the W3C's own checker finds every kind of page valid, in each language of the site."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import demo, machine, paper, report

PACKAGE = "vnu-jar@26.9.27"


def pages() -> Iterator[tuple[str, bytes]]:
    """A page of each kind as readers get it now, error pages and refused forms too."""
    from django.test import Client

    from articles.public import bare_page

    client: Any = Client(SERVER_NAME=machine.HOST)
    story = demo.stories()["article"]
    found = demo.every_kind(client.get)
    found |= {"search, results": "/search/?q=port", "search, nothing": "/search/?q=zzzqx"}
    found |= {"missing page": "/no/such/page/"}
    typed = {"comment": f"{paper.WORDS} {time.time()}", "name": "Mira", "email": "m@example.org"}
    own = {"Sec-Fetch-Site": "same-origin"}
    found["comment's page"] = client.post(f"{story}comments/", typed, headers=own)["Location"]
    for name, path in found.items():
        yield name, client.get(path).content
    yield "refused comment", client.post(f"{story}comments/", {"name": "x"}, headers=own).content
    yield "comment to confirm", client.post(f"{story}comments/", typed).content
    for status in (500, 503):
        yield f"error {status}", bare_page(f"{status}.html", status=status).content


def faults(at: Path) -> list[tuple[str, str]]:
    """The files of a folder that are not valid, and why."""
    jar = demo.npm(PACKAGE) / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [machine.program("java", "default-jre-headless"), "-jar", str(jar)]
    found = demo.said([*command, "--stdout", "--exit-zero-always", "--format", "json", str(at)])
    return [
        (Path(each["url"]).name, f"{each['message']} {' '.join(each.get('extract', '').split())}")
        for each in found["messages"]
        if each["type"] != "info" or each.get("subType") == "warning"
    ]


def main() -> int:
    paper.open_site()
    from django.conf import settings
    from django.test import override_settings

    demo.fill()
    names: dict[str, str] = {}
    rows: list[list[Any]] = []
    for code, language in settings.LANGUAGES:
        folder = machine.folder() / code
        folder.mkdir()
        with override_settings(LANGUAGE_CODE=code):
            for number, (name, content) in enumerate(pages()):
                (folder / f"{code}-{number}.html").write_bytes(content)
                names[f"{code}-{number}.html"] = f"{language}, {name}"
        wrong = faults(folder)
        rows.append([str(language), sum(name.startswith(f"{code}-") for name in names), len(wrong)])
        for file, fault in wrong:
            print(f"{names[file]}: {fault}")
    report.table(f"The Nu Html Checker {PACKAGE}", ["language", "pages", "faults"], rows)
    report.verdict("faults in all pages", float(sum(row[2] for row in rows)), most=0)
    return 0
