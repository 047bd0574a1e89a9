"""The article desk: write, publish, schedule, correct, withdraw."""

import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, BaseModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelectMultiple, RelatedFieldWidgetWrapper
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import DateField, Exists, OuterRef, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from js_asset import Media

from .. import checklist, publishing
from ..models import Article, Byline, Edition, KeyPoint, PublicationEvent
from ..models.article import ArticleQuerySet
from .forms import ArticleForm, CorrectForm, PublishForm, WithdrawForm
from .paging import LongListAdmin


class PartOfStory(BaseModelAdmin):
    """Offers to add what a story needs, not to change or erase it from inside the story."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_change_related = widget.can_delete_related = False
            widget.can_view_related = False
            widget.can_add_related = widget.can_add_related and db_field.name != "section"
        return field


class KeyPointInline(admin.StackedInline):
    # Stacked, here and below: each field has its own label and help, which a table has not.
    model = KeyPoint
    fields = [("text", "position")]
    extra = 3
    max_num = 8
    verbose_name = _("key point")
    verbose_name_plural = _("Key points")


class BylineInline(PartOfStory, admin.StackedInline):
    model = Byline
    fields = [("role", "author", "position")]
    autocomplete_fields = ["author"]
    extra = 1
    verbose_name_plural = _("Bylines")


class TopicsWidget(AutocompleteSelectMultiple):
    """Topics, each with a cross of its own; the one that clears them all is invalid in a list."""

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {**super().build_attrs(base_attrs, extra_attrs), "data-allow-clear": "false"}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Article.State.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The stories in that state.

        Almost all are live. The few others are found from what sets them apart, which has an
        index, before each one's state is looked at.
        """
        match self.value():
            case Article.State.LIVE:
                return queryset.filter(live_number__isnull=False)
            case Article.State.SCHEDULED:
                # Looked up beforehand: among a million stories, PostgreSQL expects so many of
                # them that it would rather go through all.
                scheduled = Edition.objects.scheduled().values_list("article", flat=True)
                return queryset.filter(
                    pk__in=set(scheduled), live_number__isnull=True, scheduled_for__isnull=False
                )
            case Article.State.WITHDRAWN:
                later = PublicationEvent.objects.filter(
                    article=OuterRef("pk"), pk__gt=OuterRef("events__pk")
                )
                # One that never was public has lost the date in its address again.
                return queryset.filter(
                    ~Exists(later),
                    events__action=PublicationEvent.Action.WITHDRAW,
                    events__at__lte=timezone.now(),
                    published_on__isnull=False,
                )
            case Article.State.DRAFT:
                return queryset.filter(
                    published_on__isnull=True,
                    live_number__isnull=True,
                    scheduled_for__isnull=True,
                    was_public=False,
                )
        return queryset


