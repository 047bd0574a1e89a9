"""What the chief editor sets once: the paper's name, looks and policies."""

import hashlib
import json
from typing import IO, Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, JSONObject
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from articles import paper, renditions
from articles.paper import Accent, Logo, Paper, Profile
from articles.signals import announce

from .signals import publication_changed

#: The languages in which the site's own words are complete, by their own names.
LANGUAGES = [("en", "English"), ("hi", "हिन्दी"), ("ar", "العربية")]

_is_colour = RegexValidator(r"\A#[0-9a-f]{6}\Z", _("Write a colour such as #2438d6."))


class Publication(models.Model):
    """The paper as the chief editor has set it. There is one row, or none before the first save.

    Until then the operator's settings say the same things.
    """

    class FeedContent(models.TextChoices):
        SUMMARY = paper.SUMMARY, _("The summary of each story")
        FULL = paper.FULL, _("The full text of each story")

    class Crawlers(models.TextChoices):
        ALLOW = paper.ALLOW, _("may read the paper")
        REFUSE = paper.REFUSE, _("are asked to stay away")

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    tagline = models.CharField(
        _("tagline"),
        max_length=200,
        blank=True,
        help_text=_("What the paper is, in a sentence. Search engines show it under its name."),
    )
    language = models.CharField(
        _("language"),
        max_length=12,
        choices=LANGUAGES,
        blank=True,
        help_text=_("Of all words that editors don’t write themselves, and of dates."),
    )
    footer = models.CharField(
        _("last line of every page"),
        max_length=200,
        blank=True,
        help_text=_("For example: © The Island Post. Registered in Holmstad, number 4711."),
    )
    logo = models.BinaryField(editable=False, null=True)
    logo_dark = models.BinaryField(editable=False, null=True)
    logo_width = models.PositiveSmallIntegerField(editable=False, default=0)
    logo_height = models.PositiveSmallIntegerField(editable=False, default=0)
    #: What the addresses of the two logos end with: they change with the pictures.
    logo_mark = models.CharField(max_length=16, editable=False, blank=True)
    logo_dark_mark = models.CharField(max_length=16, editable=False, blank=True)
    accent_light = models.CharField(
        _("colour on light pages"), max_length=7, blank=True, validators=[_is_colour]
    )
    accent_dark = models.CharField(
        _("colour on dark pages"), max_length=7, blank=True, validators=[_is_colour]
    )
    guidelines = models.TextField(
        _("guidelines for comments"),
        max_length=600,
        blank=True,
        help_text=_("Stands above the form under every story. Empty: the usual two sentences."),
    )
    review_time = models.CharField(
        _("time until a comment is read"),
        max_length=100,
        blank=True,
        help_text=_("Ends the sentence “A moderator reads every comment before it appears, …”."),
    )
    #: [[label, address], ...] in the order of the page.
    socials = models.JSONField(_("profiles elsewhere"), default=list, blank=True)
    feed_content = models.CharField(
        _("feeds give"),
        max_length=10,
        choices=FeedContent.choices,
        default=FeedContent.SUMMARY,
        help_text=_("Other sites can print what feeds give in full."),
    )
    websub_hub = models.URLField(
        _("WebSub hub"),
        blank=True,
        help_text=_("Who tells readers’ programs of new stories at once, if anybody does."),
    )
    ai_crawlers = models.CharField(
        _("crawlers for language models"),
        max_length=10,
        choices=Crawlers.choices,
        default=Crawlers.ALLOW,
        help_text=_("Said in robots.txt, which the well-known ones obey."),
    )
    has_public_history = models.BooleanField(
        _("readers may compare the editions of a story"),
        default=False,
        help_text=_("Shows what a story said before each change."),
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publication")
        default_permissions = ("change", "view")
        constraints = [
            models.CheckConstraint(name="publication_is_one", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="publication_accents_are_a_pair",
                condition=models.Q(accent_light="", accent_dark="")
                | ~(models.Q(accent_light="") | models.Q(accent_dark="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            announce(publication_changed, sender=Publication)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            announce(publication_changed, sender=Publication)
        return deleted

    def take_logo(self, file: IO[bytes] | None, *, is_dark: bool = False) -> None:
        """Take over another logo, or none; raises renditions.Unusable."""
        content, width, height = None, 0, 0
        if file is not None:
            file.seek(0)
            content, width, height = renditions.logo(
                file, max_bytes=settings.IMAGE_MAX_BYTES, max_pixels=settings.IMAGE_MAX_PIXELS
            )
        mark = hashlib.sha256(content).hexdigest()[:16] if content else ""
        if is_dark:
            self.logo_dark, self.logo_dark_mark = content, mark
        else:
            self.logo, self.logo_mark = content, mark
            self.logo_width, self.logo_height = width, height

    @classmethod
    def stored_or_new(cls) -> "Publication":
        """The row, or one with what the settings say, which isn't stored."""
        return cls.objects.filter(pk=cls.ONLY).first() or cls.of(paper.from_settings())

    @classmethod
    def of(cls, said: Paper) -> "Publication":
        is_known = said.language in dict(LANGUAGES)
        return cls(
            id=cls.ONLY,
            name=said.name,
            tagline=said.tagline,
            language=said.language if is_known else "",
            review_time=said.review_time,
            feed_content=said.feed_content,
            websub_hub=said.websub_hub,
            ai_crawlers=said.ai_crawlers,
        )

    def facts(self) -> dict[str, Any]:
        """What pages say, by the names of FACTS."""
        return {name: getattr(self, name) for name in FACTS}


#: What the frame of every page is made from.
FACTS = (
    "name",
    "tagline",
    "language",
    "footer",
    "logo_width",
    "logo_height",
    "logo_mark",
    "logo_dark_mark",
    "accent_light",
    "accent_dark",
    "guidelines",
    "review_time",
    "socials",
    "feed_content",
    "websub_hub",
    "ai_crawlers",
    "has_public_history",
)


class PublicationSource:
    """Gives the paper from its row (see articles.paper.Source)."""

    def stored(self) -> QuerySet[Any, Any]:
        facts = JSONObject(**{name: F(name) for name in FACTS})
        return Publication.objects.annotate(text=Cast(facts, TextField()))

    def read(self, text: str | None) -> Paper:
        return paper.from_settings() if text is None else paper_of(json.loads(text))


def paper_of(facts: dict[str, Any]) -> Paper:
    """The paper that these facts describe. Names and policies of pages come from elsewhere."""
    default = paper.from_settings()
    socials = facts["socials"]
    if isinstance(socials, str):
        # SQLite keeps JSON as text.
        socials = json.loads(socials)
    return Paper(
        name=facts["name"],
        tagline=facts["tagline"],
        url=default.url,
        language=facts["language"] or default.language,
        policies=default.policies,
        guidelines=facts["guidelines"],
        review_time=facts["review_time"],
        feed_content=facts["feed_content"],
        websub_hub=facts["websub_hub"],
        ai_crawlers=facts["ai_crawlers"],
        socials=tuple(Profile(label, url) for label, url in socials),
        logo=_logo(facts),
        accent=_accent(facts),
        footer=facts["footer"],
        has_public_history=bool(facts["has_public_history"]),
    )


def _logo(facts: dict[str, Any]) -> Logo | None:
    if not facts["logo_mark"]:
        return None
    sources = [
        reverse("logo", args=[mark]) if mark else ""
        for mark in (facts["logo_mark"], facts["logo_dark_mark"])
    ]
    return Logo(sources[0], facts["logo_width"], facts["logo_height"], sources[1])


def _accent(facts: dict[str, Any]) -> Accent | None:
    if not facts["accent_light"] or not facts["accent_dark"]:
        return None
    return Accent(facts["accent_light"], facts["accent_dark"])
