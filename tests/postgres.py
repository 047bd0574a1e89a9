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
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

NAME = "newsroom"


def binaries() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest when there are several."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=_version, reverse=True)
    if (found := shutil.which("initdb")) is not None:
        candidates.append(Path(found).resolve().parent)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """A running cluster; gives its database address."""
    with _server(programs) as server:
        server.run(
            *("initdb", "-D", str(server.data), "-U", NAME, "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "-N"),
        )
        server.start()
        server.run("createdb", "-h", str(server.home), "-U", NAME, NAME)
        yield server.address


@contextmanager
def replica(programs: Path, address: str) -> Iterator["Server"]:
    """A running replica that follows the cluster with this address."""
    host = address.partition("?host=")[2]
    with _server(programs) as server:
        server.run(
            *("pg_basebackup", "-h", host, "-U", NAME, "-D", str(server.data)),
            *("-R", "-X", "stream", "-c", "fast"),
        )
        server.start()
        yield server


@dataclass(frozen=True)
class Server:
    """PostgreSQL in a folder of its own."""

    programs: Path
    home: Path
    as_owner: tuple[str, ...]

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def address(self) -> str:
        return f"postgres://{NAME}@/{NAME}?host={self.home}"

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self.as_owner, str(self.programs / program), *arguments],
            check=True,
            cwd=self.home,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        options = (
            f"-k {self.home} -c listen_addresses='' -c fsync=off -c synchronous_commit=off"
            " -c full_page_writes=off -c max_connections=60"
        )
        log = str(self.home / "log")
        self.run("pg_ctl", "-D", str(self.data), "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        """End it at once, as a fault would."""
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")


@contextmanager
def _server(programs: Path) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="newsroom-pg-", dir="/tmp") as folder:
        home = Path(folder) / "cluster"
        home.mkdir()
        as_owner: tuple[str, ...] = ()
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            owner = next(name for name in ("postgres", "nobody") if _exists(name))
            os.chmod(folder, 0o755)  # noqa: S103
            shutil.chown(home, owner)
            as_owner = (
                *("setpriv", f"--reuid={owner}", f"--regid={_group(owner)}"),
                "--clear-groups",
            )
        server = Server(programs, home, as_owner)
        try:
            yield server
        finally:
            server.stop()


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.parent.name.split(".") if part.isdecimal())


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


def _run(command: list[str], address: str) -> int:
    """The command's exit status, as a shell gives it."""
    child = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": address})
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: child.send_signal(number))
    # Ctrl-C reaches the command from the terminal. It ends in its own time, then the cluster.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = child.wait()
    return status if status >= 0 else 128 - status


def main(arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    address = os.environ.get("DATABASE_URL", "")
    if address.startswith(("postgres://", "postgresql://")):
        return _run(command, address)
    programs = binaries()
    if programs is None:
        wanted = bool(os.environ.get("CI"))
        print(
            "PostgreSQL is not installed:"
            + (" CI must test it." if wanted else " skipping the PostgreSQL pass."),
            file=sys.stderr,
        )
        return 1 if wanted else 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with cluster(programs) as address:
            return _run(command, address)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
