"""Posting a comment, and the sender's own page about it."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import BigIntegerField, DateTimeField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from articles import cards
from articles import keys as article_keys
from articles.models import Edition
from articles.paper import current
from articles.prepared import Prepared
from articles.public import (
    DATABASE_AWAY,
    bare_page,
    for_readers,
    private_page,
    public_part,
    public_view,
)
from articles.views import Withdrawn, article_context, find_edition, withdrawn_page

from . import keys
from .forms import CommentForm
from .models import Comment
from .origins import Origin, origin_of
from .screening import hold_reason
from .senders import limit_span, posted_before, sender_of, take_turn

SEE_OTHER = 303

logger = logging.getLogger(__name__)

_approved_number: Prepared[tuple[int | None]] = Prepared(
    Edition,
    lambda article, now: (
        Edition.objects.live(now)
        .filter(article=article)
        .values_list("article__comment_count__approved")
    ),
    article=BigIntegerField(),
    now=DateTimeField(),
)


def keeps_words(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give the sender's words back, ready to be sent again, when the database is away."""

    @wraps(view)
    def kept(request: HttpRequest, **address: Any) -> HttpResponseBase:
        try:
            return view(request, **address)
        except DATABASE_AWAY as error:
            if request.method != "POST":
                raise
            logger.exception("A comment could not be stored", exc_info=error)
            form = CommentForm(request.POST, action=reverse("comments:post", kwargs=address))
            return bare_page("comments/unavailable.html", {"form": form}, status=503)

    return kept


@csrf_exempt
@keeps_words
@require_http_methods(["GET", "HEAD", "POST"])
def post(request: HttpRequest, year: int, month: int, day: int, slug: str) -> HttpResponseBase:
    """Take a comment from one of our own pages; ask any other client to confirm."""
    try:
        edition = find_edition(year, month, day, slug, is_shown=False)
    except Withdrawn as gone:
        return withdrawn_page(request, gone.article)
    if request.method != "POST":
        return HttpResponseRedirect(f"{edition.get_absolute_url()}#comment-form")
    origin = origin_of(request)
    if origin is Origin.OWN:
        return _submit(request, edition)
    form = CommentForm(request.POST)
    if origin is Origin.UNKNOWN and not form.is_valid():
        return _refused(request, edition)
    return private_page(
        request,
        "comments/confirm.html",
        {"form": form, "edition": edition, "is_foreign": origin is Origin.FOREIGN},
        status=403 if origin is Origin.FOREIGN else 200,
    )


@csrf_protect
@keeps_words
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, year: int, month: int, day: int, slug: str) -> HttpResponseBase:
    """Take a comment that was confirmed on our own page, guarded by its token."""
    try:
        edition = find_edition(year, month, day, slug, is_shown=False)
    except Withdrawn as gone:
        return withdrawn_page(request, gone.article)
    if request.method != "POST":
        return HttpResponseRedirect(f"{edition.get_absolute_url()}#comment-form")
    return _submit(request, edition)


@require_safe
@for_readers
def status(request: HttpRequest, token: str) -> HttpResponse:
    """The sender's own page: what they wrote and what became of it."""
    try:
        pk = Comment.pk_of_token(token)
    except (signing.BadSignature, ValueError) as error:
        raise Http404 from error
    comment = get_object_or_404(Comment.objects.select_related("article"), pk=pk)
    return private_page(
        request,
        "comments/status.html",
        {
            "comment": comment,
            "edition": comment.article.live_edition(),
            "state": comment.public_status,
            "review_time": current().review_time,
        },
    )


def _submit(request: HttpRequest, edition: Edition) -> HttpResponseBase:
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _refused(request, edition)
    sender = sender_of(request)
    with transaction.atomic():
        take_turn(sender)
        words = form.cleaned_data["comment"]
        # Pressing the button twice, or coming back to the page, must not post twice.
        pk, is_over_limit = posted_before(sender, edition.article_id, words)
        if pk is None and not is_over_limit:
            pk = Comment.objects.create(
                article_id=edition.article_id,
                name=form.cleaned_data["name"],
                email=form.cleaned_data["email"],
                body=words,
                hold_reason=hold_reason(form)[:200],
                sender=sender,
            ).pk
    if pk is None:
        return _too_many(request, edition, form)
    response = HttpResponseRedirect(Comment(pk=pk).get_status_url())
    response.status_code = SEE_OTHER
    response.headers["Cache-Control"] = "private, no-store"
    return response


@for_readers
def _refused(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The page again, with what is wrong said in the language of the paper."""
    form = CommentForm(request.POST)
    form.is_valid()
    return _page_again(request, edition, status=422, comment_form=form)


@for_readers
def _too_many(request: HttpRequest, edition: Edition, form: CommentForm) -> HttpResponse:
    response = _page_again(request, edition, status=429, comment_form=form, is_over_limit=True)
    response.headers["Retry-After"] = str(int(limit_span().total_seconds()))
    return response


def _page_again(
    request: HttpRequest, edition: Edition, *, status: int, **extra: Any
) -> HttpResponse:
    """The story's page with the form as it was sent."""
    whole = Edition.objects.for_page().get(pk=edition.pk)
    return private_page(
        request,
        "articles/article.html",
        article_context(whole, **extra),
        status=status,
        about=article_keys.article(edition.article_id),
    )


@public_view()
def discussed(request: HttpRequest) -> HttpResponseBase:
    """The most discussed stories, alone, for pages that show them beside others."""
    return public_part(request, "comments/discussed.html", {}, keys=[keys.DISCUSSED])


@public_view()
def number(request: HttpRequest, article: str) -> HttpResponseBase:
    """How many comments a live story has, alone, for the lists that it is in."""
    for (approved,) in _approved_number(article=int(article), now=timezone.now()):
        shown = cards.number(int(article), approved or 0)
        names = [article_keys.article(int(article)), article_keys.comments(int(article))]
        return public_part(request, "comments/number.html", {"number": shown}, keys=names)
    raise Http404
