"""The pages that editors write, at /about/ and below it."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from . import frame, keys
from .models import Page
from .paper import current
from .public import public_page, public_view
from .structured_data import Crumb


@public_view()
def about(request: HttpRequest) -> HttpResponseBase:
    """The page about the paper with the way to all others, or that way alone."""
    found = Page.objects.filter(is_published=True, kind=Page.Kind.ABOUT).first()
    if found is None and not frame.current().pages:
        raise Http404(_("The paper has written nothing of itself."))
    return _page(request, found)


@public_view()
def page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One page, but for the one about the paper, which has its own address."""
    others = Page.objects.filter(is_published=True).exclude(kind=Page.Kind.ABOUT)
    return _page(request, get_object_or_404(others, slug=slug))


def _page(request: HttpRequest, found: Page | None) -> HttpResponseBase:
    is_home = found is None or found.kind == Page.Kind.ABOUT
    home = _("About %(paper)s") % {"paper": current().name}
    crumbs = [Crumb(home, "/about/")]
    if found is not None and not is_home:
        crumbs.append(Crumb(found.title, found.get_absolute_url()))
    pages = frame.current().pages
    return public_page(
        request,
        "articles/page.html",
        {
            "page": found,
            "title": found.title if found else home,
            "path": crumbs[-1].path,
            "crumbs": crumbs,
            "others": [other for other in pages if found is None or other.pk != found.pk],
        },
        keys=[keys.SECTIONS],
    )
