"""A paper as large as wanted, copied straight into PostgreSQL: for measuring, not for reading.

Rows go in with COPY. Indexes and all constraints but the primary keys are taken off first and put
back as they were, so that each is built or proved once over all rows instead of row by row.

The words are made up of syllables. Only the newest FULL_STORIES stories are as long as real ones
(about 4 kB of HTML); older ones have one paragraph, so that a million of them fit on a small disk.
The record holds the last RECORDED decisions on comments.
"""

import datetime
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate, pairwise
from random import Random
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone
from PIL import Image as Picture

from articles.models import (
    Agency,
    Article,
    Author,
    Byline,
    Edition,
    Image,
    KeyPoint,
    Listing,
    PublicationEvent,
    SearchDocument,
    SearchWord,
    Section,
    Topic,
)
from articles.search import postgresql
from articles.search.language import stemmer
from comments import text
from comments.models import Comment, Decision

from .demo import building

#: How many of the newest stories have bodies as long as real ones.
FULL_STORIES = 100_000
#: How many of the last decisions on comments are in the record.
RECORDED = 1_000_000
#: How many comments wait for a moderator, at most.
PENDING = 1_000

#: From one story to the next: about 350 a day, so that a million take eight years. A small paper is
#: a young one, whose days are as full as those of a large one.
PACE = datetime.timedelta(seconds=250)
LOGIN = "loadtest"

_ARTICLES_AT_ONCE = 20_000
_COMMENTS_AT_ONCE = 200_000
#: Stories whose comments come mixed, as they do on one day.
_DAY = 400
#: Their expressions normalise every text: proving them for rows that were made to pass them takes
#: far longer than all the rest.
_SLOW_CHECKS = ("comment_long_enough", "comment_short_enough")
_NULL = "\\N"
#: What is filled, and the columns in the order in which they are written.
_COLUMNS: dict[Any, str] = {
    Agency: "id, name, slug, credit_line",
    Author: "id, name, slug, bio",
    Topic: "id, name, slug",
    Image: (
        "id, alt, caption, credit, uploaded_at,"
        " file, width, height, colour, renditions, uploaded_by_id"
    ),
    Article: (
        "id, section_id, headline, short_title, standfirst, summary, agency_id, lead_image_id,"
        " body, slug, published_on, revision, created_by_id, created_at, updated_at,"
        " key_points_heading, pull_quote, pull_quote_attribution, dateline_place, canonical_url"
    ),
    Article.topics.through: "id, article_id, topic_id",
    Byline: "id, article_id, author_id, role, position",
    KeyPoint: "id, article_id, text, position",
    Edition: (
        "id, article_id, number, revision, section_id, headline, short_title, standfirst, summary,"
        " lead_image_id, body_html, word_count, reading_minutes, bylines, first_published_at,"
        " live_from, live_until, created_at, created_by_id, key_points_heading, key_points,"
        " pull_quote, pull_quote_attribution, dateline, agency_name, agency_credit,"
        " lead_image_alt, lead_image_caption, lead_image_credit, canonical_url, agency_slug"
    ),
    Edition.topics.through: "id, edition_id, topic_id",
    Listing: "id, edition_id, topic_id, author_id, agency_id, first_published_at",
    PublicationEvent: "id, article_id, edition_id, action, by_id, at, note, created_at",
    Comment: "id, article_id, name, email, body, status, hold_reason, sender, created_at",
    Decision: "id, comment_id, action, previous_status, by_id, reason, at",
    LogEntry: (
        "id, action_time, user_id, content_type_id, object_id, object_repr, action_flag,"
        " change_message"
    ),
}


class Refused(Exception):
    """The database is not filled; the message says why."""


@dataclass(frozen=True)
class Size:
    """How much is made."""

    articles: int
    comments: int
    images: int
    full_stories: int = FULL_STORIES


def load(
    size: Size,
    *,
    seed: int = 1,
    is_proved: bool = False,
    say: Callable[[str], None] = lambda words: None,
) -> None:
    """Fill an empty database on PostgreSQL, or leave it as it was; raises Refused.

    The same seed gives the same rows, with their times counted back from now. Comments are made
    to pass the rules of their length; with `is_proved` PostgreSQL is made to prove it, which
    takes 0.1 ms for each.
    """
    if connection.vendor != "postgresql":
        raise Refused("This needs PostgreSQL: set DATABASE_URL.")
    if size.articles < 100 or size.images < 1 or size.comments < 0:
        raise Refused("Ask for at least 100 articles and one image.")
    with transaction.atomic():
        if building.look() is not building.Found.NOTHING:
            raise Refused("This database holds a paper of its own: nothing was added.")
        with connection.cursor() as cursor, _bare_tables(cursor, is_proved=is_proved, say=say):
            _Maker(size, seed, cursor, say).make()
    say("Vacuuming and analysing...")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


