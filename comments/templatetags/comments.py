"""How comments appear on the paper's pages."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.db.models import BigIntegerField, DateTimeField, F, QuerySet
from django.db.models.expressions import RawSQL
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import get_language

from articles.addresses import address
from articles.kept import kept
from articles.models import Edition
from articles.paper import current
from articles.prepared import Among, Numbers, Prepared

from .. import keys, rendering
from ..forms import CommentForm
from ..models import ArticleCount, Comment

register = template.Library()

#: How many comments machines are told of, besides their number.
NODES = 5

_approved = Prepared(
    Comment,
    lambda article: (
        Comment.objects.approved().filter(article=article).values_list(*rendering.Row._fields)
    ),
    article=BigIntegerField(),
)

_counts: Prepared[Any] = Prepared(
    ArticleCount,
    lambda articles: ArticleCount.objects.filter(article__in=Among(articles)).values_list(
        "article", "approved"
    ),
    articles=Numbers(),
)

#: Among how many of the newest stories the most discussed are looked for, and how many there are.
TALKED_OF = 200
MOST_DISCUSSED = 3
#: How many words of a comment are quoted.
QUOTED_WORDS = 45


def _discussed(now: Any) -> QuerySet[Any]:
    """Of the newest stories those with the most comments, looked up only once they are chosen."""
    newest, parameters = (
        Edition.objects.live(now)
        .newest_first()
        .values("pk", "article", "first_published_at")[:TALKED_OF]
        .query.sql_with_params()
    )
    most = (
        f"WITH newest (id, article, at) AS ({newest})"  # noqa: S608
        f" SELECT newest.id FROM newest JOIN {ArticleCount._meta.db_table} AS counted"
        " ON counted.article_id = newest.article WHERE counted.approved > 0"
        f" ORDER BY counted.approved DESC, at DESC, newest.id DESC LIMIT {MOST_DISCUSSED}"
    )
    return (
        Edition.objects.filter(pk__in=RawSQL(most, parameters))  # noqa: S611
        .for_links("section__accent", "first_published_at")
        .select_related("section")
        .annotate(comments=F("article__comment_count__approved"))
        .order_by("-comments", "-first_published_at", "-pk")
    )


_most_discussed = Prepared(Edition, _discussed, now=DateTimeField())
_picked_last = Prepared(
    Edition,
    lambda now: (
        Edition.objects.live(now)
        .filter(article__comments__featured_at__isnull=False)
        .for_links()
        .annotate(
            said=F("article__comments__body"),
            said_by=F("article__comments__name"),
            said_in=F("article__comments__pk"),
        )
        .order_by("-article__comments__featured_at", "-article__comments__pk")[:1]
    ),
    now=DateTimeField(),
)

_ACTION = "where-the-form-goes"


@register.simple_tag
def comment_list(edition: Edition) -> list[rendering.Row]:
    """The approved comments of a story, oldest first; one query for number and thread alike."""
    return [rendering.Row._make(row) for row in _approved(article=edition.article_id)]


@register.simple_tag
def comment_nodes(edition: Edition, comments: list[rendering.Row]) -> list[dict[str, Any]]:
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
def comment_thread(comments: list[rendering.Row]) -> dict[str, Any]:
    return {"comments": rendering.render(comments)}


@register.simple_tag(takes_context=True)
def comment_form(context: Context, edition: Edition) -> SafeString:
    """The form under a story: empty, or as it was sent when the view refused it."""
    day = edition.article.published_on
    if day is None:
        return SafeString("")
    action = address("comments:post", day.year, day.month, day.day, edition.article.slug)
    form = context.get("comment_form")
    paper = current()
    if form is None:
        return SafeString(
            _empty_form(get_language(), paper.guidelines, paper.review_time).replace(
                _ACTION, escape(action)
            )
        )
    form.helper.form_action = action
    return render_to_string(
        "comments/_form.html",
        {
            "form": form,
            "is_over_limit": context.get("is_over_limit", False),
            "limit_minutes": settings.COMMENTS_LIMIT_MINUTES,
            "guidelines": paper.guidelines,
            "review_time": paper.review_time,
        },
    )


@kept(100)
def _empty_form(language: str | None, guidelines: str, review_time: str) -> str:
    """The form that all stories show alike, but for where it is sent."""
    context = {
        "form": CommentForm(action=_ACTION),
        "guidelines": guidelines,
        "review_time": review_time,
    }
    return render_to_string("comments/_form.html", context)


@register.simple_tag
def comment_counts(editions: Iterable[Edition]) -> dict[int, int]:
    """How many comments each of these stories shows, in one query."""
    articles = [edition.article_id for edition in editions]
    return dict(_counts(articles=articles)) if articles else {}


@register.inclusion_tag("comments/_discussed.html")
def most_discussed() -> dict[str, Any]:
    """Of the newest stories, those with the most comments; one query, of the key DISCUSSED."""
    return {"editions": _most_discussed(now=timezone.now())}


class Said(NamedTuple):
    """What a reader said under a story."""

    edition: Edition
    words: str
    by: str
    anchor: str


@register.simple_tag(takes_context=True)
def reader_said(context: Context) -> Said | None:
    """The last editor's pick under a live story, if there is one; one query."""
    if (named := context.get("surrogate_keys")) is not None:
        named.append(keys.PICKS)
    for edition in _picked_last(now=timezone.now()):
        words = Truncator(" ".join(edition.said.split())).words(QUOTED_WORDS, truncate=" …")
        return Said(edition, words, edition.said_by, f"comment-{edition.said_in}")
    return None
