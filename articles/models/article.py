"""The working copy: what editors change as often as they like."""

import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorField

from .. import languages, typography
from ..body import clean as clean_body

if TYPE_CHECKING:
    from .edition import Edition

#: What the body editor offers. body.clean() allows the same and more, so nothing written is lost.
BODY_EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "Heading": {"levels": [2, 3]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "HardBreak": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto"]},
}

#: Plain-text fields in which straight quotation marks and dashes become typographic.
TYPOGRAPHIC_FIELDS = (
    "headline",
    "short_title",
    "standfirst",
    "summary",
    "key_points_heading",
    "pull_quote",
    "pull_quote_attribution",
)


class ArticleQuerySet(models.QuerySet["Article"]):
    def with_publication(self, at: datetime.datetime | None = None) -> "ArticleQuerySet":
        """Annotate what `Article.state` needs, so that a list of articles costs one query."""
        from .edition import Edition

        at = at or timezone.now()
        editions = Edition.objects.filter(article=models.OuterRef("pk"))
        live = editions.live(at)
        return self.annotate(
            live_number=models.Subquery(live.values("number")[:1]),
            live_since=models.Subquery(live.values("live_from")[:1]),
            live_revision=models.Subquery(live.values("revision")[:1]),
            scheduled_for=models.Subquery(
                editions.scheduled(at).order_by("live_from").values("live_from")[:1]
            ),
            was_public=models.Exists(editions.been_live(at)),
        )


class Article(models.Model):
    """One story as the newsroom works on it. Readers never see this row, only its editions."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        LIVE = "live", _("Live")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    section = models.ForeignKey(
        "articles.Section", models.PROTECT, related_name="articles", verbose_name=_("section")
    )
    language = models.CharField(
        _("language"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        choices=languages.choices,
        help_text=_(
            "What this story is written in. It decides the read time, the quotation marks and how"
            " screen readers pronounce it."
        ),
    )
    headline = models.CharField(
        _("headline"), max_length=200, help_text=_("The large line on the story's own page.")
    )
    short_title = models.CharField(
        _("short title"),
        max_length=120,
        blank=True,
        help_text=_(
            "For the browser tab, search results, lists and share links. Empty: the headline."
        ),
    )
    standfirst = models.TextField(
        _("standfirst"),
        max_length=400,
        blank=True,
        help_text=_("One or two sentences under the headline that make people read on."),
    )
    summary = models.TextField(
        _("summary"),
        max_length=1500,
        blank=True,
        help_text=_("In brief: what happened, for readers who read nothing else."),
    )
    key_points_heading = models.CharField(
        _("key points heading"),
        max_length=120,
        blank=True,
        help_text=_("Follows the words “Key Points:”."),
    )
    pull_quote = models.TextField(
        _("pull quote"),
        max_length=500,
        blank=True,
        help_text=_("With its quotation marks, if it has any."),
    )
    pull_quote_attribution = models.CharField(
        _("pull quote source"), max_length=160, blank=True, help_text=_("Who said or wrote it.")
    )
    dateline_place = models.CharField(
        _("dateline place"), max_length=80, blank=True, help_text=_("For example: Washington.")
    )
    dateline_date = models.DateField(_("dateline date"), null=True, blank=True)
    agency = models.ForeignKey(
        "articles.Agency",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="articles",
        verbose_name=_("agency"),
        help_text=_("Whose copy this is; its credit line follows the text."),
    )
    canonical_url = models.CharField(
        _("address of the original"),
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_(
            "Where an agency or a partner published this first. Search engines then list theirs."
        ),
    )
    lead_image = models.ForeignKey(
        "articles.Image",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="articles",
        verbose_name=_("lead picture"),
    )
    topics = models.ManyToManyField(
        "articles.Topic", blank=True, related_name="articles", verbose_name=_("topics")
    )
    authors = models.ManyToManyField(
        "articles.Author",
        through="articles.Byline",
        related_name="articles",
        verbose_name=_("authors"),
    )
    body = ProseEditorField(_("body"), extensions=BODY_EXTENSIONS, sanitize=clean_body, blank=True)
    slug = models.SlugField(
        _("slug"),
        max_length=120,
        help_text=_("The last part of its address. It stays once readers have seen it."),
    )
    published_on = models.DateField(
        _("date in the address"),
        null=True,
        editable=False,
        help_text=_("The day the story first went public, in the paper's time zone."),
    )
    revision = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-pk"]
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        permissions = [("publish_article", _("Can publish, schedule and withdraw articles"))]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="article_by_last_change"),
            models.Index(
                fields=["section", "-updated_at", "-id"], name="article_of_section_by_change"
            ),
            models.Index(
                fields=["-updated_at", "-id"],
                condition=models.Q(published_on__isnull=True),
                name="article_without_address",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["published_on", "slug"],
                name="article_address_unique",
                violation_error_message=_("Another story of that day has this slug already."),
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Set typographic marks and count the revision.

        The count is what lets a later save or publication notice that it was made from an older
        copy; see `publishing.Stale`.
        """
        language = self.written_in
        for name in TYPOGRAPHIC_FIELDS:
            setattr(self, name, typography.curl(getattr(self, name), language))
        self.body = typography.curl_html(self.body, language)
        self.revision += 1
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "revision", "updated_at"}
        super().save(*args, **kwargs)

    @property
    def written_in(self) -> str:
        """The code of the story's language: the paper's, unless it has one of its own."""
        return self.language or languages.of_paper()

    @property
    def title(self) -> str:
        """The short title, or the headline where there is none."""
        return self.short_title or self.headline

    @property
    def state(self) -> str:
        """Draft, scheduled, live or withdrawn now; free on rows of `with_publication()`."""
        if not hasattr(self, "was_public"):
            found = Article.objects.with_publication().get(pk=self.pk)
            for name in (
                "live_number",
                "live_since",
                "live_revision",
                "scheduled_for",
                "was_public",
            ):
                setattr(self, name, getattr(found, name))
        if self.live_number is not None:
            return self.State.LIVE
        if self.scheduled_for is not None:
            return self.State.SCHEDULED
        return self.State.WITHDRAWN if self.was_public else self.State.DRAFT

    @property
    def state_label(self) -> str:
        return str(self.State(self.state).label)

    def live_edition(self, at: datetime.datetime | None = None) -> "Edition | None":
        return self.editions.live(at).first()

    live_number: int | None
    live_since: datetime.datetime | None
    live_revision: int | None
    scheduled_for: datetime.datetime | None
    was_public: bool


class KeyPoint(models.Model):
    """One line of the Key Points box."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="key_points")
    text = models.CharField(_("key point"), max_length=160)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("key point")
        verbose_name_plural = _("key points")

    def __str__(self) -> str:
        return self.text

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.text = typography.curl(self.text, self.article.written_in)
        super().save(*args, **kwargs)


class Byline(models.Model):
    """One name above a story, in its order, with what that person did."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="bylines")
    author = models.ForeignKey(
        "articles.Author", models.PROTECT, related_name="bylines", verbose_name=_("author")
    )
    role = models.CharField(
        _("role"),
        max_length=60,
        blank=True,
        help_text=_("Such as “Reported by” or “Translated by”. Empty: just the name."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("byline")
        verbose_name_plural = _("bylines")
        constraints = [
            models.UniqueConstraint(
                fields=["article", "author", "role"],
                name="byline_once_per_role",
                violation_error_message=_("This author already has this role here."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.author}".strip()
