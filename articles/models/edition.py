"""What readers see: immutable, render-ready records of a story, each live in a span of time."""

import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..addresses import address
from .constraints import NoOverlap

if TYPE_CHECKING:
    from .correction import Correction

#: What a link to a story says, and what a card says besides.
_LINK = (
    "headline",
    "short_title",
    "language",
    "reading_minutes",
    "article__slug",
    "article__published_on",
)
_CARD = ("standfirst", "key_points", "first_published_at", "section", "lead_image_alt")


class EditionQuerySet(models.QuerySet["Edition"]):
    def live(self, at: datetime.datetime | None = None) -> "EditionQuerySet":
        """Editions that are public at that moment (now unless told): the only definition of it."""
        at = at or timezone.now()
        return self.filter(
            models.Q(live_until__isnull=True) | models.Q(live_until__gt=at), live_from__lte=at
        )

    def scheduled(self, at: datetime.datetime | None = None) -> "EditionQuerySet":
        """Editions that will become public after that moment."""
        at = at or timezone.now()
        return self.filter(
            models.Q(live_until__isnull=True) | models.Q(live_until__gt=models.F("live_from")),
            live_from__gt=at,
        )

    def been_live(self, at: datetime.datetime | None = None) -> "EditionQuerySet":
        """Editions that are or were public; one cancelled before its time was not."""
        at = at or timezone.now()
        return self.filter(
            models.Q(live_until__isnull=True) | models.Q(live_until__gt=models.F("live_from")),
            live_from__lte=at,
        )

    def with_page_relations(self) -> "EditionQuerySet":
        """Fetch what the page of an edition needs in the same query."""
        return self.select_related("article", "section", "lead_image")

    def for_page(self) -> "EditionQuerySet":
        """Fetch what the page of an edition shows of it.

        Of the article only its address: the working copy is as long again, and not for readers.
        """
        own = [field.name for field in Edition._meta.concrete_fields]
        shown = self.with_page_relations().only(*own, "article__slug", "article__published_on")
        return shown.with_corrections()

    def with_corrections(self) -> "EditionQuerySet":
        """Fetch the corrections of the editions' stories in the same query."""
        from .correction import rows_of_story

        return self.annotate(correction_rows=rows_of_story())

    def for_cards(self, *more: str) -> "EditionQuerySet":
        """Fetch what articles/_card.html shows, and no more: bodies are long, lists too.

        `more` names what some cards show besides.
        """
        return self.with_page_relations().only(*_LINK, *_CARD, "lead_image", *more)

    def for_links(self, *more: str) -> "EditionQuerySet":
        """Fetch what a link to the story and its read time need, and `more`."""
        return self.select_related("article").only(*_LINK, *more)

    def newest_first(self) -> "EditionQuerySet":
        return self.order_by("-first_published_at", "-pk")


