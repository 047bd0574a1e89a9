"""Which addresses search engines should know, by the protocol of sitemaps.org.

Files are cut by the articles' numbers: a file's stories never move to another one, and a story
that is published touches its own file and no other.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connections, router
from django.db.models import BigIntegerField, FilteredRelation, Max, Q
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from . import frame, keys, languages, listing
from .models import Correction, Edition
from .models.edition import EditionQuerySet
from .paper import current
from .public import public_response, public_view
from .structured_data import absolute, moment
from .xmltree import add, document, root

#: How many stories a file of the news sitemap may hold (Google's documentation).
NEWS_LENGTH = 1000

_CONTENT_TYPE = "application/xml; charset=utf-8"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


def ours(live: EditionQuerySet) -> EditionQuerySet:
    """Those that search engines should list under our address, not under the original's."""
    return live.filter(canonical_url="")


@public_view(has_words=False)
def index(request: HttpRequest) -> HttpResponseBase:
    """Every file of the sitemap."""
    tree = root("sitemapindex", {"": _SITEMAP})
    paths = [reverse("articles:sitemap_pages"), *_news_paths()]
    paths += [reverse("articles:sitemap_stories", args=[number]) for number in _numbers()]
    for path in paths:
        add(add(tree, "sitemap"), "loc", absolute(path))
    return public_response(request, document(tree), _CONTENT_TYPE, keys=[keys.FRONT, keys.NEWS])


@public_view(has_words=False)
def pages(request: HttpRequest) -> HttpResponseBase:
    """The pages that are no stories: the front page, sections, the archive, what editors wrote."""
    tree = root("urlset", {"": _SITEMAP})
    paths = [reverse("articles:front")]
    around = frame.current()
    paths += [section.get_absolute_url() for section in around.sections]
    paths += [reverse("articles:archive"), reverse("articles:corrections")]
    paths += [page.get_absolute_url() for page in around.pages]
    for path in paths:
        add(add(tree, "url"), "loc", absolute(path))
    return public_response(request, document(tree), _CONTENT_TYPE, keys=[keys.SECTIONS])


@public_view(has_words=False)
def stories(request: HttpRequest, number: int) -> HttpResponseBase:
    """The stories of one file, oldest first."""
    if number > 10**9:
        raise Http404(_("There is no such file."))
    first, end = _bounds(number)
    # The articles are told the bounds as well, or PostgreSQL reads them from the first one on.
    story = FilteredRelation("article", condition=Q(article__id__gte=first, article__id__lt=end))
    rows = ours(_of_file(number)).annotate(story=story).filter(story__isnull=False)
    found: Iterable[tuple[int, Any, str, datetime]] = rows.order_by("article_id").values_list(
        "article_id", "story__published_on", "story__slug", "live_from"
    )
    corrected = _corrected(number)
    tree = root("urlset", {"": _SITEMAP})
    for pk, day, slug, live_from in found:
        url = add(tree, "url")
        path = reverse("articles:article", args=[day.year, day.month, day.day, slug])
        add(url, "loc", absolute(path))
        add(url, "lastmod", moment(max(live_from, corrected.get(pk, live_from))))
    if not len(tree):
        raise Http404(_("There is no such file."))
    return public_response(request, document(tree), _CONTENT_TYPE, keys=[keys.sitemap(number)])


@public_view("before", has_words=False)
def news(request: HttpRequest) -> HttpResponseBase:
    """The stories of the last two days, by Google's extension for news."""
    before = listing.asked_place(request)
    chosen = Q(canonical_url="", first_published_at__gt=_news_begin())
    if before is not None:
        chosen &= listing.after(before)
    found = listing.newest(chosen).for_links("first_published_at")[:NEWS_LENGTH]
    if before is not None and not found:
        raise Http404(_("No list goes on from there."))
    tree = root("urlset", {"": _SITEMAP, "news": _NEWS})
    for edition in found:
        url = add(tree, "url")
        add(url, "loc", edition.absolute_url)
        item = add(url, "news:news")
        publication = add(item, "news:publication")
        add(publication, "news:name", current().name)
        add(publication, "news:language", _language(edition.language))
        add(item, "news:publication_date", moment(edition.first_published_at))
        add(item, "news:title", edition.short_title)
    return public_response(request, document(tree), _CONTENT_TYPE, keys=[keys.FRONT, keys.NEWS])


def _of_file(number: int) -> EditionQuerySet:
    first, end = _bounds(number)
    return Edition.objects.live().filter(article__gte=first, article__lt=end)


def _corrected(number: int) -> dict[int, datetime]:
    """When the corrected stories of a file were corrected last, by the articles' numbers."""
    first, end = _bounds(number)
    standing = Correction.objects.standing().filter(article__gte=first, article__lt=end)
    last = standing.order_by().values("article").annotate(last=Max("made_at"))
    return dict(last.values_list("article", "last"))


def _bounds(number: int) -> tuple[int, int]:
    """The number of the file's first article, and of the one after its last."""
    return number * keys.SITEMAP_LENGTH, (number + 1) * keys.SITEMAP_LENGTH


def _numbers() -> list[int]:
    """The files that have stories: from each, one look into the index leads to the next."""
    using = router.db_for_read(Edition)
    following = RawSQL("(file.number + 1) * %s", [keys.SITEMAP_LENGTH], BigIntegerField())
    live = ours(Edition.objects.live()).filter(article__gte=following)
    story, parameters = (
        live.order_by("article_id").values("article_id")[:1].query.get_compiler(using).as_sql()
    )
    sql = (
        "WITH RECURSIVE file(number) AS (SELECT CAST(-1 AS bigint)"  # noqa: S608
        f" UNION ALL SELECT ({story}) / %s FROM file WHERE number IS NOT NULL)"
        " SELECT number FROM file WHERE number >= 0 ORDER BY number"
    )
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [*parameters, keys.SITEMAP_LENGTH])
        return [number for (number,) in cursor.fetchall()]


def _news_paths() -> list[str]:
    """The news file; where two days hold more than it may, one more for each thousand."""
    path = reverse("articles:sitemap_news")
    paths = []
    chosen = Q(canonical_url="", first_published_at__gt=_news_begin())
    found = listing.newest(chosen).values_list("first_published_at", "pk")
    places = [listing.Place(*row) for row in found]
    if places:
        paths.append(path)
    for number in range(NEWS_LENGTH, len(places), NEWS_LENGTH):
        paths.append(f"{path}?before={places[number - 1]}")
    return paths


def _news_begin() -> datetime:
    return timezone.now() - keys.NEWS_AGE


def _language(code: str) -> str:
    """The language as Google's extension has it: two or three letters, but for Chinese."""
    code = languages.normal(code or languages.of_paper())
    chinese = {"zh-hans": "zh-cn", "zh-cn": "zh-cn", "zh-hant": "zh-tw", "zh-tw": "zh-tw"}
    return chinese.get(code, code.partition("-")[0])
