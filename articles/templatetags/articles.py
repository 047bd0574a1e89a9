"""Tags of the public pages."""

from functools import lru_cache

from django import template
from django.template import Context, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .. import moments
from ..models import Section

register = template.Library()
register.filter("iso", moments.iso)
register.filter("day_and_time", moments.day_and_time)
register.filter("time_or_day", moments.time_or_day)


@register.filter
def read_time(minutes: int) -> str:
    """4 min read."""
    return _read_time(minutes, get_language())


@lru_cache(maxsize=1000)
def _read_time(minutes: int, language: str | None) -> str:
    return _("%(minutes)s min read") % {"minutes": minutes}


@register.simple_tag
def section_list() -> list[Section]:
    """The sections in the order of the navigation; one query."""
    return list(Section.objects.all())


class SharedNode(template.Node):
    """A part that every page with the same key shows alike."""

    def __init__(self, key: FilterExpression, nodes: NodeList) -> None:
        self.key = key
        self.nodelist = nodes

    def render(self, context: Context) -> str:
        content = self.nodelist.render(context)
        key = self.key.resolve(context)
        return f"<!--shared:{key}-->{content}<!--/shared-->" if key else content


@register.tag
def shared(parser: Parser, token: Token) -> SharedNode:
    """`{% shared key %}...{% endshared %}`: mark what depends on this surrogate key alone.

    A cache that knows the marks may exchange the part for a newer one from another page, instead
    of having the whole page rendered again. With an empty key the part is the page's own.
    """
    _name, key = token.split_contents()
    nodes = parser.parse(("endshared",))
    parser.delete_first_token()
    return SharedNode(parser.compile_filter(key), nodes)
