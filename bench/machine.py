"""The machine that is measured: programs, folders, ports, processor time, load.

Whatever a part starts ends with it. The supervisor (`supervise`) has a folder for the part, and
takes in the processes that the part leaves behind; the part ends when its supervisor does.
"""

import ctypes
import http.client
import json
import os
import platform
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
TICK = os.sysconf("SC_CLK_TCK")

#: The environment variable that names the folder of a part.
FOLDER = "NEWSROOM_BENCH"
#: Where a part notes folders outside of that one, for the supervisor to remove.
_ELSEWHERE = "elsewhere"

#: Options of prctl, from linux/prctl.h.
_PDEATHSIG = 1
_CHILD_SUBREAPER = 36

#: What a server may take to answer for the first time, in seconds.
_START = 60.0


def program(name: str, package: str) -> str:
    """The path of a program of the system; ends the part with a hint when it is missing."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise SystemExit(f"{name} is missing. On Debian: apt-get install {package}")
    return found


def folder() -> Path:
    """The folder of this part, which its supervisor removes."""
    if FOLDER not in os.environ:
        raise SystemExit("Start parts with `python -m bench PART`, which cleans up behind them.")
    return Path(os.environ[FOLDER])


def remember(path: Path) -> None:
    """Have a folder outside of this run's removed, even if the part is killed."""
    with open(folder() / _ELSEWHERE, "a") as notes:
        notes.write(f"{path}\n")


def supervise(module: str, arguments: Sequence[str], at: Path) -> int:
    """Run `python -m bench.inside MODULE ARGUMENTS`, and leave nothing of it; its exit status."""
    _prctl(_CHILD_SUBREAPER, 1)
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "bench.inside", module, *arguments],
        env={**os.environ, FOLDER: str(at), "TMPDIR": str(at)},
        # Ctrl-C reaches the supervisor alone, which ends the part in good order.
        start_new_session=True,
        preexec_fn=_die_with_parent,
        cwd=ROOT,
    )
    try:
        while child.returncode is None:
            # What the part orphans falls to this process, which has to take note of its end.
            pid, status = os.waitpid(-1, 0)
            if pid == child.pid:
                child.returncode = os.waitstatus_to_exitcode(status)
        return child.returncode
    finally:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(60)
        for _attempt in range(50):
            left = [pid for pid in tree(os.getpid()) if pid != os.getpid()]
            if not left:
                break
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.1)
        with suppress(FileNotFoundError):
            for path in (at / _ELSEWHERE).read_text().split("\n"):
                if path:
                    shutil.rmtree(path, ignore_errors=True)
            (at / _ELSEWHERE).unlink()


def end_on_signals() -> None:
    """Let what ends a process end it as Ctrl-C does: once, so that cleaning up is not cut short."""

    def end(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end)


