"""Runs one part in a process of its own: python -m bench.inside MODULE ARGUMENTS."""

import importlib
import sys

from .machine import end_on_signals


def main() -> int:
    name = sys.argv[1]
    sys.argv = [name, *sys.argv[2:]]
    end_on_signals()
    try:
        return int(importlib.import_module(name).main() or 0)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
