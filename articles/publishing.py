"""The only way to an edition: publish, schedule, withdraw; and to a correction of one.

Each verb locks the article, checks that the caller may and has seen the latest copy, changes,
and records who did it, in one transaction. What readers then see follows from the clock alone.
"""

import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, DateTimeField, Subquery
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from . import body, checklist, reading_time, search, typography
from .models import (
    Article,
    Byline,
    Correction,
    Edition,
    KeyPoint,
    Listing,
    PublicationEvent,
    Topic,
)
from .prepared import Prepared
from .signals import announce, correction_changed, edition_changed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PERMISSION = "articles.publish_article"

#: An "at" this far in the past still means now: the page was open while the clock went on.
GRACE = datetime.timedelta(minutes=2)


_whole = Prepared(
    Article,
    lambda article: (
        Article.objects.select_for_update(of=("self",))
        .select_related("section", "agency", "lead_image")
        .filter(pk=article)
    ),
    article=BigIntegerField(),
)
_parts: dict[str, Prepared[Any]] = {
    "key_points": Prepared(
        KeyPoint,
        lambda article: KeyPoint.objects.filter(article=article),
        article=BigIntegerField(),
    ),
    "topics": Prepared(
        Topic,
        lambda article: Topic.objects.filter(articles=article),
        article=BigIntegerField(),
    ),
    "bylines": Prepared(
        Byline,
        lambda article: Byline.objects.filter(article=article).select_related("author"),
        article=BigIntegerField(),
    ),
}
_open_editions = Prepared(
    Edition,
    lambda article, now: (
        (Edition.objects.live(now) | Edition.objects.scheduled(now))
        .filter(article=article)
        .order_by("live_from")
    ),
    article=BigIntegerField(),
    now=DateTimeField(),
)
_history = Prepared(
    Edition,
    lambda article, now: (
        Edition.objects.filter(article=article)
        .order_by("-number")
        .values_list(
            "number",
            Subquery(
                Edition.objects.been_live(now)
                .filter(article=article)
                .order_by("live_from")
                .values("live_from")[:1]
            ),
        )[:1]
    ),
    article=BigIntegerField(),
    now=DateTimeField(),
)


class Refused(Exception):
    """The verb was not carried out; the message is written for the person who asked."""


class Stale(Refused):
    """Somebody saved or published the article after the caller last read it."""


class NotReady(Refused):
    """The checklist has findings that block."""

    def __init__(self, items: list[checklist.Item]) -> None:
        self.items = items
        super().__init__(" ".join(item.message for item in items))


def publish(
    article: Article,
    *,
    by: "User",
    at: datetime.datetime | None = None,
    backdated: bool = False,
) -> Edition:
    """Freeze the article into an edition that is live from `at` (now unless told).

    The edition that is live until then closes at the same instant, and one that was scheduled
    is cancelled. `backdated` lets importers give a time in the past. Raises PermissionDenied,
    Stale when `article.revision` is not the stored one, NotReady, or Refused.
    """
    if not by.has_perm(PERMISSION):
        raise PermissionDenied(_("You may not publish articles."))
    action = PublicationEvent.Action
    try:
        with transaction.atomic():
            locked = _lock_whole(article)
            # Only now, as waiting for the lock takes time in which others publish.
            now = timezone.now()
            live_from = at or now
            if live_from < now and not backdated:
                if live_from < now - GRACE:
                    raise Refused(_("That moment has passed. Publish now, or choose a later time."))
                live_from = now
            if locked.revision != article.revision:
                raise Stale(
                    _(
                        "Somebody saved or published this story while you were looking at it."
                        " Look at the latest copy, then publish again."
                    )
                )
            blocking = [item for item in checklist.check(locked) if item.blocks]
            if blocking:
                raise NotReady(blocking)
            closed = _close(locked, at=live_from, now=now)
            edition = _freeze(locked, by=by, live_from=live_from, now=now)
            _record(
                locked,
                edition,
                action.SCHEDULE if live_from > now else action.PUBLISH,
                by=by,
                at=live_from,
            )
            search.follow(closed, now=now)
            search.store([edition], topics=[topic.name for topic in locked.topics.all()])
            _announce(locked, [*closed, edition])
    except IntegrityError as error:
        # The database is the last guard of one address for each story and one live edition.
        raise Refused(
            _("Another story of that day has the slug “%(slug)s” already. Choose another slug.")
            % {"slug": article.slug}
            if "address" in str(error) or "published_on" in str(error)
            else _("The story was published by somebody else at this moment.")
        ) from error
    article.revision, article.published_on = edition.revision, locked.published_on
    return edition


