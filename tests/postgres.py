"""Run a command against a PostgreSQL of its own: python -m tests.postgres -- pytest.

A cluster is made in a temporary folder, listens on a socket there, and is gone afterwards. When
DATABASE_URL names a PostgreSQL already, that one is used.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

NAME = "newsroom"


def binaries() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest when there are several."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    candidates = [*reversed(versions)]
    if (found := shutil.which("initdb")) is not None:
        candidates.append(Path(found).resolve().parent)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """A running cluster; gives its database address."""
    with tempfile.TemporaryDirectory(prefix="newsroom-pg-", dir="/tmp") as folder:
        as_owner: list[str] = []
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            owner = next(name for name in ("postgres", "nobody") if _exists(name))
            os.chmod(folder, 0o755)  # noqa: S103
            home = Path(folder) / "cluster"
            home.mkdir()
            shutil.chown(home, owner)
            as_owner = ["setpriv", f"--reuid={owner}", f"--regid={_group(owner)}", "--clear-groups"]
        else:
            home = Path(folder) / "cluster"
            home.mkdir()
        data = home / "data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [*as_owner, str(programs / program), *arguments],
                check=True,
                cwd=home,
                stdout=subprocess.DEVNULL,
            )

        run("initdb", "-D", str(data), "-U", NAME, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = (
            f"-k {home} -c listen_addresses='' -c fsync=off -c synchronous_commit=off"
            " -c full_page_writes=off -c max_connections=60"
        )
        run("pg_ctl", "-D", str(data), "-l", str(home / "log"), "-o", options, "-w", "start")
        try:
            run("createdb", "-h", str(home), "-U", NAME, NAME)
            yield f"postgres://{NAME}@/{home}/{NAME}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    if os.environ.get("DATABASE_URL", "").startswith(("postgres://", "postgresql://")):
        return subprocess.run(command, check=False).returncode
    programs = binaries()
    if programs is None:
        wanted = bool(os.environ.get("CI"))
        print(
            "PostgreSQL is not installed:"
            + (" CI must test it." if wanted else " skipping the PostgreSQL pass."),
            file=sys.stderr,
        )
        return 1 if wanted else 0
    signal.signal(signal.SIGTERM, _interrupt)
    with cluster(programs) as address:
        try:
            return subprocess.run(
                command, env={**os.environ, "DATABASE_URL": address}, check=False
            ).returncode
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
