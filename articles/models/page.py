"""The pages that editors write once: about, contact, the policies."""

from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorField

from ..addresses import address
from ..body import clean as clean_body
from ..body import finish
from ..signals import announce, page_changed
from .article import BODY_EXTENSIONS


class Page(models.Model):
    """One page with a fixed address; readers see it as it is, without an edition.

    Its kind tells search engines what it holds: all but the first two are properties of
    schema.org's NewsMediaOrganization.
    """

    class Kind(models.TextChoices):
        OTHER = "", _("Another page")
        ABOUT = "about", _("About the paper")
        CONTACT = "contact", _("Contact")
        PRINCIPLES = "publishingPrinciples", _("Editorial principles")
        CORRECTIONS = "correctionsPolicy", _("Corrections policy")
        ETHICS = "ethicsPolicy", _("Ethics policy")
        FACT_CHECKING = "verificationFactCheckingPolicy", _("Fact-checking policy")
        SOURCES = "unnamedSourcesPolicy", _("Policy on unnamed sources")
        FEEDBACK = "actionableFeedbackPolicy", _("How readers’ feedback is acted on")
        DIVERSITY = "diversityPolicy", _("Diversity policy")
        STAFFING = "diversityStaffingReport", _("Diversity of the staff, a report")
        MISSION = "missionCoveragePrioritiesPolicy", _("Mission and priorities of coverage")
        OWNERSHIP = "ownershipFundingInfo", _("Ownership and funding")
        MASTHEAD = "masthead", _("Masthead: who works here")
        NO_BYLINES = "noBylinesPolicy", _("Policy on stories without a byline")

    title = models.CharField(_("title"), max_length=80)
    slug = models.SlugField(
        _("slug"), max_length=60, unique=True, help_text=_("Its address: /about/slug/.")
    )
    kind = models.CharField(
        _("what it is"),
        max_length=40,
        choices=Kind.choices,
        default=Kind.OTHER,
        blank=True,
        help_text=_(
            "Told to search engines, which trust papers that say how they work. There is one page"
            " of each kind."
        ),
    )
    summary = models.CharField(
        _("summary"),
        max_length=200,
        blank=True,
        help_text=_("One or two sentences under the title, which search engines show as well."),
    )
    body = ProseEditorField(_("text"), extensions=BODY_EXTENSIONS, sanitize=clean_body, blank=True)
    #: What readers get, finished when the page is saved.
    body_html = models.TextField(editable=False, blank=True)
    is_published = models.BooleanField(
        _("published"), default=False, help_text=_("Readers see the page as soon as it is saved.")
    )
    footer_position = models.PositiveSmallIntegerField(
        _("position at the foot of pages"),
        null=True,
        blank=True,
        help_text=_("Lower numbers come first. Empty: pages don’t link to it there."),
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering = ["footer_position", "title"]
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        constraints = [
            models.UniqueConstraint(
                name="page_one_of_a_kind",
                fields=["kind"],
                condition=~models.Q(kind=""),
                violation_error_message=_("There is a page of this kind already. Change that one."),
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        if self.kind == self.Kind.ABOUT:
            return address("articles:about")
        return address("articles:page", self.slug)

    @property
    def is_policy(self) -> bool:
        return self.kind not in (self.Kind.OTHER, self.Kind.ABOUT, self.Kind.CONTACT)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.body_html = finish(self.body)
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "body_html", "updated_at"}
        with transaction.atomic():
            super().save(*args, **kwargs)
            announce(page_changed, sender=Page, page=self)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            announce(page_changed, sender=Page, page=self)
        return deleted
