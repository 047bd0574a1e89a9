"""What Lighthouse thinks of the pages that readers open most, on a phone."""

import argparse
import os
import statistics
from typing import Any

from . import demo, machine, report

PACKAGE = "lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
_FLAGS = "--headless=new --no-sandbox --disable-gpu"


def audit(url: str) -> dict[str, Any]:
    """Lighthouse's report of one visit with its mobile profile."""
    program = demo.npm(PACKAGE) / "lighthouse" / "cli" / "index.js"
    command = [machine.program("node", "nodejs"), str(program), url, "--output=json", "--quiet"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={_FLAGS}"]
    found: dict[str, Any] = demo.said(command, env={"CHROME_PATH": demo.chromium()})
    return found


def faults(found: dict[str, Any]) -> list[str]:
    """What keeps a category from its hundred points."""
    counted = {
        ref["id"]
        for category in found["categories"].values()
        for ref in category["auditRefs"]
        if ref["weight"]
    }
    return [
        f"{name}: {audit['title']} {audit.get('displayValue', '')}".strip()
        for name, audit in found["audits"].items()
        if name in counted and audit["score"] is not None and audit["score"] < 0.9
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench lighthouse")
    parser.add_argument("--visits", type=int, default=3, help="of each page; the median counts")
    options = parser.parse_args()
    with demo.served() as server:
        rows, missing = [], []
        for name, path in demo.stories().items():
            machine.note(f"Visiting the {name}...")
            visits = [
                audit(f"http://{machine.HOST}:{server.port}{path}") for _ in range(options.visits)
            ]
            scores = {
                category: statistics.median(
                    visit["categories"][category]["score"] * 100 for visit in visits
                )
                for category in CATEGORIES
            }
            paint = statistics.median(
                visit["audits"]["largest-contentful-paint"]["numericValue"] for visit in visits
            )
            rows.append([name, *(int(score) for score in scores.values()), paint / 1000])
            missing += [f"{name}: {fault}" for fault in faults(visits[-1])]
        report.table(
            f"Lighthouse {PACKAGE.partition('@')[2]}, mobile, medians of {options.visits} visits,"
            f" load average {os.getloadavg()[0]:.1f}",
            ["page", *CATEGORIES, "largest paint, s"],
            rows,
        )
        for line in missing:
            print(line)
        # What is found is for no search engine, which is the audit's one complaint.
        wanted = [row for row in rows if row[0] != "search results"]
        least = min(score for row in wanted for score in row[1:5])
        report.verdict("lowest of all scores, but for search results", float(least), least=100)
    return 0
