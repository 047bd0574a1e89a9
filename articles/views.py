"""The public pages. They read editions only, so a draft can't leak."""

import datetime
import logging
from typing import Any

from django.db.models import BigIntegerField, CharField, DateField, DateTimeField
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from . import beside, front_page, keys, rendition_files, renditions
from .models import Article, Edition, Image, Topic
from .models.edition import EditionQuerySet
from .prepared import Prepared
from .public import forget_visitor, public_page, public_view
from .publishing import withdrawal_note
from .sharing import share_links

logger = logging.getLogger(__name__)

_at_address = {
    is_shown: Prepared(
        Edition,
        lambda now, day, slug, is_shown=is_shown: _live(now, is_shown).filter(
            article__published_on=day, article__slug=slug
        ),
        now=DateTimeField(),
        day=DateField(),
        slug=CharField(),
    )
    for is_shown in (True, False)
}
_topics = Prepared(
    Topic, lambda edition: Topic.objects.filter(editions=edition), edition=BigIntegerField()
)


class Withdrawn(Exception):
    """The story was public once, and is not now."""

    def __init__(self, article: Article) -> None:
        self.article = article
        super().__init__(str(article))


@public_view()
def front(request: HttpRequest) -> HttpResponseBase:
    """What editors chose for it, and the newest."""
    sections = front_page.sections()
    layout = front_page.compose(sections)
    return public_page(
        request,
        "articles/front.html",
        {"sections": sections, "layout": layout, "editions": layout.editions},
        keys=[keys.FRONT, keys.SECTIONS, *keys.of_list(layout.editions)],
    )


@public_view()
def article(request: HttpRequest, year: int, month: int, day: int, slug: str) -> HttpResponseBase:
    """One story; 410 with the newsroom's note once it is withdrawn."""
    try:
        edition = find_edition(year, month, day, slug)
    except Withdrawn as gone:
        return withdrawn_page(request, gone.article)
    context = article_context(edition)
    return public_page(
        request,
        "articles/article.html",
        context,
        keys=article_keys(context),
    )


@require_safe
def rendition(request: HttpRequest, path: str) -> HttpResponseBase:
    """A picture as readers get it, made now if nobody asked for it before.

    Its name is never used twice, so it may be kept for ever. A name of before the picture changed
    leads to what there is instead, and so does one whose file can't be made.
    """
    forget_visitor(request)
    folder, _slash, name = path.partition("/")
    known = renditions.parse(name)
    if folder != rendition_files.FOLDER or known is None:
        raise Http404
    file = rendition_files.read(name)
    if file is None:
        stem, wanted = known
        image = Image.objects.of_stem(stem)
        if image is None:
            raise Http404
        if image.stem != stem:
            return _another_rendition(image, image.nearest(wanted))
        if not image.has(wanted):
            raise Http404
        try:
            file = image.render(wanted)
        except OSError:
            logger.exception("Can't make a rendition")
            return _another_rendition(image, image.made(wanted))
    etag = f'"{name}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = FileResponse(file, content_type=renditions.TYPES[known[1].suffix])
    else:
        file.close()
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["ETag"] = etag
    response.headers["Surrogate-Key"] = "renditions"
    return response


def _another_rendition(image: Image, instead: renditions.Rendition | None) -> HttpResponseBase:
    if instead is None:
        raise Http404
    response = redirect(image.src_of(instead))
    response.headers["Cache-Control"] = "no-store"
    return response


def _live(now: Any, is_shown: bool) -> EditionQuerySet:
    live = Edition.objects.live(now)
    return live.for_page() if is_shown else live.for_links()


def find_edition(year: int, month: int, day: int, slug: str, *, is_shown: bool = True) -> Edition:
    """The live edition at this address; raises Withdrawn, or Http404 when there never was one.

    Who doesn't show it gets no more of it at first than a link says.
    """
    try:
        published_on = datetime.date(year, month, day)
    except ValueError as error:
        raise Http404(_("There is no such day.")) from error
    found = _at_address[is_shown](now=timezone.now(), day=published_on, slug=slug)
    if found:
        return found[0]
    past = (
        Edition.objects.been_live()
        .select_related("article")
        .filter(article__published_on=published_on, article__slug=slug)
        .first()
    )
    if past is not None:
        raise Withdrawn(past.article)
    raise Http404(_("No story has this address."))


def article_context(edition: Edition, **extra: Any) -> dict[str, Any]:
    """What articles/article.html needs; comments.views shows the same page with a refused form."""
    topics = _topics(edition=edition.pk)
    return {
        "edition": edition,
        "section": edition.section,
        "topics": topics,
        "others": beside.in_section(edition),
        "related": beside.related_to(edition, [topic.pk for topic in topics]),
        "share_links": share_links(edition.short_title, edition.absolute_url),
        **extra,
    }


def article_keys(context: dict[str, Any]) -> list[str]:
    """What an article's page is made from, and what stands beside it."""
    edition, others, topics = context["edition"], context["others"], context["topics"]
    names = [*map(keys.name_of, topics), *(keys.topic(topic.pk) for topic in topics)]
    story = [*keys.shown(edition), keys.comments(edition.article_id)]
    about = [*story, keys.section(edition.section_id), keys.SECTIONS]
    return [*about, *names, *others.keys]


def withdrawn_page(request: HttpRequest, article: Article) -> HttpResponseBase:
    return public_page(
        request,
        "articles/gone.html",
        {"note": withdrawal_note(article)},
        keys=[keys.article(article.pk), keys.SECTIONS],
        status=410,
    )
