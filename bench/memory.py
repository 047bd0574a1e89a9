"""What a worker takes in memory that has served ten thousand different pages."""

import argparse
from contextlib import ExitStack

from . import machine, paper, report

#: What a worker may take besides its pages, in bytes.
_REST = 150_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench memory")
    parser.add_argument("--pages", type=int, default=10_000)
    options = parser.parse_args()
    with ExitStack() as stack:
        paper.open_site(stack.enter_context(paper.postgres()).address)
        # A few are drafts, scheduled or withdrawn.
        paper.fill(options.pages * 105 // 100, options.pages * 5)
        from django.conf import settings

        budget = settings.PAGE_CACHE_MB * 1_000_000
        paths = [edition.get_absolute_url() for edition in paper.live(options.pages)]
        server = stack.enter_context(machine.granian("newsroom.wsgi:application", workers=1))
        (worker,) = server.workers()
        rows: list[list[object]] = []

        def look(when: str) -> int:
            used = machine.resident(worker)
            found = machine.counted(server.port)
            rows.append([when, used / 1e6, found["pages"], found["page_bytes"] / 1e6])
            return used

        look("after its start")
        for number, share in enumerate((0.25, 0.5, 1.0)):
            start = int(len(paths) * (0, 0.25, 0.5)[number])
            machine.note(f"Visiting {int(len(paths) * share):,} pages...")
            part = paths[start : int(len(paths) * share)]
            refused = paper.visit(server.port, part, paper.BROWSERS["br"])
            # A few readers take no Brotli, and search engines come too.
            refused += paper.visit(server.port, part[::5], paper.BROWSERS["gzip"])
            if refused:
                machine.note(f"{refused} pages were not answered 200.")
            used = look(f"after {int(len(paths) * share):,} pages")
        report.table(
            f"Memory of one worker, {len(paths):,} articles with 5 comments",
            ["moment", "RSS MB", "pages kept", "their MB"],
            rows,
        )
        report.verdict("RSS of a worker, MB", used / 1e6, most=(budget + _REST) / 1e6)
    return 0
