"""The surrogate keys: what a page says it was made from, and what a change touches.

A page that shows a fact names the fact's key. A change touches the keys of all the facts that it
changes. So exactly the pages that may look different now are rendered again.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from .models import Agency, Author, Correction, Edition, Listing, Topic
from .prepared import Among, Numbers, Prepared

#: Which stories are the newest of all, and which of them editors put on the front page.
FRONT = "front"
#: Names, colours and order of the sections, which every page shows.
SECTIONS = "sections"
#: Which topics, authors and agencies there are, and where.
SUBJECTS = "subjects"
#: What the paper says of itself, which every page and file shows: `public_response` names it.
PUBLICATION = "publication"
#: Which live stories have been corrected, and how.
CORRECTIONS = "corrections"
#: Which stories have become too old for the news sitemap. The clock alone changes that.
NEWS = "news"
#: For how long a story is news.
NEWS_AGE = timedelta(days=2)

#: How many stories' addresses a file of the sitemap holds at most. The protocol takes 50,000. A
#: thousand are made anew in 50 ms when one has changed; the index, which changes as often, takes as
#: long for a thousand files. It may have 50,000.
SITEMAP_LENGTH = 1_000
#: How many months a page of a list may name before it names years instead.
_MONTHS = 12
#: By what the time between two stories is named, and for how much of it at most: by so many
#: characters of a moment in ISO 8601, which are ten seconds, a minute, ten minutes, an hour, a day.
_BETWEEN = (
    (18, timedelta(seconds=10), 12),
    (16, timedelta(minutes=1), 12),
    (15, timedelta(minutes=10), 12),
    (13, timedelta(hours=1), 12),
    (10, timedelta(days=1), 12),
    (7, timedelta(days=28), 12),
)
#: Under how many names a story may lie between two others; four characters are a year.
_LENGTHS = (*(length for length, _step, _most in _BETWEEN), 4)

_corrected = Prepared(
    Correction,
    lambda stories: (
        Correction.objects.standing().filter(article__in=Among(stories)).order_by().values("pk")[:1]
    ),
    stories=Numbers(),
)
_listed: Prepared[Any] = Prepared(
    Listing,
    lambda editions: Listing.objects.filter(edition__in=Among(editions)).values_list(
        "topic", "author", "agency"
    ),
    editions=Numbers(),
)


def part(*names: str) -> str:
    """The name of a part of pages that depends on these keys alone."""
    return "+".join(names)


def of_part(name: str) -> list[str]:
    """The keys in the name of a part."""
    return name.split("+")


def article(pk: int) -> str:
    """A story."""
    return f"article:{pk}"


def comments(pk: int) -> str:
    """The comments of a story, and how many there are."""
    return f"comments:{pk}"


def section(pk: int) -> str:
    """Which stories are the newest of a section, and what lists say of them."""
    return f"section:{pk}"


def topic(pk: int) -> str:
    """Which stories a topic has."""
    return f"topic:{pk}"


def author(pk: int) -> str:
    """Which stories an author has signed."""
    return f"author:{pk}"


def agency(pk: int) -> str:
    """Which stories come from an agency."""
    return f"agency:{pk}"


def name_of(subject: Topic | Author | Agency) -> str:
    """What a topic, an author or an agency is called, and what its page says of it."""
    return f"{subject._meta.model_name}-name:{subject.pk}"


def image(pk: int) -> str:
    """The renditions of a picture."""
    return f"image:{pk}"


def day(on: date) -> str:
    """Which stories were first published on a day of the paper's time zone."""
    return f"day:{on:%Y-%m-%d}"


def month(on: date) -> str:
    """Which stories were first published in a month."""
    return f"month:{on:%Y-%m}"


def year(on: date) -> str:
    """Which stories were first published in a year."""
    return f"year:{on:%Y}"


def span(first: datetime, last: datetime) -> list[str]:
    """Which stories were first published between two moments: the months, of a long time the years.

    Older pages of a list name this instead of the list's own key, so that a story published today
    leaves them as they are.
    """
    start, end = timezone.localdate(first), timezone.localdate(last)
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    if len(months) <= _MONTHS:
        return [month(date(number // 12, number % 12 + 1, 1)) for number in months]
    return [year(date(number, 1, 1)) for number in range(start.year, end.year + 1)]


def between(section: int, first: datetime, last: datetime) -> list[str]:
    """Which stories of a section were first published between two moments.

    By tens of seconds where they are few, else by minutes and so on up to years: a story published
    now leaves the pages alone that say what came between two older ones.
    """
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    for length, step, most in _BETWEEN:
        if end - start <= step * most:
            moments = [start + step * number for number in range((end - start) // step + 1)]
            return sorted({_within(section, moment, length) for moment in (*moments, end)})
    return [f"next:{section}:{year:04}" for year in range(start.year, end.year + 1)]


def oldest(section: int) -> str:
    """Which story of a section is the oldest."""
    return f"oldest:{section}"


def _within(section: int, moment: datetime, length: int) -> str:
    return f"next:{section}:{moment.isoformat()[:length]}"


def sitemap(number: int) -> str:
    """Which stories a file of the sitemap lists, and when they last changed."""
    return f"sitemap:{number}"


def sitemap_of(edition: Edition) -> int:
    """The number of the file of the sitemap that may list an edition's story."""
    return edition.article_id // SITEMAP_LENGTH


def shown(edition: Edition) -> list[str]:
    """What a page names that shows this edition without its comments."""
    keys = [article(edition.article_id)]
    if edition.lead_image_id:
        keys.append(image(edition.lead_image_id))
    return keys


def of_list(editions: Iterable[Edition]) -> list[str]:
    """What a page names that shows cards of these editions, but for their numbers of comments.

    Those are parts of pages, and a list may show some of its stories without.
    """
    return [key for edition in editions for key in shown(edition)]


def of_subject(subject: Topic | Author | Agency) -> list[str]:
    """What comes of a new topic, author or agency, its new name or address, or its end."""
    return [f"{subject._meta.model_name}:{subject.pk}", name_of(subject), SUBJECTS]


def touched_by(*editions: Edition) -> set[str]:
    """What the coming or going of editions changes; two queries."""
    if not editions:
        return set()
    touched = {FRONT}
    for edition in editions:
        on = timezone.localdate(edition.first_published_at)
        touched |= {article(edition.article_id), section(edition.section_id)}
        touched |= {day(on), month(on), year(on), sitemap(sitemap_of(edition))}
        moment = edition.first_published_at.astimezone(UTC)
        touched |= {_within(edition.section_id, moment, length) for length in _LENGTHS}
        touched.add(oldest(edition.section_id))
    if _corrected(stories={edition.article_id for edition in editions}):
        touched.add(CORRECTIONS)
    listed = _listed(editions=[edition.pk for edition in editions])
    for topic_id, author_id, agency_id in listed:
        touched |= {topic(topic_id)} if topic_id else set()
        touched |= {author(author_id)} if author_id else set()
        touched |= {agency(agency_id)} if agency_id else set()
    return touched
