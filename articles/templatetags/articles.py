"""Tags of the public pages."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.template import Context, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.template.loader_tags import BlockNode
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext

from .. import cards, frame, keys, languages, marks, moments, typography
from ..addresses import address
from ..listing import Place
from ..models import Edition, Section
from .pictures import picture as picture_of

register = template.Library()
register.filter("initial", typography.initial)
register.filter("iso", moments.iso)
register.filter("day_and_time", moments.day_and_time)
register.filter("full_moment", moments.full)
register.filter("time_or_day", moments.time_or_day)
#: ` lang="hi" dir="ltr"` for the code of a story's language; nothing if it is the page's.
register.filter("foreign", languages.foreign)


@register.filter
def story_part(language: str) -> SafeString:
    """The attributes of a part of a story on its own page: its language and direction.

    In the page's language, which an editor may have left untold, each part's letters decide.
    """
    return languages.foreign(language) or SafeString(' dir="auto"')


@register.filter
def author_url(slug: str) -> str:
    """Where the stories of an author are listed."""
    return address("articles:author", slug)


@register.filter
def site(href: str) -> str:
    """The name of the site that an address is on: social.example."""
    return (urlsplit(href).hostname or href).removeprefix("www.")


@register.filter
def read_time(minutes: int) -> str:
    """4 min read."""
    return _read_time(minutes, get_language())


@lru_cache(maxsize=1000)
def _read_time(minutes: int, language: str | None) -> str:
    words = ngettext("%(minutes)s min read", "%(minutes)s min read", minutes)
    return words % {"minutes": minutes}


class Sections(list[Section]):
    """Sections in the order of the navigation."""

    @property
    def facts(self) -> tuple[tuple[str, str, str], ...]:
        """All that the navigation shows of them, for `keep`."""
        return tuple((section.name, section.slug, section.accent) for section in self)


@register.simple_tag(takes_context=True)
def section_list(context: Context) -> Sections:
    """The sections in the order of the navigation; no query besides the one of the frame."""
    found = context.get("sections")
    return Sections(frame.current().sections if found is None else found)


@register.simple_tag
def card(
    edition: Edition,
    counts: Any = None,
    *,
    picture: str = "",
    level: int = 3,
    size: str = "",
    kicker: bool = False,
    deck: bool = False,
    when: bool = False,
) -> SafeString:
    """A story in a list; no query, if the edition came with its page relations.

    `counts` are the numbers of comments by article. `picture` names the place of its picture
    (`pictures.PLACES`), `level` that of its heading, `size` the card's class. `kicker` names the
    section, `deck` adds the standfirst, `when` the time.
    """
    section = edition.section
    found = cards.Card(
        url=edition.get_absolute_url(),
        title=edition.short_title,
        language=edition.language,
        accent=section.accent,
        section=section.name,
        section_url=section.get_absolute_url(),
        deck=edition.standfirst if deck else "",
        picture=picture_of(edition, picture) if picture else SafeString(""),
        meta=story_meta(edition, counts, when=when),
    )
    return cards.render(found, level=level, size=size, kicker=kicker)


@register.simple_tag
def story_meta(edition: Edition, counts: Any = None, *, when: bool = False) -> SafeString:
    """The line under a story in a list; see `card`."""
    comments = counts.get(edition.article_id, 0) if isinstance(counts, dict) else None
    return cards.meta(edition, comments, when=when)


class KeptNode(template.Node):
    """A part of a template that is rendered once for each set of facts."""

    #: How many sets of facts are kept.
    LENGTH = 500

    def __init__(self, facts: list[FilterExpression], nodes: NodeList) -> None:
        self.facts = facts
        self.nodelist = nodes
        self._kept: dict[tuple[Any, ...], str] = {}

    def render(self, context: Context) -> str:
        if settings.DEBUG:
            return self.nodelist.render(context)
        facts = (get_language(), *(fact.resolve(context) for fact in self.facts))
        content = self._kept.get(facts)
        if content is None:
            content = self.nodelist.render(context)
            if len(self._kept) >= self.LENGTH:
                self._kept.clear()
            self._kept[facts] = content
        return content


@register.tag
def keep(parser: Parser, token: Token) -> KeptNode:
    """`{% keep fact fact %}...{% endkeep %}`: keep what comes of a part that many pages share.

    Besides the language the part may use nothing but what these facts say, and facts compare by
    value: texts, numbers and tuples of them, no rows, which are equal when their keys are. Then
    what is kept can't be out of date.
    """
    _name, *facts = token.split_contents()
    nodes = parser.parse(("endkeep",))
    parser.delete_first_token()
    if nodes.get_nodes_by_type(BlockNode):
        raise template.TemplateSyntaxError("What is kept is the same for all templates: no blocks")
    return KeptNode([parser.compile_filter(fact) for fact in facts], nodes)


class PartNode(template.Node):
    """A part that several pages show, between its marks; a composed one has a number of lines."""

    def __init__(
        self, name: FilterExpression, nodes: NodeList, number: FilterExpression | None = None
    ) -> None:
        self.name = name
        self.nodelist = nodes
        self.number = number

    def render(self, context: Context) -> str:
        content = self.nodelist.render(context)
        name = self.name.resolve(context)
        if not name:
            return content
        number = None if self.number is None else int(self.number.resolve(context))
        return marks.part(name, content, number=number)


class ElsewhereNode(template.Node):
    """What a part shows on all pages but one."""

    def __init__(self, key: FilterExpression, nodes: NodeList) -> None:
        self.key = key
        self.nodelist = nodes

    def render(self, context: Context) -> str:
        content = self.nodelist.render(context)
        key = self.key.resolve(context)
        return f"<!--elsewhere:{key}-->{content}<!--/elsewhere-->" if key else content


@register.tag
def elsewhere(parser: Parser, token: Token) -> ElsewhereNode:
    """`{% elsewhere key %}...{% endelsewhere %}`: in a part, not for the page of that key.

    So a story can stand among the newest on all pages but its own, and the part still be the same.
    With an empty key it is for all pages. One can't stand in another.
    """
    _name, key = token.split_contents()
    nodes = parser.parse(("endelsewhere",))
    parser.delete_first_token()
    return ElsewhereNode(parser.compile_filter(key), nodes)


@register.filter
def key_among(edition: Edition, editions: list[Edition]) -> str:
    """For `elsewhere`: the key of the page of one of several stories; "" of the only one."""
    return keys.article(edition.article_id) if len(editions) > 1 else ""


@register.filter
def key_of_only(editions: list[Edition]) -> str:
    """The key of the page of the only story, on which nothing of the list is left; else ""."""
    return keys.article(editions[0].article_id) if len(editions) == 1 else ""


@register.filter
def key_in_time(edition: Edition) -> str:
    """For `elsewhere` in what is composed: the key of the story's page, and its place in time."""
    return f"{keys.article(edition.article_id)}@{Place.of(edition)}"


@register.tag
def shared(parser: Parser, token: Token) -> PartNode:
    """`{% shared name %}...{% endshared %}`: mark what depends on few surrogate keys alone.

    The name is their own, joined by `keys.part`. A cache that knows the marks may exchange the
    part for a newer one from another page, or from the part's own address (`articles.parts`),
    instead of having the whole page rendered again. With an empty name the part is the page's own.
    One can't stand in another.
    """
    _name, name = token.split_contents()
    nodes = parser.parse(("endshared",))
    parser.delete_first_token()
    return PartNode(parser.compile_filter(name), nodes)


@register.tag
def composed(parser: Parser, token: Token) -> PartNode:
    """`{% composed number name %}...{% endcomposed %}`: mark a list that comes of shared ones.

    The name is theirs, joined by `keys.part`, and each has an address of its own. The list has so
    many of their lines, each in `elsewhere`; which they are, `marks.composed` says.
    """
    _name, number, name = token.split_contents()
    nodes = parser.parse(("endcomposed",))
    parser.delete_first_token()
    return PartNode(parser.compile_filter(name), nodes, parser.compile_filter(number))
