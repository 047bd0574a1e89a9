"""A day of a newspaper in four minutes, and a checker that looks for stale answers.

Readers follow a plan: most views are of the newest stories, in bursts, a tail is spread over the
whole archive by popularity, and some are of the front page and the sections. Meanwhile this
process is the desk: comments come in and are approved, stories are published, corrected, scheduled.
bench/README.md states the numbers.
"""

import argparse
import datetime
import json
import math
import queue
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

from . import machine, paper, report, timed

#: Shares of all views: the front page, sections, missing pages, the archive by popularity. The
#: rest are of the newest stories.
FRONT, SECTIONS, MISSING, ARCHIVE = 0.12, 0.05, 0.003, 0.25
#: The newest stories, of which most views are.
RECENT = 60
#: A burst: this share of the day, and of its views while it lasts.
BURSTS, BURST_SPAN, BURST_SHARE = 3, 1 / 24, 0.5
#: From sending a comment to its approval, as a share of the day: 20 minutes.
REVIEW = 1 / 72
#: So many of the newest stories certainly stand on the front page.
_ON_FRONT = 10
#: Seconds that a new story gets to be published in before readers know of it.
_GRACE = 1.5
_DESKS = 3
#: Of the answers, for the table.
_SHARES = (0.5, 0.95, 0.99, 0.999)


@dataclass(frozen=True)
class Day:
    """How much happens in it."""

    views: int = 120_000
    comments: int = 200
    published: int = 40
    corrected: int = 20
    #: Of those published: with a moment to come.
    scheduled: int = 5
    #: How many seconds it takes.
    seconds: float = 240.0


@dataclass
class Desk:
    """What the newsroom does in the day; each committed change is noted."""

    port: int
    #: Address of each story by its key.
    paths: dict[int, str]
    changes: list[dict[str, Any]] = field(default_factory=list)
    posts: list[int] = field(default_factory=list)
    #: Changes that failed, with their errors.
    failed: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by = paper.staff()
        self._due: queue.Queue[tuple[float, str, Any]] = queue.Queue()

    def work(self, todo: Iterable[tuple[float, str, Any]], begin: float) -> list[threading.Thread]:
        """Start to do all of that, each at its moment; the threads end when it is done."""
        for each in sorted(todo, key=lambda each: each[0]):
            self._due.put(each)
        desks = [threading.Thread(target=self._work, args=[begin]) for _ in range(_DESKS)]
        for desk in desks:
            desk.start()
        return desks

    def _work(self, begin: float) -> None:
        from django.db import connection

        while True:
            try:
                at, kind, about = self._due.get_nowait()
            except queue.Empty:
                break
            time.sleep(max(0.0, begin + at - time.time()))
            self.late.append(time.time() - begin - at)
            try:
                getattr(self, kind)(*about)
            except Exception as error:
                self.failed.append(f"{kind}: {error!r}")
        connection.close()

    def post(self, article: int, words: str) -> None:
        """Send a comment as a reader does."""
        self.posts.append(paper.post(self.port, self.paths[article], words).status)

    def approve(self, article: int, words: str) -> None:
        """Show the comment with these words."""
        from django.db import transaction

        from articles.models import Article
        from comments import moderation
        from comments.models import Comment

        for _attempt in range(100):
            comment = Comment.objects.filter(article=article, body=words).first()
            if comment is not None:
                break
            # It is still on its way.
            time.sleep(0.1)
        else:
            raise LookupError("The comment was never stored.")
        change: dict[str, Any] = {"article": article}
        with transaction.atomic():
            # One after the other, so that each knows how many comments it makes.
            Article.objects.select_for_update().get(pk=article)
            transaction.on_commit(lambda: change.update(at=time.time_ns()))
            moderation.approve(comment, by=self.by)
            shown = Comment.objects.filter(article=article, status=Comment.Status.APPROVED)
            change["comments"] = shown.count()
        self.changes.append(change)

    def publish(self, article: int, seconds: float = 0) -> None:
        """Publish the next version of the story, after so many seconds."""
        from django.db import transaction

        from articles import publishing
        from articles.models import Article

        change: dict[str, Any] = {"article": article}
        with transaction.atomic():
            story = Article.objects.select_for_update().get(pk=article)
            version = story.editions.count() + 1
            change["version"] = version
            story.headline = story.short_title = f"Story {article} version {version}"
            story.save()
            at = None
            if seconds:
                at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
            transaction.on_commit(lambda: change.update(at=time.time_ns()))
            publishing.publish(story, by=self.by, at=at)
        if at is not None:
            change["at"] = max(change["at"], int(at.timestamp() * 1e9))
        self.changes.append(change)


