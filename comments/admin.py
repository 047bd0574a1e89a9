"""The comment desk: read whole comments, decide on one or on many."""

import re
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from articles.admin.paging import COUNTED, LongListPaginator, words_of

from . import moderation
from .models import Comment, Decision, StatusCount

#: Why a comment is rejected, as moderators say it; stored with the decision.
REASONS = [
    _("Off-topic"),
    _("Personal attack"),
    _("Hate"),
    _("False claim"),
    _("Other"),
]

#: What may be decided on many comments at once, and on one that readers see.
DECISIONS = {Decision.Action.APPROVE, Decision.Action.REJECT, Decision.Action.SPAM}
PICKS = {
    Decision.Action.FEATURE: moderation.feature,
    Decision.Action.UNFEATURE: moderation.unfeature,
}

#: How many comments of a queue are looked through for words, the newest first. Older ones are
#: found by their writer's whole name.
SEARCHED = 3000

#: The number of a comment, no longer than what a database can compare.
_PK = re.compile(r"[0-9]{1,18}")


class StatusFilter(admin.SimpleListFilter):
    """Pending unless another queue is chosen."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Comment.Status.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        return queryset.filter(status=queue_of(request))


def queue_of(request: HttpRequest) -> str:
    asked = request.GET.get("status", "")
    return asked if asked in Comment.Status.values else Comment.Status.PENDING


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    change_list_template = "admin/comments/comment/change_list.html"
    list_display = ["name"]
    list_filter = [StatusFilter]
    list_per_page = 25
    paginator = LongListPaginator
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ["article"]
    search_fields = ["name", "body"]
    search_help_text = _("Search names and words")
    show_full_result_count = False
    actions = None

    # Readers' words are theirs: nobody adds, edits or erases comments here.

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(moderation.PERMISSION)

    def get_ordering(self, request: HttpRequest) -> Any:
        # Who waits longest comes first; what is decided, newest first.
        if queue_of(request) == Comment.Status.PENDING:
            return ["created_at", "pk"]
        return ["-created_at", "-pk"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._decide(request)
            return HttpResponseRedirect(request.get_full_path())
        queue = queue_of(request)
        return super().changelist_view(
            request,
            {
                "title": gettext("Comment queue"),
                "tabs": self._tabs(queue),
                "queue": queue,
                "reasons": REASONS,
                "has_moderate_permission": self.has_moderate_permission(request),
                **(extra_context or {}),
            },
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One comment with the record of its decisions."""
        comment = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, comment):
            raise PermissionDenied
        if comment is None:
            raise Http404
        if request.method == "POST":
            self._decide(request, only=comment.pk)
            return HttpResponseRedirect(request.get_full_path())
        return TemplateResponse(
            request,
            "admin/comments/comment/detail.html",
            {
                **self.admin_site.each_context(request),
                "title": gettext("Comment by %(name)s") % {"name": comment.name},
                "opts": self.opts,
                "comment": comment,
                "decisions": comment.decisions.select_related("by"),
                "reasons": REASONS,
                "has_moderate_permission": self.has_moderate_permission(request),
                **(extra_context or {}),
            },
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        return super().get_queryset(request).select_related("article")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Comment], search_term: str
    ) -> tuple[QuerySet[Comment], bool]:
        """All words in the name or the text; on PostgreSQL of the newest comments of the queue.

        An index of every word of every comment would cost each reader who posts, and disk. Older
        comments are found by their writer's whole name.
        """
        if connection.vendor != "postgresql" or not search_term:
            return super().get_search_results(request, queryset, search_term)
        matches = Q()
        for word in words_of(search_term):
            matches &= Q(name__icontains=word) | Q(body__icontains=word)
        newest = Comment.objects.filter(status=queue_of(request)).order_by("-created_at", "-pk")
        oldest = newest.values_list("created_at", flat=True)[SEARCHED - 1 : SEARCHED].first()
        is_named = Q(name__iexact=search_term.strip())
        if oldest is None:
            found = queryset.filter(matches | is_named)
        else:
            # Each is read from an index that has the order of the queue, so only as far as needed.
            parts = [queryset.filter(matches, created_at__gte=oldest), queryset.filter(is_named)]
            first = [part.values_list("pk", flat=True)[:COUNTED] for part in parts]
            found = queryset.filter(pk__in={pk for part in first for pk in part})
        keys = list(found.values_list("pk", flat=True)[:COUNTED])
        return queryset.filter(pk__in=keys), False

    def _tabs(self, queue: str) -> list[dict[str, Any]]:
        numbers = StatusCount.objects.totals()
        return [
            {
                "value": value,
                "label": label,
                "number": numbers.get(value, 0),
                "is_current": value == queue,
            }
            for value, label in Comment.Status.choices
        ]

    def _decide(self, request: HttpRequest, only: int | None = None) -> None:
        """Carry out the pressed button: `approve:42` for one, `approve` for all ticked."""
        if not self.has_moderate_permission(request):
            raise PermissionDenied
        action, _colon, pk = request.POST.get("decide", "").partition(":")
        chosen = [pk] if pk else request.POST.getlist("chosen")
        pks = [int(value) for value in chosen if _PK.fullmatch(value)]
        if only is not None:
            pks = [only]
        if action in PICKS and len(pks) == 1:
            self._pick(request, pks[0], action)
            return
        if action not in DECISIONS:
            messages.error(request, gettext("That is no decision. Press one of the buttons."))
            return
        if not pks:
            messages.warning(request, gettext("Tick the comments that you have decided on first."))
            return
        reason = request.POST.get(f"reason-{pks[0]}", "") if len(pks) == 1 else ""
        if action != Decision.Action.REJECT or reason not in map(str, REASONS):
            reason = ""
        decisions = moderation.decide(
            pks, Decision.Action(action), by=cast(User, request.user), reason=reason
        )
        if not decisions:
            messages.warning(
                request, gettext("Somebody has decided that already. Nothing was changed.")
            )
            return
        words = {
            Decision.Action.APPROVE: ngettext(
                "%(n)d comment approved. Readers see it now.",
                "%(n)d comments approved. Readers see them now.",
                len(decisions),
            ),
            Decision.Action.REJECT: ngettext(
                "%(n)d comment rejected.", "%(n)d comments rejected.", len(decisions)
            ),
            Decision.Action.SPAM: ngettext(
                "%(n)d comment marked as spam.", "%(n)d comments marked as spam.", len(decisions)
            ),
        }
        messages.success(request, words[Decision.Action(action)] % {"n": len(decisions)})

    def _pick(self, request: HttpRequest, pk: int, action: str) -> None:
        comment = get_object_or_404(Comment, pk=pk)
        try:
            PICKS[Decision.Action(action)](comment, by=cast(User, request.user))
        except moderation.Refused as refused:
            messages.warning(request, str(refused))
            return
        messages.success(
            request,
            gettext("An editor’s pick now. Readers see it marked, and the front page may quote it.")
            if comment.featured_at
            else gettext("No longer an editor’s pick."),
        )