def schedule(article: Article, *, by: "User", at: datetime.datetime) -> Edition:
    """Publish at a moment to come; raises Refused when it isn't, and as `publish` does."""
    if at <= timezone.now():
        raise Refused(_("That moment has passed. Publish now, or choose a later time."))
    return publish(article, by=by, at=at)


def withdraw(
    article: Article,
    *,
    by: "User",
    note: str = "",
    at: datetime.datetime | None = None,
) -> None:
    """Take the story off the site from `at` (now unless told) and cancel what is scheduled.

    Its address then answers 410 with the note. Raises PermissionDenied, or Refused when nothing
    is live or scheduled.
    """
    if not by.has_perm(PERMISSION):
        raise PermissionDenied(_("You may not withdraw articles."))
    with transaction.atomic():
        locked = _lock(article)
        now = timezone.now()
        until = max(at or now, now)
        closed = _close(locked, at=until, now=now)
        if not closed:
            raise Refused(_("This story is neither live nor scheduled."))
        if not Edition.objects.filter(article=locked).been_live(now).exists():
            # It never had readers, so its address is free to change again.
            locked.published_on = None
            Article.objects.filter(pk=locked.pk).update(published_on=None)
        _record(locked, None, PublicationEvent.Action.WITHDRAW, by=by, at=until, note=note)
        search.follow(closed, now=now)
        _announce(locked, closed)
    article.published_on = locked.published_on


def correct(
    article: Article,
    *,
    by: "User",
    text: str,
    kind: str = Correction.Kind.CORRECTION,
    with_update: bool = False,
) -> Correction:
    """Tell readers what the live story had wrong: the note stays under all that comes later.

    `with_update` publishes the latest copy with it, so that nobody reads the mended text without
    the note, or the note without it. Raises PermissionDenied, Refused when nothing is live or
    nothing is said, and what `publish` raises.
    """
    if not by.has_perm(PERMISSION):
        raise PermissionDenied(_("You may not correct articles."))
    text = typography.curl(text.strip(), article.written_in)
    if not text:
        raise Refused(_("Say what was wrong."))
    with transaction.atomic():
        locked = _lock(article)
        live = Edition.objects.live().filter(article=locked).first()
        if live is None:
            raise Refused(_("This story is not live, so there is nothing that readers see of it."))
        edition = publish(article, by=by) if with_update else live
        now = timezone.now()
        correction = Correction.objects.create(
            article=locked, kind=kind, text=text, made_at=now, by=by
        )
        _record(locked, edition, PublicationEvent.Action.CORRECT, by=by, at=now, note=text)
        announce(correction_changed, sender=Correction, article=locked, editions=[edition])
    return correction


def retract(correction: Correction, *, by: "User") -> None:
    """Take a correction back that was wrong itself, or stands under the wrong story.

    The record keeps its words. Raises PermissionDenied, or Refused when it was taken back before.
    """
    if not by.has_perm(PERMISSION):
        raise PermissionDenied(_("You may not correct articles."))
    with transaction.atomic():
        locked = _lock(correction.article)
        now = timezone.now()
        standing = Correction.objects.standing().filter(pk=correction.pk)
        if not standing.update(retracted_at=now):
            raise Refused(_("Somebody has taken this correction back already."))
        live = list(Edition.objects.live(now).filter(article=locked))
        _record(
            locked,
            live[0] if live else None,
            PublicationEvent.Action.RETRACT,
            by=by,
            at=now,
            note=correction.text,
        )
        announce(correction_changed, sender=Correction, article=locked, editions=live)
    correction.retracted_at = now


def dateline(article: Article) -> str:
    """The dateline as printed, such as "Washington, Jan 8"; empty without a place.

    It is a part of the story, and so in the story's language, whichever the editor's is.
    """
    if not article.dateline_place or article.dateline_date is None:
        return article.dateline_place
    with translation.override(article.written_in):
        # Translators: the date of a dateline, in the form of Django's date filter.
        day = formats.date_format(article.dateline_date, pgettext("dateline", "M j"))
        return _("%(place)s, %(date)s") % {"place": article.dateline_place, "date": day}