def moments(number: int, day: Day, chance: Random) -> list[float]:
    """So many moments of a day, in seconds of the replay: few at night, most in the evening."""
    found: list[float] = []
    while len(found) < number:
        share = chance.random()
        busy = 1 + 0.8 * math.sin((share - 0.4) * 2 * math.pi)
        if chance.random() * 1.8 < busy:
            found.append(share * day.seconds)
    return sorted(found)


def stale(
    answers: Iterable[list[Any]],
    facts: list[dict[str, Any]],
    changes: Iterable[dict[str, Any]],
    article_of: dict[int, int],
    coming: Collection[int] = (),
) -> list[str]:
    """Answers that show less than what was committed before their request began.

    `article_of` gives the story of a path's number, for the pages of stories. Path 0 is the front
    page, on which the newest of the `coming` must stand.
    """
    versions: dict[int, list[tuple[int, int]]] = defaultdict(list)
    comments: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for change in changes:
        kind = versions if "version" in change else comments
        value = change["version"] if "version" in change else change["comments"]
        kind[change["article"]].append((change["at"], value))
    opened = sorted((versions[pk][0][0], pk) for pk in coming if pk in versions)
    found = []
    for path, began, _took, status, number, _kind in answers:
        if status != 200:
            continue
        shown = facts[number]
        story = article_of.get(path)
        about = {int(pk): version for pk, version in shown["versions"].items()}
        if story is not None:
            about.setdefault(story, 0)
            least = max((value for at, value in comments[story] if at < began), default=0)
            if shown["comments"] is not None and shown["comments"] < least:
                found.append(f"story {story}: {shown['comments']} comments, not {least}")
        for name, count in shown["numbers"].items():
            least = max((value for at, value in comments[int(name)] if at < began), default=0)
            if count < least:
                found.append(f"path {path}: story {name} with {count} comments, not {least}")
        if path == 0:
            there = [pk for at, pk in opened if at < began]
            about.update({pk: 0 for pk in there[-_ON_FRONT:] if pk not in about})
        for pk, version in about.items():
            least = max((value for at, value in versions.get(pk, []) if at < began), default=0)
            if version < least:
                found.append(f"path {path}: story {pk} in version {version}, not {least}")
    return found


class Readers:
    """A process of readers with its plan."""

    def __init__(self, stack: ExitStack, name: str, plan: dict[str, Any]) -> None:
        self._found = machine.folder() / f"{name}-found.json"
        self._log = machine.folder() / f"{name}.log"
        self._seconds = plan["begin"] - time.time() + (plan["schedule"] or [[0]])[-1][0]
        command = [sys.executable, "-m", "bench.reader"]
        command += [str(machine.saved(f"{name}.json", plan)), str(self._found)]
        self._process = stack.enter_context(machine.running(command, log=self._log))

    def wait(self) -> dict[str, Any]:
        """What they found, when they are done."""
        if self._process.wait(self._seconds + 120):
            raise SystemExit(f"The readers failed:\n{self._log.read_text()[-2000:]}")
        found: dict[str, Any] = json.loads(self._found.read_text())
        return found


@dataclass
class Plan:
    """The addresses of the site, who asks for which when, and what the desk does when."""

    paths: list[str]
    #: Those of them that lead nowhere.
    missing: list[str]
    article_of: dict[int, int]
    schedule: list[tuple[float, int]]
    todo: list[tuple[float, str, Any]]


