"""What readers say, and what moderators decided about it."""

from typing import Any, NoReturn

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from . import rendering, text
from .counting import Counted

_STATUS_SALT = "comments.status"


class TextLength(models.Func):
    """The length of a comment by the rule of `comments.text`, computed by the database.

    PostgreSQL does it with its built-ins. SQLite calls `text.length` itself, through a function
    that each of the site's connections has; a connection without it can't write comments at all.
    """

    function = "comment_length"
    output_field = models.IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **kwargs: Any) -> tuple[str, Any]:
        column, params = compiler.compile(self.source_expressions[0])
        return text.postgresql_length(column), params


@receiver(connection_created, dispatch_uid="comments.comment_length")
def add_comment_length(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give SQLite the rule that its constraint calls."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            "comment_length",
            1,
            lambda body: None if body is None else text.length(str(body)),
            deterministic=True,
        )


class CommentQuerySet(models.QuerySet["Comment"]):
    def approved(self) -> "CommentQuerySet":
        """What readers see, oldest first."""
        return self.filter(status=Comment.Status.APPROVED).order_by("created_at", "pk")

    def pending(self) -> "CommentQuerySet":
        """What waits for a moderator, oldest first."""
        return self.filter(status=Comment.Status.PENDING).order_by("created_at", "pk")


class Comment(models.Model):
    """A reader's words under a story. `comments.moderation` alone changes the status."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        SPAM = "spam", _("Spam")

    article = models.ForeignKey(
        "articles.Article", models.PROTECT, related_name="comments", verbose_name=_("article")
    )
    name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("email"), help_text=_("Never shown or shared."))
    body = models.TextField(_("comment"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PENDING, editable=False
    )
    hold_reason = models.CharField(_("held because"), max_length=200, blank=True, editable=False)
    sender = models.CharField(
        _("sender"),
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("A keyed hash of the address it came from; the address is not kept."),
    )
    featured_at = models.DateTimeField(_("editor’s pick since"), null=True, editable=False)
    created_at = models.DateTimeField(_("posted at"), auto_now_add=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        permissions = [("moderate_comment", _("Can decide on comments"))]
        indexes = [
            models.Index(
                fields=["article", "created_at", "id"],
                condition=models.Q(status="approved"),
                name="comment_approved_of_article",
            ),
            models.Index(fields=["status", "created_at", "id"], name="comment_queue"),
            models.Index(fields=["sender", "created_at"], name="comment_of_sender"),
            models.Index(
                fields=["-featured_at", "-id"],
                condition=models.Q(featured_at__isnull=False),
                name="comment_picked_last",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="comment_long_enough",
                condition=models.Q(
                    GreaterThanOrEqual(TextLength("body"), models.Value(text.MIN_LENGTH))
                ),
            ),
            models.CheckConstraint(
                name="comment_short_enough",
                condition=models.Q(
                    LessThanOrEqual(TextLength("body"), models.Value(text.MAX_LENGTH))
                ),
            ),
            models.CheckConstraint(name="comment_has_a_name", condition=~models.Q(name="")),
            models.CheckConstraint(
                name="comment_status_known",
                condition=models.Q(status__in=["pending", "approved", "rejected", "spam"]),
            ),
            models.CheckConstraint(
                name="comment_picked_is_approved",
                condition=models.Q(featured_at__isnull=True) | models.Q(status="approved"),
            ),
            Counted(name="comment_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.body[:60]}"

    def get_status_url(self) -> str:
        """The sender's own page: signed, so that nobody can guess another's."""
        token = signing.Signer(salt=_STATUS_SALT).sign(str(self.pk))
        return reverse("comments:status", args=[token])

    @staticmethod
    def pk_of_token(token: str) -> int:
        """The comment that a status address names; raises signing.BadSignature."""
        return int(signing.Signer(salt=_STATUS_SALT).unsign(token))

    @property
    def public_status(self) -> str:
        """The status as the sender is told it; spammers learn nothing from theirs."""
        return self.Status.PENDING if self.status == self.Status.SPAM else self.status

    @property
    def anchor(self) -> str:
        return f"comment-{self.pk}"

    @property
    def paragraphs(self) -> list[str]:
        return rendering.paragraphs(self.body)

    @property
    def shown(self) -> dict[str, Any]:
        """What comments/_comment.html shows of it."""
        return rendering.shown(
            rendering.Row(self.pk, self.name, self.body, self.created_at, self.featured_at)
        )


class Decision(models.Model):
    """One line of the record of what moderators decided. Append-only."""

    class Action(models.TextChoices):
        APPROVE = "approve", _("Approved")
        REJECT = "reject", _("Rejected")
        SPAM = "spam", _("Marked as spam")
        FEATURE = "feature", _("Made an editor’s pick")
        UNFEATURE = "unfeature", _("No longer an editor’s pick")

    comment = models.ForeignKey(
        Comment, models.PROTECT, related_name="decisions", verbose_name=_("comment")
    )
    action = models.CharField(_("decision"), max_length=10, choices=Action.choices)
    previous_status = models.CharField(
        _("status before"), max_length=10, choices=Comment.Status.choices
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.comment}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The record of decisions is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The record of decisions is append-only.")


class ArticleCount(models.Model):
    """How many comments readers see under a story; no row means none. The database keeps it."""

    article = models.OneToOneField(
        "articles.Article",
        models.CASCADE,
        primary_key=True,
        related_name="comment_count",
        verbose_name=_("article"),
    )
    approved = models.IntegerField(_("approved"))

    class Meta:
        verbose_name = _("number of comments")
        verbose_name_plural = _("numbers of comments")

    def __str__(self) -> str:
        return f"{self.article_id}: {self.approved}"


class StatusCountQuerySet(models.QuerySet["StatusCount"]):
    def totals(self) -> dict[str, int]:
        """How many comments have each status, in one query over a few rows; 0 may be left out."""
        return dict(self.values_list("status").annotate(total=models.Sum("number")))


class StatusCount(models.Model):
    """A share of the number of comments with a status; their sum counts. The database keeps it."""

    pk = models.CompositePrimaryKey("status", "slot")
    status = models.CharField(_("status"), max_length=10, choices=Comment.Status.choices)
    slot = models.PositiveSmallIntegerField(_("share"))
    number = models.IntegerField(_("comments"))

    objects = StatusCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("number of comments with a status")
        verbose_name_plural = _("numbers of comments with a status")

    def __str__(self) -> str:
        return f"{self.status}: {self.number}"