def withdrawal_note(article: Article) -> str:
    """What the newsroom said when it last withdrew the story."""
    event = article.events.filter(action=PublicationEvent.Action.WITHDRAW).first()
    return event.note if event else ""


def _lock(article: Article) -> Article:
    """The article as it is stored, which nobody else changes now."""
    return Article.objects.select_for_update().get(pk=article.pk)


def _lock_whole(article: Article) -> Article:
    """The same with all that is an edition's; as prefetched, in less than half the time."""
    # PostgreSQL passes over a row whose section was changed while it waited for the lock: what it
    # has joined by then doesn't fit any more. Asked again, it joins anew.
    found = _whole(article=article.pk) or _whole(article=article.pk)
    locked: Any = next(iter(found), None)
    if locked is None:
        raise Article.DoesNotExist
    prefetched = {}
    for name, part in _parts.items():
        prefetched[name] = getattr(locked, name).all()
        prefetched[name]._result_cache = part(article=article.pk)
    locked._prefetched_objects_cache = prefetched
    return locked


def _close(article: Article, *, at: datetime.datetime, now: datetime.datetime) -> list[Edition]:
    """End what is live at `at`, and cancel what would have opened after now."""
    closed = []
    for edition in _open_editions(article=article.pk, now=now):
        if edition.live_from > now:
            edition.live_until = edition.live_from
        elif edition.live_from > at:
            raise Refused(_("The live edition is newer than that."))
        else:
            edition.live_until = at
        closed.append(edition)
    # What is to come first, as a live edition may be prolonged into its time.
    for edition in reversed(closed):
        Edition.objects.filter(pk=edition.pk).update(live_until=edition.live_until)
    return closed


def _freeze(
    article: Article,
    *,
    by: "User",
    live_from: datetime.datetime,
    now: datetime.datetime,
) -> Edition:
    last, first = next(iter(_history(article=article.pk, now=now)), (0, None))
    published_on = article.published_on if first else timezone.localdate(live_from)
    revision = article.revision + 1
    Article.objects.filter(pk=article.pk).update(published_on=published_on, revision=revision)
    article.published_on, article.revision = published_on, revision

    key_points = [point.text for point in article.key_points.all()]
    quote, source = article.pull_quote.strip(), article.pull_quote_attribution.strip()
    if not quote:
        source = ""
    line = dateline(article)
    html = body.finish(article.body, dateline=line, pull_quote=quote, attribution=source)
    image = article.lead_image
    # It may be the paper's, which takes a query.
    language = article.written_in
    read = "\n".join(
        [
            article.headline,
            article.standfirst,
            article.summary,
            article.key_points_heading if key_points else "",
            *key_points,
            body.plain_text(html),
        ]
    )
    edition = Edition(
        article=article,
        number=last + 1,
        revision=revision,
        section=article.section,
        language=language,
        headline=article.headline.strip(),
        short_title=article.title.strip(),
        standfirst=article.standfirst.strip(),
        summary=article.summary.strip(),
        key_points_heading=article.key_points_heading.strip() if key_points else "",
        key_points=key_points,
        pull_quote=quote,
        pull_quote_attribution=source,
        dateline=line,
        agency_name=article.agency.name if article.agency else "",
        agency_credit=article.agency.credit if article.agency else "",
        agency_slug=article.agency.slug if article.agency else "",
        canonical_url=article.canonical_url,
        bylines=[
            {"role": byline.role, "name": byline.author.name, "slug": byline.author.slug}
            for byline in article.bylines.all()
        ],
        lead_image=image,
        lead_image_alt=image.alt if image else "",
        lead_image_caption=image.caption if image else "",
        lead_image_credit=image.credit if image else "",
        body_html=html,
        word_count=reading_time.word_count(read),
        reading_minutes=reading_time.minutes(read, images=1 if image else 0, language=language),
        first_published_at=first or live_from,
        live_from=live_from,
        created_by=by,
    )
    edition.save()
    edition.topics.add(*article.topics.all())
    Listing.objects.add(edition)
    return edition


def _record(
    article: Article,
    edition: Edition | None,
    action: PublicationEvent.Action,
    *,
    by: "User",
    at: datetime.datetime,
    note: str = "",
) -> None:
    PublicationEvent.objects.create(
        article=article, edition=edition, action=action, by=by, at=at, note=note.strip()
    )


def _announce(article: Article, editions: list[Edition]) -> None:
    announce(edition_changed, sender=Edition, article=article, editions=editions)
