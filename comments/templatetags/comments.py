"""How comments appear on the paper's pages."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils.timezone import localtime

from articles.models import Edition

from ..forms import CommentForm
from ..models import ArticleCount, Comment

register = template.Library()

#: How many comments machines are told of, besides their number.
NODES = 5


@register.simple_tag
def comment_list(edition: Edition) -> list[Comment]:
    """The approved comments of a story, oldest first; one query for number and thread alike."""
    return list(Comment.objects.approved().filter(article=edition.article_id))


@register.simple_tag
def comment_nodes(edition: Edition, comments: list[Comment]) -> list[dict[str, Any]]:
    """The newest comments in the words of schema.org, for the machines that read a story."""
    return [
        {
            "@type": "Comment",
            "url": f"{edition.absolute_url}#{comment.anchor}",
            "author": {"@type": "Person", "name": comment.name},
            "datePublished": localtime(comment.created_at).isoformat(timespec="seconds"),
            "text": comment.body,
        }
        for comment in comments[: -NODES - 1 : -1]
    ]


@register.inclusion_tag("comments/_thread.html")
def comment_thread(comments: list[Comment]) -> dict[str, Any]:
    return {"comments": comments}


@register.inclusion_tag("comments/_form.html", takes_context=True)
def comment_form(context: Context, edition: Edition) -> dict[str, Any]:
    """The form under a story: empty, or as it was sent when the view refused it."""
    day = edition.article.published_on
    if day is None:
        return {}
    form = context.get("comment_form") or CommentForm()
    form.helper.form_action = reverse(
        "comments:post", args=[day.year, day.month, day.day, edition.article.slug]
    )
    return {
        "form": form,
        "is_over_limit": context.get("is_over_limit", False),
        "limit_minutes": settings.COMMENTS_LIMIT_MINUTES,
    }


@register.simple_tag
def comment_counts(editions: Iterable[Edition]) -> dict[int, int]:
    """How many comments each of these stories shows, in one query."""
    articles = [edition.article_id for edition in editions]
    if not articles:
        return {}
    rows = ArticleCount.objects.filter(article__in=articles)
    return dict(rows.values_list("article_id", "approved"))


@register.filter
def number_for(counts: Any, edition: Edition) -> int:
    """The story's number out of `comment_counts`; 0 when there is none."""
    return counts.get(edition.article_id, 0) if isinstance(counts, dict) else 0
