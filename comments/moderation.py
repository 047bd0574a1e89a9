"""The only way a comment's status changes: approve, reject, mark_spam; feature, unfeature.

Each verb locks the comment, checks the moderator's right, changes, and records the decision, in
one transaction. A wrong decision is mended by deciding again.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import BigIntegerField, CharField, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Article
from articles.prepared import Prepared
from articles.signals import announce

from .models import Comment, Decision
from .signals import comments_changed, picks_changed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PERMISSION = "comments.moderate_comment"

_STATUS = {
    Decision.Action.APPROVE: Comment.Status.APPROVED,
    Decision.Action.REJECT: Comment.Status.REJECTED,
    Decision.Action.SPAM: Comment.Status.SPAM,
}


def _undecided(status: Any) -> "QuerySet[Comment]":
    """Comments that don't have that status yet, with their stories, and locked."""
    return (
        Comment.objects.select_for_update(of=("self",))
        .select_related("article")
        .defer("article__body")
        .exclude(status=status)
        .order_by("pk")
    )


# Most decisions are on one comment, whose readers wait for it.
_undecided_one = Prepared(
    Comment,
    lambda pk, status: _undecided(status).filter(pk=pk),
    pk=BigIntegerField(),
    status=CharField(),
)


class Refused(Exception):
    """The decision was not carried out; the message is written for the moderator."""


def approve(comment: Comment, *, by: "User", reason: str = "") -> Decision:
    """Show the comment to readers. Raises PermissionDenied, or Refused when it is shown already."""
    return _decide_one(comment, Decision.Action.APPROVE, by=by, reason=reason)


def reject(comment: Comment, *, by: "User", reason: str = "") -> Decision:
    """Keep the comment from readers. Raises as `approve` does."""
    return _decide_one(comment, Decision.Action.REJECT, by=by, reason=reason)


def mark_spam(comment: Comment, *, by: "User", reason: str = "") -> Decision:
    """Keep the comment from readers, as an advertisement. Raises as `approve` does."""
    return _decide_one(comment, Decision.Action.SPAM, by=by, reason=reason)


def feature(comment: Comment, *, by: "User") -> Decision:
    """Make a published comment an editor's pick, which the front page may quote.

    Raises PermissionDenied, or Refused when readers don't see the comment, or it is one already.
    """
    return _pick(comment, Decision.Action.FEATURE, by=by)


def unfeature(comment: Comment, *, by: "User") -> Decision:
    """Leave the comment published, but no longer a pick. Raises as `feature` does."""
    return _pick(comment, Decision.Action.UNFEATURE, by=by)


def decide(
    pks: Iterable[int],
    action: Decision.Action,
    *,
    by: "User",
    reason: str = "",
) -> list[Decision]:
    """Decide on many at once; those that have that status already are passed over.

    Rows are locked in the order of their keys, so that two moderators never wait for each other
    in a circle. Raises PermissionDenied.
    """
    _check(by)
    status = _STATUS[action]
    decisions: list[Decision] = []
    with transaction.atomic():
        chosen = list(pks)
        locked: Iterable[Comment] = (
            _undecided_one(pk=chosen[0], status=status)
            if len(chosen) == 1
            else _undecided(status).filter(pk__in=chosen)
        )
        shown: dict[int, Article] = {}
        was_picked = False
        for comment in locked:
            decisions.append(
                Decision.objects.create(
                    comment=comment,
                    action=action,
                    previous_status=comment.status,
                    by=by,
                    reason=reason[:200],
                )
            )
            if Comment.Status.APPROVED in (comment.status, status):
                shown[comment.article_id] = comment.article
            was_picked |= comment.featured_at is not None
        # What readers don't see is nobody's pick.
        Comment.objects.filter(pk__in=[decision.comment_id for decision in decisions]).update(
            status=status, featured_at=None
        )
        for article in shown.values():
            announce(comments_changed, sender=Comment, article=article)
        if was_picked:
            announce(picks_changed, sender=Comment)
    return decisions


def _decide_one(comment: Comment, action: Decision.Action, *, by: "User", reason: str) -> Decision:
    decisions = decide([comment.pk], action, by=by, reason=reason)
    if not decisions:
        comment.refresh_from_db(fields=["status"])
        raise Refused(
            _("Somebody has decided that already: this comment is %(status)s.")
            % {"status": comment.get_status_display().lower()}
        )
    comment.status = _STATUS[action]
    return decisions[0]


def _pick(comment: Comment, action: Decision.Action, *, by: "User") -> Decision:
    _check(by)
    is_pick = action == Decision.Action.FEATURE
    with transaction.atomic():
        locked = Comment.objects.select_for_update().get(pk=comment.pk)
        if locked.status != Comment.Status.APPROVED:
            raise Refused(_("Only a published comment can be an editor’s pick."))
        if is_pick == (locked.featured_at is not None):
            raise Refused(_("Somebody has decided that already."))
        decision = Decision.objects.create(
            comment=locked, action=action, previous_status=locked.status, by=by
        )
        comment.featured_at = timezone.now() if is_pick else None
        Comment.objects.filter(pk=locked.pk).update(featured_at=comment.featured_at)
        announce(comments_changed, sender=Comment, article=locked.article)
        announce(picks_changed, sender=Comment)
    return decision


def _check(by: "User") -> None:
    if not by.has_perm(PERMISSION):
        raise PermissionDenied(_("You may not decide on comments."))
