import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_server_process_is_prepared():
    """In a process of its own, as this one must stay as it is."""
    script = (
        "import gc, sys; before = gc.get_freeze_count(); import newsroom.wsgi;"
        "print(gc.get_freeze_count() - before > 50_000, sys.getswitchinterval())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True 0.001\n"