class Edition(models.Model):
    """A story as it was published: frozen words, public in `[live_from, live_until)`.

    Only `articles.publishing` makes editions and closes them. Nothing else of an edition ever
    changes, so that `live(at=...)` can tell what readers saw at any moment.
    """

    article = models.ForeignKey(
        "articles.Article", models.PROTECT, related_name="editions", verbose_name=_("article")
    )
    number = models.PositiveIntegerField(_("number"))
    revision = models.PositiveIntegerField(
        _("revision"), help_text=_("The revision of the article that was frozen.")
    )
    section = models.ForeignKey(
        "articles.Section", models.PROTECT, related_name="editions", verbose_name=_("section")
    )
    language = models.CharField(
        _("language"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text=_("The code of the story's language; empty for the paper's."),
    )
    headline = models.CharField(_("headline"), max_length=200)
    short_title = models.CharField(_("short title"), max_length=200)
    standfirst = models.TextField(_("standfirst"), blank=True)
    summary = models.TextField(_("summary"), blank=True)
    key_points_heading = models.CharField(_("key points heading"), max_length=120, blank=True)
    key_points = models.JSONField(_("key points"), default=list)
    pull_quote = models.TextField(_("pull quote"), blank=True)
    pull_quote_attribution = models.CharField(_("pull quote source"), max_length=160, blank=True)
    dateline = models.CharField(_("dateline"), max_length=120, blank=True)
    agency_name = models.CharField(_("agency"), max_length=80, blank=True)
    agency_credit = models.CharField(_("credit line"), max_length=120, blank=True)
    agency_slug = models.SlugField(_("agency's slug"), max_length=80, blank=True, db_index=False)
    canonical_url = models.CharField(_("address of the original"), max_length=500, blank=True)
    bylines = models.JSONField(_("bylines"), default=list)
    topics = models.ManyToManyField(
        "articles.Topic", related_name="editions", verbose_name=_("topics")
    )
    lead_image = models.ForeignKey(
        "articles.Image",
        models.PROTECT,
        null=True,
        related_name="editions",
        verbose_name=_("lead picture"),
    )
    lead_image_alt = models.CharField(_("alternative text"), max_length=300, blank=True)
    lead_image_caption = models.CharField(_("caption"), max_length=500, blank=True)
    lead_image_credit = models.CharField(_("picture credit"), max_length=200, blank=True)
    body_html = models.TextField(_("finished body"), blank=True)
    word_count = models.PositiveIntegerField(_("words"))
    reading_minutes = models.PositiveSmallIntegerField(_("read time in minutes"))
    first_published_at = models.DateTimeField(
        _("first published at"), help_text=_("When the story's first public edition went live.")
    )
    live_from = models.DateTimeField(_("live from"))
    live_until = models.DateTimeField(_("live until"), null=True)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("made by"),
    )

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-first_published_at", "-pk"]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        indexes = [
            models.Index(fields=["-first_published_at", "-id"], name="edition_newest_first"),
            models.Index(
                fields=["section", "-first_published_at", "-id"], name="edition_newest_in_section"
            ),
            # What the clock will open and close next.
            models.Index(fields=["live_from"], name="edition_opens"),
            models.Index(
                fields=["live_until"],
                condition=models.Q(live_until__isnull=False),
                name="edition_closes",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="edition_number_unique"),
            # An edition cancelled before its time ends where it would have begun.
            models.CheckConstraint(
                name="edition_ends_after_it_begins",
                condition=models.Q(live_until__isnull=True)
                | models.Q(live_until__gte=models.F("live_from")),
            ),
            models.CheckConstraint(
                name="edition_takes_a_minute", condition=models.Q(reading_minutes__gte=1)
            ),
            NoOverlap(name="edition_one_live_at_a_time", owner="article"),
        ]

    def __str__(self) -> str:
        return f"{self.headline} ({self.number})"

    def get_absolute_url(self) -> str:
        day = self.article.published_on
        if day is None:
            raise ValueError("An article with an edition has the day of its address.")
        return address("articles:article", day.year, day.month, day.day, self.article.slug)

    @property
    def absolute_url(self) -> str:
        """The address as readers share it, host included."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"

    @property
    def canonical(self) -> str:
        """The address under which search engines list the story: ours, or the original's."""
        return self.canonical_url or self.absolute_url

    @property
    def history_url(self) -> str:
        """Where the paper shows what the story said before, if it does."""
        return f"{self.get_absolute_url()}history/"

    @property
    def updated_at(self) -> datetime.datetime | None:
        """When readers got a newer text than the first one; None for the first."""
        return self.live_from if self.live_from > self.first_published_at else None

    @cached_property
    def corrections(self) -> "list[Correction]":
        """The story's standing corrections, oldest first; free on rows of `with_corrections()`."""
        from . import correction

        if not hasattr(self, "correction_rows"):
            standing = correction.Correction.objects.standing().filter(article=self.article_id)
            return list(standing.order_by("made_at", "pk"))
        return correction.read(self.correction_rows)

    @property
    def corrected_at(self) -> datetime.datetime | None:
        """When the story was corrected last."""
        return self.corrections[-1].made_at if self.corrections else None

    @property
    def changed_at(self) -> datetime.datetime:
        """When what readers get of the story changed last: its text, or what is said of it."""
        return max(filter(None, [self.first_published_at, self.live_from, self.corrected_at]))

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An edition never changes: publish the article again.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("An edition is never deleted: withdraw the article.")


class PublicationEvent(models.Model):
    """One line of the record of who published, withdrew or corrected what. Append-only."""

    class Action(models.TextChoices):
        PUBLISH = "publish", _("Published")
        SCHEDULE = "schedule", _("Scheduled")
        WITHDRAW = "withdraw", _("Withdrawn")
        CORRECT = "correct", _("Corrected")
        RETRACT = "retract", _("Correction taken back")

    article = models.ForeignKey(
        "articles.Article", models.PROTECT, related_name="events", verbose_name=_("article")
    )
    edition = models.ForeignKey(
        Edition, models.PROTECT, null=True, related_name="events", verbose_name=_("edition")
    )
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("takes effect at"))
    note = models.TextField(_("note"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("publication event")
        verbose_name_plural = _("publication events")
        indexes = [
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(action="withdraw"),
                name="event_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.article}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The record of publications is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The record of publications is append-only.")