@admin.register(Article)
class ArticleAdmin(PartOfStory, LongListAdmin):
    form = ArticleForm
    change_form_template = "admin/articles/article/change_form.html"
    list_display = ["headline", "shown_state", "section", "goes_live", "shown_update"]
    list_filter = [StateFilter, "section"]
    list_select_related = ["section"]
    list_per_page = 50
    search_fields = ["headline", "short_title", "slug"]
    search_help_text = _("Search headlines, short titles and slugs")
    autocomplete_fields = ["agency", "lead_image", "topics"]
    prepopulated_fields = {"slug": ["headline"]}
    # The browser's own calendar needs no script, and a dateline has no time zone to warn of.
    formfield_overrides = {
        DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
    }
    inlines = [KeyPointInline, BylineInline]
    fieldsets = [
        (
            _("Story"),
            {"fields": ["headline", "short_title", "standfirst", "section", "language", "slug"]},
        ),
        (
            _("Text"),
            {
                "fields": [
                    ("dateline_place", "dateline_date"),
                    "body",
                    "agency",
                    "canonical_url",
                    "seen_revision",
                ]
            },
        ),
        (_("Pull quote"), {"fields": ["pull_quote", "pull_quote_attribution"]}),
        (_("Picture and topics"), {"fields": ["lead_image", "topics"]}),
        (_("In brief"), {"fields": ["summary", "key_points_heading"]}),
    ]

    class Media:
        js = ["js/body-editor.js", forms.Script("js/field-names.js", type="module")]

    def get_ordering(self, request: HttpRequest) -> Any:
        """The last change first; of withdrawn stories, the last withdrawal."""
        if request.GET.get(StateFilter.parameter_name) == Article.State.WITHDRAWN:
            return ["-events__created_at", "-events__pk"]
        return ["-updated_at", "-pk"]

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        paginator: Any = super().get_paginator(request, *args, **kwargs)
        if request.GET.get(StateFilter.parameter_name) == Article.State.WITHDRAWN:
            withdrawals = PublicationEvent.objects.filter(action=PublicationEvent.Action.WITHDRAW)
            # Of what is withdrawn and not published again, the planner knows too little.
            paginator.estimate = withdrawals.count
        return paginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return cast(ArticleQuerySet, super().get_queryset(request)).with_publication()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "topics":
            kwargs["widget"] = TopicsWidget(db_field, self.admin_site)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> list[str]:
        return ["slug"] if obj and obj.was_public else []

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Article | None = None
    ) -> dict[str, Any]:
        return {} if obj and obj.was_public else super().get_prepopulated_fields(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """Drafts only: what readers have seen is withdrawn, never erased."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.editions.exists())

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(publishing.PERMISSION)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Bulk deletion would meet stories that have been public.
        return {
            name: action
            for name, action in super().get_actions(request).items()
            if name != "delete_selected"
        }

    # Lists

    @admin.display(description=_("state"))
    def shown_state(self, article: Article) -> SafeString:
        label = article.state_label
        if article.state == Article.State.LIVE and article.live_revision != article.revision:
            label = gettext("Live, newer draft")
        elif article.state == Article.State.LIVE and article.scheduled_for:
            label = gettext("Live, update scheduled")
        return format_html('<span class="state" data-state="{}">{}</span>', article.state, label)

    @admin.display(description=_("live since or from"), empty_value="–")
    def goes_live(self, article: Article) -> str | None:
        return _minute(article.live_since or article.scheduled_for)

    @admin.display(description=_("changed"), ordering="updated_at")
    def shown_update(self, article: Article) -> str | None:
        return _minute(article.updated_at)

    # Writing

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = cast(User, request.user)
        super().save_model(request, obj, form, change)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # The body editor's import map is inline, which the policy only lets pass with a nonce.
        context["media"] = Media.from_media(
            context["media"], nonce=str(cast(Any, request).csp_nonce)
        )
        article = context.get("original")
        context["has_publish_permission"] = self.has_publish_permission(request)
        context["article_state"] = article.state if article else Article.State.DRAFT
        context["live_edition"] = article.live_edition() if article else None
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Article, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._to_publish(request, obj) or super().response_add(
            request, obj, post_url_continue
        )

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        return self._to_publish(request, obj) or super().response_change(request, obj)

    def _to_publish(self, request: HttpRequest, article: Article) -> HttpResponse | None:
        if "_publish" in request.POST and IS_POPUP_VAR not in request.POST:
            return HttpResponseRedirect(
                reverse("admin:articles_article_publish", args=[article.pk])
            )
        return None

    # Publishing

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/publish/",
                wrap(self.publish_view),
                name="articles_article_publish",
            ),
            path(
                "<path:object_id>/correct/",
                wrap(self.correct_view),
                name="articles_article_correct",
            ),
            path(
                "<path:object_id>/retract/<int:number>/",
                wrap(require_POST(self.retract_view)),
                name="articles_article_retract",
            ),
            path(
                "<path:object_id>/withdraw/",
                wrap(self.withdraw_view),
                name="articles_article_withdraw",
            ),
            *super().get_urls(),
        ]

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What the story lacks, and when it should appear."""
        article = self._article(request, object_id)
        form = PublishForm(request.POST or None, initial={"revision": article.revision})
        if request.method == "POST" and form.is_valid():
            article.revision = form.cleaned_data["revision"]
            try:
                edition = publishing.publish(article, by=cast(User, request.user), at=form.moment)
            except publishing.Refused as refusal:
                form.add_error(None, str(refusal))
                article = self._article(request, object_id)
                data = cast(QueryDict, form.data).copy()
                data["revision"] = str(article.revision)
                form.data = data
            else:
                return self._published(request, edition)
        items = checklist.check(article)
        return self._page(
            request,
            article,
            "publish",
            title=gettext("Publish"),
            form=form,
            items=items,
            is_blocked=any(item.blocks for item in items),
        )

    def correct_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Tell readers what a live story had wrong."""
        article = self._article(request, object_id)
        live = article.live_edition()
        is_newer = live is not None and live.revision != article.revision
        form = CorrectForm(
            request.POST or None, initial={"revision": article.revision, "with_update": is_newer}
        )
        if request.method == "POST" and form.is_valid():
            article.revision = form.cleaned_data["revision"]
            try:
                publishing.correct(
                    article,
                    by=cast(User, request.user),
                    kind=form.cleaned_data["kind"],
                    text=form.cleaned_data["text"],
                    with_update=form.cleaned_data["with_update"],
                )
            except publishing.Refused as refusal:
                form.add_error(None, str(refusal))
                article = self._article(request, object_id)
                data = cast(QueryDict, form.data).copy()
                data["revision"] = str(article.revision)
                form.data = data
            else:
                messages.success(
                    request, gettext("“%(title)s” is corrected.") % {"title": article.title}
                )
                return HttpResponseRedirect(
                    reverse("admin:articles_article_correct", args=[article.pk])
                )
        return self._page(
            request,
            article,
            "correct",
            title=gettext("Correct"),
            form=form,
            is_newer=is_newer,
            corrections=article.corrections.standing().select_related("by").newest_first(),
        )

    def retract_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponseBase:
        """Take a correction back."""
        article = self._article(request, object_id)
        correction = get_object_or_404(article.corrections, pk=number)
        try:
            publishing.retract(correction, by=cast(User, request.user))
        except publishing.Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, gettext("The correction is taken back."))
        return HttpResponseRedirect(reverse("admin:articles_article_correct", args=[article.pk]))

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Take a story off the site, with a note to readers."""
        article = self._article(request, object_id)
        form = WithdrawForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                publishing.withdraw(
                    article, by=cast(User, request.user), note=form.cleaned_data["note"]
                )
            except publishing.Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request, gettext("“%(title)s” is withdrawn.") % {"title": article.title}
                )
                return HttpResponseRedirect(
                    reverse("admin:articles_article_change", args=[article.pk])
                )
        return self._page(request, article, "withdraw", title=gettext("Withdraw"), form=form)

    def _article(self, request: HttpRequest, object_id: str) -> Article:
        article = self.get_object(request, unquote(object_id))
        if article is None:
            raise Http404
        if not self.has_change_permission(request, article) or not self.has_publish_permission(
            request
        ):
            raise PermissionDenied
        return article

    def _published(self, request: HttpRequest, edition: Edition) -> HttpResponse:
        if edition.live_from > timezone.now():
            messages.success(
                request,
                gettext("“%(title)s” will appear on %(moment)s.")
                % {
                    "title": edition.short_title,
                    "moment": formats.date_format(
                        timezone.localtime(edition.live_from), "DATETIME_FORMAT"
                    ),
                },
            )
        else:
            messages.success(
                request,
                format_html(
                    gettext('“{}” is live: <a href="{}">see it as readers do</a>.'),
                    edition.short_title,
                    edition.get_absolute_url(),
                ),
            )
        return HttpResponseRedirect(
            reverse("admin:articles_article_change", args=[edition.article_id])
        )

    def _page(
        self, request: HttpRequest, article: Article, name: str, **context: Any
    ) -> TemplateResponse:
        return TemplateResponse(
            request,
            f"admin/articles/article/{name}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": article,
                "subtitle": article.title,
                "article_state": article.state,
                "live_edition": article.live_edition(),
                "editions": article.editions.select_related("created_by").order_by("-number"),
                "events": article.events.select_related("by", "edition"),
                "now": timezone.now(),
                **context,
            },
            status=422 if context["form"].errors else 200,
        )


def _minute(moment: datetime.datetime | None) -> str | None:
    return formats.date_format(timezone.localtime(moment), "j M Y, H:i") if moment else None