def planned(day: Day, stories: dict[int, str], coming: dict[int, str], chance: Random) -> Plan:
    """A day's plan over these stories, newest first, and those that it will publish."""
    from articles.models import Section

    paths = ["/", *(section.get_absolute_url() for section in Section.objects.all())]
    sections = len(paths) - 1
    place_of: dict[int, int] = {}
    for pk, path in {**stories, **coming}.items():
        place_of[pk] = len(paths)
        paths.append(path)
    missing = len(paths)
    nowhere = [f"/no-such-page-{number}/" for number in range(20)]
    paths += nowhere

    todo: list[tuple[float, str, Any]] = []
    known: list[tuple[float, int]] = [(0.0, pk) for pk in reversed(list(stories)[:RECENT])]
    for number, (at, pk) in enumerate(zip(moments(len(coming), day, chance), coming, strict=True)):
        ahead = 2.0 if number < day.scheduled else 0
        todo.append((at, "publish", (pk, ahead) if ahead else (pk,)))
        known.append((at + ahead + _GRACE, pk))
    known.sort()

    def recent(at: float) -> int:
        """One of the newest at that moment, the newer the likelier."""
        count = sum(moment <= at for moment, _pk in known)
        return known[count - 1 - min(int(chance.expovariate(1 / 15)), count - 1)][1]

    for at in moments(day.corrected, day, chance):
        todo.append((at, "publish", (recent(at),)))
    for number, at in enumerate(moments(day.comments, day, chance)):
        article = recent(at) if chance.random() < 0.8 else chance.choice(list(stories))
        words = f"{paper.WORDS} ({number}, {chance.random()})"
        todo.append((at, "post", (article, words)))
        if chance.random() < 0.9:
            todo.append((at + max(REVIEW * day.seconds, 0.3), "approve", (article, words)))

    bursts = [
        (chance.random() * (1 - BURST_SPAN) * day.seconds, chance.random()) for _ in range(BURSTS)
    ]
    order = list(stories)
    archive = iter(paper.zipf(len(order), day.views, seed=3))
    schedule: list[tuple[float, int]] = []
    for at in moments(day.views, day, chance):
        burst = next(
            (begin for begin, _ in bursts if begin <= at < begin + BURST_SPAN * day.seconds), None
        )
        draw = chance.random()
        if burst is not None and chance.random() < BURST_SHARE:
            count = sum(moment <= burst for moment, _pk in known)
            place = place_of[known[count - 1][1]]
        elif draw < FRONT:
            place = 0
        elif draw < FRONT + SECTIONS:
            place = chance.randint(1, sections)
        elif draw < FRONT + SECTIONS + MISSING:
            place = missing + chance.randrange(20)
        elif draw < FRONT + SECTIONS + MISSING + ARCHIVE:
            place = place_of[order[next(archive)]]
        else:
            place = place_of[recent(at)]
        schedule.append((at, place))
    return Plan(paths, nowhere, {place: pk for pk, place in place_of.items()}, schedule, todo)


def publish_before(day: Day, days: int, chance: Random) -> None:
    """Publish what so many days before this one did, each story at its moment then."""
    from django.utils import timezone

    from articles import publishing
    from articles.models import Section, Topic
    from tests.factories import make_article

    by, now, number = paper.staff(), timezone.now(), day.published * days
    sections, topics = list(Section.objects.all()), list(Topic.objects.order_by("pk"))
    for place in range(number):
        # Some topics are in the news more than others.
        about = {int(chance.random() ** 2 * len(topics)) for _ in range(chance.randint(0, 2))}
        article = make_article(
            section=chance.choice(sections), topics=[topics[each] for each in about]
        )
        at = now - datetime.timedelta(days=days) * (number - place) / (number + 1)
        publishing.publish(article, by=by, at=at, backdated=True)


def drafts(number: int) -> dict[int, str]:
    """Stories ready to be published today, and their addresses then."""
    from django.urls import reverse
    from django.utils import timezone

    from articles.models import Article

    day = timezone.localdate()
    made = {}
    for article in Article.objects.filter(editions__isnull=True).order_by("pk")[:number]:
        at = [day.year, day.month, day.day, article.slug]
        made[article.pk] = reverse("articles:article", args=at)
    return made


def gains(port: int, before: dict[str, int]) -> dict[str, int]:
    """How much each counter of the page cache has grown."""
    return {name: value - before[name] for name, value in machine.counted(port).items()}


