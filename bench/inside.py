"""Runs one part in a process of its own: python -m bench.inside MODULE ARGUMENTS."""

import importlib
import os
import shutil
import sys

from .machine import end_on_signals, folder


def main() -> int:
    name, supervisor = sys.argv[1], os.getppid()
    sys.argv = [name, *sys.argv[2:]]
    end_on_signals()
    try:
        return int(importlib.import_module(name).main() or 0)
    except KeyboardInterrupt:
        return 130
    finally:
        if os.getppid() != supervisor:
            # It was killed, so nobody else removes the folder of the run.
            shutil.rmtree(folder().parent, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
