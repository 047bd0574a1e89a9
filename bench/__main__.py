"""Measures the site on this machine: python -m bench [PART [OPTIONS]]. See bench/README.md."""

import importlib.util
import sys
import tempfile
from pathlib import Path

from . import machine

#: In the order in which they run.
PARTS = {
    "misses": "what a page costs that has to be rendered",
    "hits": "what a kept page costs, against a bare callable and nginx",
    "posting": "what posting a comment costs",
    "latency": "from a change to its being visible",
    "memory": "what a worker takes that has served ten thousand pages",
    "zipf": "ten thousand stories read while comments come in",
    "replay": "a day in four minutes: hits, stale answers, slowest answers",
    "outage": "the database killed in the middle of that",
    "search": "finding stories in a large paper",
    "scale": "a million stories against a thousand",
    "weight": "what comes over the wire to a reader, and what moves",
    "lighthouse": "what Lighthouse thinks of the pages on a phone",
    "validity": "what the W3C's checker thinks of every kind of page",
}


def main() -> int:
    wanted, options = sys.argv[1:2], sys.argv[2:]
    if wanted and wanted[0] not in PARTS:
        print(__doc__, file=sys.stderr)
        for name, meaning in PARTS.items():
            print(f"  {name:10}{meaning}", file=sys.stderr)
        return 2
    machine.end_on_signals()
    print(machine.described(), flush=True)
    worst = 0
    with tempfile.TemporaryDirectory(prefix="newsroom-bench-") as folder:
        for name in wanted or PARTS:
            if importlib.util.find_spec(f"bench.{name}") is None:
                continue
            print(f"\n== {name}: {PARTS[name]}", flush=True)
            at = Path(folder) / name
            at.mkdir()
            worst = max(worst, abs(machine.supervise(f"bench.{name}", options, at)))
    return min(worst, 125)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
