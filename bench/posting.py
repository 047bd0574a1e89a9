"""What posting a comment costs on PostgreSQL, how many a second are taken, and that none is lost.

wrk posts under fifty stories at once, and under a single one, each comment with words of its own
and from an address of its own. CPU ms are those of the whole tree of the server's processes, and of
PostgreSQL's, for one comment. Then readers post while PostgreSQL is killed with SIGKILL and started
again: every comment that was acknowledged must be there.
"""

import argparse
import threading
import time
from itertools import count
from pathlib import Path

from . import machine, paper, report

_ARTICLES, _COMMENTS = 1_000, 5_000
_STORIES = 50
_CONNECTIONS = 16
_loads = count(1)
_SCRIPT = Path(__file__).with_name("post.lua")


def stored() -> int:
    """How many comments there are."""
    from comments.models import Comment

    return Comment.objects.count()


def database_cpu(cluster: paper.Cluster) -> float:
    """Seconds of processor time that PostgreSQL has taken."""
    home = Path(cluster.address.rpartition("host=")[2])
    return machine.cpu(int((home / "data" / "postmaster.pid").read_text().split()[0]))


def load(
    server: machine.Server, cluster: paper.Cluster, paths: list[str], seconds: int
) -> tuple[machine.Load, float, float, int]:
    """Post for so long; CPU ms of the server and of the database for one, and how many are lost."""
    listed = machine.folder() / "paths"
    listed.write_text("\n".join(paths) + "\n")
    before, by_server, by_database = stored(), server.cpu(), database_cpu(cluster)
    found = machine.wrk(
        f"http://{machine.HOST}:{server.port}/",
        seconds=seconds,
        connections=_CONNECTIONS,
        script=_SCRIPT,
        env={"BENCH_PATHS": str(listed), "BENCH_LOAD": str(next(_loads))},
    )
    taken = found.requests - found.refused
    # wrk leaves without the last answers, so there may be more than were acknowledged, not fewer.
    lost = max(0, taken - (stored() - before))
    each = 1000 / found.requests
    return (
        found,
        (server.cpu() - by_server) * each,
        (database_cpu(cluster) - by_database) * each,
        lost,
    )


def lost_in_a_crash(
    server: machine.Server, cluster: paper.Cluster, path: str
) -> tuple[int, int, int]:
    """Acknowledged, not taken, and lost comments while the database is killed and started again."""
    from django.db import connection

    from comments.models import Comment

    acknowledged: list[str] = []
    refused: list[int] = []
    numbers = count()
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            words = f"{paper.WORDS} Crash {next(numbers)}."
            try:
                status = paper.post(server.port, path, words).status
            except OSError:
                status = 0
            if status == 303:
                acknowledged.append(words)
            else:
                refused.append(status)
                time.sleep(0.05)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    time.sleep(2)
    cluster.kill()
    time.sleep(1)
    cluster.start()
    time.sleep(5)
    is_over.set()
    for writer in writers:
        writer.join()
    connection.close()
    kept = set(Comment.objects.filter(body__contains=" Crash ").values_list("body", flat=True))
    return len(acknowledged), len(refused), sum(words not in kept for words in acknowledged)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench posting")
    parser.add_argument("--seconds", type=int, default=10, help="of each load")
    options = parser.parse_args()
    machine.program("wrk", "wrk")
    with paper.postgres() as cluster:
        # Nobody is refused here, whatever address they seem to come from.
        paper.open_site(cluster.address, COMMENTS_LIMIT="1000000")
        paper.fill(_ARTICLES, _COMMENTS)
        paths = [edition.get_absolute_url() for edition in paper.live(_STORIES)]
        with machine.granian("newsroom.wsgi:application", workers=2) as server:
            load(server, cluster, paths, 2)
            rows, slowest, lost = [], float("inf"), 0
            dearest = 0.0
            for name, under in (("fifty stories", paths), ("one story", paths[:1])):
                found, server_ms, database_ms, missing = load(
                    server, cluster, under, options.seconds
                )
                if found.refused or found.broken:
                    machine.note(f"{name}: {found.refused} refused, {found.broken} broken")
                rows.append([name, found.rate, server_ms, database_ms, found.p99, missing])
                slowest, dearest = min(slowest, found.rate), max(dearest, server_ms)
                lost += missing
            report.table(
                f"Posting, PostgreSQL, 2 workers, {_CONNECTIONS} connections",
                ["under", "posts/s", "CPU ms", "database ms", "p99 ms", "lost"],
                rows,
            )
            acknowledged, refused, crashed = lost_in_a_crash(server, cluster, paths[1])
            report.table(
                "Posting while the database is killed and started again",
                ["", "comments"],
                [["acknowledged", acknowledged], ["refused", refused], ["lost", crashed]],
            )
    report.verdict("posts a second", slowest, least=400.0)
    report.verdict("CPU ms of a post", dearest, most=2.5)
    report.verdict("acknowledged and not stored", lost + crashed, most=0)
    return 0