def hit_rate(gained: dict[str, int]) -> float:
    """Hits of all that the page cache is there for, in per cent."""
    asked = gained["hits_total"] + gained["misses_total"] + gained["stale_total"]
    return 100 * gained["hits_total"] / max(1, asked)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench replay")
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=7, help="whose pages are kept already")
    for name, value in vars(Day()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    options = vars(parser.parse_args())
    number, days = options.pop("stories"), options.pop("days")
    day = Day(**options)
    chance = Random(7)
    with ExitStack() as stack:
        paper.open_site(stack.enter_context(paper.postgres()).address)
        paper.fill(number * 105 // 100, number * 5)
        stories = {edition.article_id: edition.get_absolute_url() for edition in paper.live(number)}
        coming = drafts(day.published)
        plan = planned(day, stories, coming, chance)
        times = machine.folder() / "times"
        times.mkdir()
        env = {timed.FOLDER: str(times)}
        server = stack.enter_context(machine.granian("bench.timed:application", env=env))
        # Pages outlast the night, on disk even a restart.
        machine.note("Reading and publishing what the days before have...")
        before = machine.counted(server.port)
        order = list(stories.values())
        visited = plan.paths[: plan.paths.index(order[RECENT])] + plan.missing
        draws = int(day.views * ARCHIVE) * days
        visited += [order[place] for place in paper.zipf(number, draws, seed=2)]
        visited = list(dict.fromkeys(visited))
        paper.visit(server.port, visited, paper.BROWSERS["br"])
        publish_before(day, days, chance)
        paper.visit(server.port, visited, paper.BROWSERS["br"])
        before_it = gains(server.port, before)["misses_total"]
        desk = Desk(server.port, {**stories, **coming})
        before = machine.counted(server.port)
        machine.note(f"Replaying {day.views:,} views in {day.seconds:.0f} s...")
        begin = time.time() + 3
        readers = Readers(
            stack,
            "readers",
            {
                "port": server.port,
                "paths": plan.paths,
                "schedule": plan.schedule,
                "accepted": paper.BROWSERS["br"],
                "begin": begin,
            },
        )
        used, early = server.cpu(), timed.noted(times)
        desks = desk.work(plan.todo, begin)
        found = readers.wait()
        for each in desks:
            each.join()
        used = server.cpu() - used
        gained, late_times = gains(server.port, before), timed.noted(times)
        troubles = [line for line in server.log.read_text().splitlines() if " ERROR " in line]
    answers = found["answers"]
    took = [answer[2] / 1e6 for answer in answers]
    unexpected = [
        answer for answer in answers if answer[3] not in (200, 404) or is_lost(answer, plan, desk)
    ]
    kinds: dict[str, Counter[int]] = defaultdict(Counter)
    for path, *_others, kind in answers:
        if kind == "fwd=miss":
            kinds[kind_of(path, plan)][path] += 1
    late = report.percentile(found["late"], 0.99) * 1000
    report.table(
        f"A day of {day.views:,} views, {len(desk.changes)} changes"
        f" ({desk.posts.count(303)} comments posted), in {day.seconds:.0f} s",
        ["figure", "value"],
        [
            ["hits", gained["hits_total"]],
            ["misses", gained["misses_total"]],
            ["pages and parts rendered ahead of readers", gained["ahead_total"]],
            ["shared parts exchanged in pages", gained["spliced_total"]],
            *[
                [f"misses of {name}", sum(kinds[name].values())]
                for name in ("the front page", "sections", "stories", "missing pages")
            ],
            ["pages and parts rendered in the days before", before_it],
            ["different pages read", len({answer[0] for answer in answers})],
            ["requests that waited for a rendering", gained["coalesced_total"]],
            ["CPU ms of the server for each view", used / len(answers) * 1000],
            *[
                [f"ms in the server, p{100 * share:g}", timed.percentile(early, late_times, share)]
                for share in _SHARES
            ],
            *[
                [f"ms at the reader, p{100 * share:g}", report.percentile(took, share)]
                for share in _SHARES
            ],
            ["ms that requests were sent late, p99", late],
            ["ms that changes were made late, p99", report.percentile(desk.late, 0.99) * 1000],
        ],
    )
    old = stale(answers, found["facts"], desk.changes, plan.article_of, coming)
    for line in [*old[:10], *desk.failed[:10], *told(unexpected[:10], plan, desk)]:
        print(line)
    if troubles:
        print(f"The server has logged {len(troubles)} errors, among them:", *troubles[:5], sep="\n")
    posts = Counter(desk.posts)
    if len(posts) > 1:
        print(f"Answers to comments: {dict(posts)}")
    report.verdict("hits, %", hit_rate(gained), least=99.0)
    report.verdict("answers older than a change that was committed before", len(old), most=0)
    report.verdict("answers other than expected", len(unexpected), most=0)
    report.verdict("comments not taken", len(desk.posts) - desk.posts.count(303), most=0)
    report.verdict("changes that failed", len(desk.failed), most=0)
    in_server = timed.percentile(early, late_times, 0.99)
    report.verdict("time in the server, p99 ms", in_server, most=5.0)
    return 0


def told(answers: list[list[Any]], plan: Plan, desk: Desk) -> list[str]:
    """What there is to say about each of these answers."""
    lines = []
    for path, began, took, status, _number, kind in answers:
        story = plan.article_of.get(path)
        at = [change["at"] for change in desk.changes if change["article"] == story]
        since = f"{(began - min(at)) / 1e6:.1f} ms after the first change" if at else "unchanged"
        lines.append(f"{plan.paths[path]}: {status} {kind} in {took / 1e6:.1f} ms, {since}")
    return lines


def kind_of(path: int, plan: Plan) -> str:
    """What the path's number stands for, in words."""
    if path in plan.article_of:
        return "stories"
    if path == 0:
        return "the front page"
    return "missing pages" if "no-such-page" in plan.paths[path] else "sections"


def is_lost(answer: list[Any], plan: Plan, desk: Desk) -> bool:
    """Whether the page is missing though its story was there before the request."""
    path, began, _took, status = answer[:4]
    story = plan.article_of.get(path)
    if status != 404:
        return False
    if story is None:
        return not plan.paths[path].startswith("/no-such-page")
    published = [change["at"] for change in desk.changes if change["article"] == story]
    return story not in desk.paths or not published or min(published) < began