@contextmanager
def running(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the block lasts; it ends with this one, however that ends."""
    with open(log or os.devnull, "ab") as output:
        process = subprocess.Popen(  # noqa: S603
            command,
            env={**os.environ, **(env or {})},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_die_with_parent,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            for pid in tree(process.pid):
                os.kill(pid, signal.SIGKILL)
            process.wait()


def granian_options() -> list[str]:
    """The options of deploy/newsroom.service, but for the address and the application."""
    unit = (ROOT / "deploy" / "newsroom.service").read_text()
    found = re.search(r"^ExecStart=\S+/granian (.+)$", unit, re.MULTILINE)
    if found is None:
        raise SystemExit("deploy/newsroom.service starts no granian.")
    words = shlex.split(found[1])[:-1]
    for name in ("--host", "--port"):
        del words[words.index(name) : words.index(name) + 2]
    return words


@dataclass
class Server:
    """A server that answers on a port of this machine."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    #: Servers that it asks, whose processor time counts too.
    behind: list["Server"] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds of processor time that it and all its processes have taken."""
        return cpu(self.process.pid) + sum(each.cpu() for each in self.behind)

    def workers(self) -> list[int]:
        return [pid for pid in tree(self.process.pid) if pid != self.process.pid]


@contextmanager
def granian(
    application: str,
    *,
    env: Mapping[str, str] | None = None,
    workers: int | None = None,
    ready: str = "/healthz",
    port: int = 0,
) -> Iterator[Server]:
    """The application in granian, with the options that production has."""
    port = port or free_port()
    log = folder() / f"granian-{port}.log"
    options = granian_options()
    if workers is not None:
        options[options.index("--workers") + 1] = str(workers)
    command = [sys.executable, "-m", "granian", *options]
    command += ["--host", HOST, "--port", str(port), application]
    with running(command, env=env, log=log) as process:
        server = Server(port, process, log)
        wait_for(server, ready)
        yield server


def wait_for(server: Server, path: str) -> None:
    """Return when the server has answered; ends the part when it doesn't."""
    end = time.monotonic() + _START
    while time.monotonic() < end and server.process.poll() is None:
        try:
            if fetch(server.port, path).status < 500:
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"The server did not start:\n{server.log.read_text()[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        number: int = probe.getsockname()[1]
        return number


@dataclass(frozen=True)
class Reply:
    status: int
    #: Names in small letters.
    headers: dict[str, str]
    body: bytes


def fetch(
    port: int,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    body: bytes | None = None,
    timeout: float = 30,
) -> Reply:
    """One request over a connection of its own: a POST when it has a body."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        return ask(connection, path, headers, body=body)
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    body: bytes | None = None,
) -> Reply:
    """One request over this connection."""
    try:
        connection.request("GET" if body is None else "POST", path, body, dict(headers or {}))
        response = connection.getresponse()
        content = response.read()
    except http.client.HTTPException as error:
        raise OSError(f"{path}: {error!r}") from error
    named = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, named, content)


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with suppress(OSError):
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def cpu(pid: int) -> float:
    """Seconds of processor time of the process and its descendants, the ended ones too."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            # utime, stime, cutime, cstime (proc(5)), counted from the state.
            total += sum(int(word) for word in _stat(each)[11:15])
    return total / TICK


def resident(pid: int) -> int:
    """Bytes of the process in memory (VmRSS)."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _stat(pid: int) -> list[str]:
    # The name may hold spaces and brackets, so read on after its end.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def worker_of(server: Server, local_port: int) -> int | None:
    """The process of the server that has accepted the connection from this port."""
    wanted = (f"{server.port:04X}", f"{local_port:04X}")
    inode = ""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if (words[1].split(":")[1], words[2].split(":")[1]) == wanted:
            inode = words[9]
    for pid in server.workers():
        with suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    if os.readlink(entry.path) == f"socket:[{inode}]":
                        return pid
    return None


@contextmanager
def one_to_each_worker(server: Server) -> Iterator[dict[int, http.client.HTTPConnection]]:
    """A connection to each process of the server that accepts any."""
    opened: list[http.client.HTTPConnection] = []
    found: dict[int, http.client.HTTPConnection] = {}
    workers = int(granian_options()[granian_options().index("--workers") + 1])
    try:
        for _attempt in range(200):
            connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
            opened.append(connection)
            ask(connection, "/healthz")
            pid = worker_of(server, connection.sock.getsockname()[1])
            if pid is not None and pid not in found:
                found[pid] = connection
            if len(found) == workers:
                break
        else:
            raise SystemExit(f"Only {len(found)} of {workers} workers accept connections.")
        yield found
    finally:
        for connection in opened:
            connection.close()


@dataclass(frozen=True)
class Load:
    """What wrk says of its requests."""

    requests: int
    seconds: float
    #: Answers that are neither 2xx nor 3xx.
    refused: int
    #: Connections that broke and requests that took too long.
    broken: int
    #: Milliseconds.
    p99: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def wrk(
    url: str,
    *,
    seconds: int,
    connections: int,
    headers: Mapping[str, str] | None = None,
    script: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Load:
    """Ask for the address over and over, one thread, all connections kept alive."""
    command = [program("wrk", "wrk"), "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{seconds}s", "--timeout", "20s", "--latency"]
    for name, value in (headers or {}).items():
        command += ["--header", f"{name}: {value}"]
    if script is not None:
        command += ["--script", str(script)]
    done = subprocess.run(  # noqa: S603
        [*command, url],
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        timeout=seconds + 90,
        check=True,
        preexec_fn=_die_with_parent,
    )
    return read_wrk(done.stdout.decode())


_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def read_wrk(said: str) -> Load:
    """What wrk has printed; raises ValueError when it isn't a report of wrk's."""
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)\b", said)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", said)
    if total is None or slowest is None:
        raise ValueError(f"wrk says:\n{said}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = re.search(r"Socket errors: (.*)", said)
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]) * _UNITS[total[3]] / 1000,
        refused=int(refused[1]) if refused else 0,
        broken=sum(int(number) for number in re.findall(r"\d+", errors[1])) if errors else 0,
        p99=float(slowest[1]) * _UNITS[slowest[2]],
    )


def described() -> str:
    """The machine, the programs and the date, for the head of a report."""
    model = "unknown processor"
    with suppress(OSError):
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = found[1] if found else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ", ".join(f"{name} {version(name)}" for name in ("Django", "granian"))
    return (
        f"{os.cpu_count()} x {model}, {memory:.0f} GB; Linux {platform.release()},"
        f" Python {platform.python_version()}, {names};"
        f" {time.strftime('%Y-%m-%d %H:%M')} UTC, load {os.getloadavg()[0]:.1f}"
    )


def counted(port: int) -> dict[str, int]:
    """The page cache's counters as /metrics shows them, without their common prefix."""
    text = fetch(port, "/metrics").body.decode()
    found = re.findall(r"^newsroom_page_cache_(\w+) (\d+)$", text, re.MULTILINE)
    return {name: int(value) for name, value in found}


def note(words: str) -> None:
    """Tell whoever waits what is going on, apart from the figures."""
    print(words, file=sys.stderr, flush=True)


def saved(name: str, value: object) -> Path:
    """A value as JSON in a file of this run, for another process to read."""
    path = folder() / name
    path.write_text(json.dumps(value))
    return path


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _die_with_parent() -> None:
    _prctl(_PDEATHSIG, signal.SIGTERM)