class _Maker:
    def __init__(self, size: Size, seed: int, cursor: Any, say: Callable[[str], None]) -> None:
        self.size = size
        self.random = Random(seed)  # noqa: S311
        self.cursor = cursor
        self.say = say
        self.now = timezone.now()
        self.span = PACE * size.articles
        # Three of a thousand, and enough for a page of them.
        self.withdrawn = max(0.003, 80 / size.articles)
        self.words = _Words(self.random)
        self.lines: dict[Any, list[str]] = {model: [] for model in _COLUMNS}
        self.ids: dict[Any, int] = defaultdict(int)
        #: The first moment of each published story, oldest first; its key is its place plus one.
        self.published: list[datetime.datetime] = []

    def make(self) -> None:
        self.user = User.objects.create(username=LOGIN, is_staff=True, is_superuser=True)
        self.user.set_unusable_password()
        self.user.save()
        self.content_type = ContentType.objects.get_for_model(Article).pk
        accents = Section.Accent
        self.sections = [
            Section.objects.create(
                name=str(accent.value).title(),
                slug=accent.value,
                accent=accent,
                position=position,
            ).pk
            for position, accent in enumerate(accents, start=1)
        ]
        self._make_names()
        self._make_images()
        self._make_articles()
        self._make_comments()
        self._make_searchable()
        self._set_sequences()

    def _add(self, model: Any, line: str) -> None:
        self.lines[model].append(line)

    def _next(self, model: Any) -> int:
        self.ids[model] += 1
        return self.ids[model]

    def _flush(self) -> None:
        for model, lines in self.lines.items():
            if not lines:
                continue
            statement = f"COPY {_quoted(model)} ({_COLUMNS[model]}) FROM STDIN"
            with self.cursor.copy(statement) as copy:
                for start in range(0, len(lines), 5000):
                    copy.write("".join(lines[start : start + 5000]))
            lines.clear()

    def _make_names(self) -> None:
        words = self.words
        self.topics = min(5000, 220 + self.size.articles // 200)
        self.authors = min(2000, 210 + self.size.articles // 500)
        self.agencies = 5
        for number in range(1, self.topics + 1):
            name = f"{words.word().title()} {words.word()} {number}"
            self._add(Topic, f"{number}\t{name}\ttopic-{number}\n")
        self.bylines = [""]
        for number in range(1, self.authors + 1):
            name = words.name()
            slug = f"author-{number}"
            self.bylines.append(json.dumps([{"role": "", "name": name, "slug": slug}]))
            self._add(Author, f"{number}\t{name}\t{slug}\t\n")
        for number in range(1, self.agencies + 1):
            line = f"{number}\tAgency {number}\tagency-{number}\t\n"
            self._add(Agency, line)
        self._flush()

    def _make_images(self) -> None:
        """Rows of pictures. They all show the same one, whose files are real."""
        self.say(f"{self.size.images:,} images...")
        file = BytesIO()
        Picture.new("RGB", (1440, 960), "#3366aa").save(file, "PNG")
        file.name = "loadtest.png"
        first = Image.objects.add(file, alt=self.words.headline(), credit="Load test", by=self.user)
        Image.objects.filter(pk=first.pk).update(uploaded_at=self.now - self.span)
        self.first_image = first.pk
        step = self.span / self.size.images
        same = (
            f"{first.file.name}\t{first.width}\t{first.height}\t{first.colour}"
            f"\t{json.dumps(first.renditions)}\t{self.user.pk}"
        )
        for number in range(1, self.size.images):
            at = self.now - step * (self.size.images - number)
            alt, caption = self.words.headline(), self.words.headline()
            line = f"{first.pk + number}\t{alt}\t{caption}\tLoad test\t{at}\t{same}\n"
            self._add(Image, line)
        self._flush()

    def _make_articles(self) -> None:
        self.say(f"{self.size.articles:,} articles...")
        number = self.size.articles
        drafts = min(100, number // 10)
        scheduled = min(50, number // 20)
        public = number - drafts - scheduled
        for pk in range(1, number + 1):
            if pk <= public:
                share = (public - pk + self.random.random()) / public
                at = self.now - self.span * share - datetime.timedelta(minutes=1)
                self.published.append(at)
                self._make_article(pk, at, editions=self._number_of_editions())
            elif pk <= public + scheduled:
                ahead = datetime.timedelta(hours=self.random.randint(1, 500))
                self._make_article(pk, self.now + ahead, editions=1)
            else:
                back = datetime.timedelta(minutes=self.random.randint(1, 60 * 24 * 20))
                self._make_article(pk, self.now - back, editions=0)
            if not pk % _ARTICLES_AT_ONCE:
                self._flush()
        self._flush()

    def _number_of_editions(self) -> int:
        draw = self.random.random()
        return 1 if draw < 0.85 else 2 if draw < 0.94 else 3 if draw < 0.98 else 5

    def _make_article(self, pk: int, at: datetime.datetime, *, editions: int) -> None:
        random, words = self.random, self.words
        headline, title = words.headline(), words.title()
        standfirst, summary = words.sentence(), words.sentence()
        is_full = pk > self.size.articles - self.size.full_stories
        body, count = words.body(11 if is_full else 1)
        section = self.sections[int(random.random() ** 1.5 * len(self.sections))]
        author = 1 + int(random.random() ** 2 * self.authors)
        agency = str(random.randint(1, self.agencies)) if random.random() < 0.2 else _NULL
        image = _NULL
        if random.random() < 0.6:
            image = str(self.first_image + int(random.random() * self.size.images))
        topics = {1 + int(random.random() ** 2 * self.topics) for _ in range(random.randint(0, 2))}
        day = str(timezone.localdate(at)) if editions else _NULL
        opened = self._make_editions(
            pk,
            at,
            editions,
            f"{section}\t{headline}\t{title}\t{standfirst}\t{summary}",
            f"{image}\t{body}\t{count}\t{max(1, count // 220)}\t{self.bylines[author]}",
            topics,
            f"{_NULL}\t{author}\t{_NULL}",
            *([] if agency == _NULL else [f"{_NULL}\t{_NULL}\t{agency}"]),
        )
        revision = 2 * opened + (random.random() < 0.05)
        changed = min(at, self.now) + datetime.timedelta(seconds=random.randint(0, 50))
        made = min(at, self.now) - datetime.timedelta(hours=3)
        self._add(
            Article,
            f"{pk}\t{section}\t{headline}\t{title}\t{standfirst}\t{summary}\t{agency}"
            f"\t{image}\t{body}\t{title.lower().replace(' ', '-')}-{pk}\t{day}\t{revision}"
            f"\t{self.user.pk}\t{made}\t{changed}\t\t\t\t\t\n",
        )
        for topic in sorted(topics):
            through = Article.topics.through
            line = f"{self._next(through)}\t{pk}\t{topic}\n"
            self._add(through, line)
        self._add(Byline, f"{pk}\t{pk}\t{author}\t\t0\n")
        if is_full:
            for position in range(3):
                line = f"{self._next(KeyPoint)}\t{pk}\t{words.title()}\t{position}\n"
                self._add(KeyPoint, line)
        for flag in (ADDITION, CHANGE) if random.random() < 0.3 else (ADDITION,):
            self._add(
                LogEntry,
                f"{self._next(LogEntry)}\t{made if flag == ADDITION else changed}\t{self.user.pk}"
                f"\t{self.content_type}\t{pk}\t{headline}\t{flag}\t[]\n",
            )

    def _make_editions(
        self,
        article: int,
        at: datetime.datetime,
        number: int,
        before: str,
        after: str,
        topics: set[int],
        *subjects: str,
    ) -> int:
        """Edition after edition until now, the last one open or withdrawn; returns how many.

        `subjects` are the columns that name what they are listed under, besides the topics.
        """
        random = self.random
        opened = 0
        live_from: datetime.datetime | None = at if number else None
        while live_from is not None:
            opened += 1
            following = live_from + datetime.timedelta(minutes=random.randint(20, 2000))
            is_past = following < self.now
            is_last = opened == number or not is_past
            is_withdrawn = is_last and is_past and random.random() < self.withdrawn
            until = following if is_withdrawn or not is_last else None
            pk = self._next(Edition)
            self._add(
                Edition,
                f"{pk}\t{article}\t{opened}\t{2 * opened}\t{before}\t{after}\t{at}\t{live_from}"
                f"\t{until or _NULL}\t{min(live_from, self.now)}\t{self.user.pk}"
                f"\t\t[]\t\t\t\t\t\tA load test picture\t\t\t\t\n",
            )
            for topic in sorted(topics):
                through = Edition.topics.through
                line = f"{self._next(through)}\t{pk}\t{topic}\n"
                self._add(through, line)
            listed = [f"{topic}\t{_NULL}\t{_NULL}" for topic in sorted(topics)]
            for columns in [*listed, *subjects]:
                self._add(Listing, f"{self._next(Listing)}\t{pk}\t{columns}\t{at}\n")
            action = PublicationEvent.Action
            self._record(
                article, str(pk), action.PUBLISH if live_from < self.now else "schedule", live_from
            )
            if is_withdrawn:
                self._record(article, _NULL, action.WITHDRAW, following)
            live_from = None if is_last else following
        return opened

    def _record(self, article: int, edition: str, action: str, at: datetime.datetime) -> None:
        self._add(
            PublicationEvent,
            f"{self._next(PublicationEvent)}\t{article}\t{edition}\t{action!s}"
            f"\t{self.user.pk}\t{at}\t\t{min(at, self.now)}\n",
        )

    def _make_comments(self) -> None:
        self.say(f"{self.size.comments:,} comments...")
        numbers = _zipf(len(self.published), self.size.comments, self.random)
        random = self.random.random
        bodies = [self.words.comment() for _ in range(20_000)]
        people = [self.words.name() for _ in range(20_000)]
        senders = [
            f"{self.random.getrandbits(256):064x}"
            for _ in range(max(50, min(200_000, self.size.comments // 20)))
        ]
        pending = min(PENDING, self.size.comments // 5)
        made = 0
        lines = self.lines[Comment]
        for start in range(0, len(self.published), _DAY):
            day = []
            for place in range(start, min(start + _DAY, len(self.published))):
                at = self.published[place]
                most = (self.now - at).total_seconds()
                for _ in range(numbers[place]):
                    # Most readers write on the first day, some after weeks.
                    lag = min(random() ** 4 * 2_000_000, random() * most)
                    day.append((at + datetime.timedelta(seconds=lag), place + 1))
            day.sort()
            for at, article in day:
                made += 1
                left = self.size.comments - made
                draw = random()
                if left < 3 * pending and not left % 3:
                    status = "pending"
                else:
                    status = "spam" if draw < 0.04 else "rejected" if draw < 0.07 else "approved"
                who = int(random() ** 2 * 20_000)
                lines.append(
                    f"{made}\t{article}\t{people[who]}\treader{who}@example.org"
                    f"\t{bodies[int(random() * 20_000)]}\t{status}\t"
                    f"\t{senders[int(random() ** 2 * len(senders))]}\t{at}\n",
                )
                if status != "pending" and left < RECORDED:
                    self._decide(made, status, at)
            if len(lines) > _COMMENTS_AT_ONCE:
                self._flush()
        self._flush()

    def _decide(self, comment: int, status: str, at: datetime.datetime) -> None:
        action = {"approved": "approve", "rejected": "reject"}.get(status, "spam")
        self._add(
            Decision,
            f"{self._next(Decision)}\t{comment}\t{action}\tpending\t{self.user.pk}\t\t{at}\n",
        )

    def _make_searchable(self) -> None:
        """What `articles.search` would store, made by the database: these words need no folding."""
        self.say("Search...")
        SearchWord.objects.bulk_create(map(SearchWord, self.words.all()), batch_size=1000)
        self.cursor.execute(
            f"INSERT INTO {_quoted(SearchDocument)}"  # noqa: S608
            " (edition_id, language, title, lead, body, first_published_at, live_from, live_until,"
            " title_search, search)"
            " SELECT id, stemmer, '', '', '', first_published_at, live_from, live_until,"
            f" {postgresql.TITLE_VECTOR}, {postgresql.VECTOR} FROM (SELECT *, %s AS stemmer,"
            " lower(short_title || ' ' || headline) AS title,"
            " lower(concat_ws(' ', standfirst, summary, bylines->0->>'name')) AS lead,"
            " lower(regexp_replace(body_html, '<[^>]*>', ' ', 'g')) AS body,"
            " ARRAY['s:' || section_id, 'a:' || (bylines->0->>'slug'),"
            " to_char(first_published_at AT TIME ZONE 'UTC', '\"y:\"YYYY'),"
            " to_char(first_published_at AT TIME ZONE 'UTC', '\"m:\"YYYY-MM')] AS marks"
            f" FROM {_quoted(Edition)} WHERE live_until IS NULL OR live_until > %s) AS edition",
            [stemmer(), self.now],
        )

    def _set_sequences(self) -> None:
        for sql in connection.ops.sequence_reset_sql(no_style(), list(_COLUMNS)):
            self.cursor.execute(sql)


class _Words:
    """Words, sentences and names, none of them real."""

    def __init__(self, random: Random) -> None:
        self._random = random
        syllables = [f"{a}{b}" for a in "bdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "ay")]
        self._words = sorted(
            {"".join(random.sample(syllables, random.randint(2, 4))) for _ in range(3000)}
        )
        random.shuffle(self._words)
        self._sentences = [
            f"{' '.join(self.word() for _ in range(random.randint(8, 20))).capitalize()}."
            for _ in range(5000)
        ]
        self._paragraphs = []
        for _ in range(5000):
            words = " ".join(self.sentence() for _ in range(random.randint(2, 4)))
            self._paragraphs.append((f"<p>{words}</p>", len(words.split())))

    def all(self) -> list[str]:
        return sorted(set(self._words))

    def word(self) -> str:
        # Squared, so that some words are common and most are rare.
        return self._words[int(self._random.random() ** 2 * len(self._words))]

    def title(self) -> str:
        return f"{self.word()} {self.word()} {self.word()}".capitalize()

    def headline(self) -> str:
        return f"{self.title()} {self.word()} {self.word()} {self.word()}"

    def name(self) -> str:
        return f"{self.word().title()} {self.word().title()}"

    def sentence(self) -> str:
        return self._sentences[int(self._random.random() * len(self._sentences))]

    def body(self, paragraphs: int) -> tuple[str, int]:
        """HTML of so many paragraphs, and how many words it has."""
        number = len(self._paragraphs)
        chosen = [self._paragraphs[int(self._random.random() * number)] for _ in range(paragraphs)]
        return "".join(html for html, _count in chosen), sum(count for _html, count in chosen)

    def comment(self) -> str:
        """What a reader writes, as COPY wants it; long enough by the rule of `comments.text`."""
        words = self.sentence()
        while text.missing(words) or self._random.random() < 0.4:
            words += ("\n\n" if self._random.random() < 0.1 else " ") + self.sentence()
        if text.normalise(words) != words or text.excess(words):
            raise AssertionError("A comment that the form would not store so")
        return words.replace("\n", "\\n")


def _zipf(stories: int, comments: int, random: Random) -> list[int]:
    """How many of the comments each story has: a few have thousands of a million."""
    weights = [(rank + 1) ** -0.5 for rank in range(stories)]
    scale = comments / sum(weights)
    edges = [0, *(round(edge * scale) for edge in accumulate(weights))]
    numbers = [high - low for low, high in pairwise(edges)]
    random.shuffle(numbers)
    return numbers


def _quoted(model: Any) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@contextmanager
def _bare_tables(cursor: Any, *, is_proved: bool, say: Callable[[str], None]) -> Iterator[None]:
    """Without indexes and constraints inside, with the same ones afterwards."""
    tables = [model._meta.db_table for model in (*_COLUMNS, SearchDocument, SearchWord)]
    cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
    cursor.execute("SET LOCAL max_parallel_maintenance_workers = 2")
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), contype,"
        " conname FROM pg_constraint WHERE conrelid = ANY(%s::regclass[])"
        " AND (contype IN ('f', 'u', 'x') OR conname = ANY(%s))"
        # Foreign keys go first and come back last.
        " ORDER BY contype = 'f' DESC, conname",
        [tables, [] if is_proved else list(_SLOW_CHECKS)],
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary AND NOT EXISTS"
        " (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('u', 'x'))"
        " ORDER BY 1",
        [tables],
    )
    indexes = cursor.fetchall()
    cursor.execute(
        "SELECT attrelid::regclass::text, attnum, attstattarget FROM pg_attribute"
        " WHERE attrelid::regclass::text = ANY(%s) AND attnum > 0 AND attstattarget >= 0",
        [[name for name, _definition in indexes]],
    )
    samples = cursor.fetchall()
    for table, name, _definition, _kind, _plain in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    say("Indexes...")
    for _name, definition in indexes:
        cursor.execute(definition)
    for name, column, number in samples:
        cursor.execute(f"ALTER INDEX {name} ALTER COLUMN {column} SET STATISTICS {number}")
    say("Constraints...")
    for table, name, definition, _kind, plain in reversed(constraints):
        is_slow = plain in _SLOW_CHECKS and "NOT VALID" not in definition
        cursor.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
            f"{' NOT VALID' if is_slow else ''}"
        )
    # What is deferred to the end is checked now, so that a failure names its cause.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
