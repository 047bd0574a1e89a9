"""What search engines and link previews read of a page, in the words of schema.org."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin

from django.conf import settings
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from . import languages
from .addresses import address
from .models import Author, Edition, Image, Topic
from .paper import current

CONTEXT = "https://schema.org"

#: The properties of schema.org's NewsMediaOrganization that name a page with a policy.
POLICIES = (
    "actionableFeedbackPolicy",
    "correctionsPolicy",
    "diversityPolicy",
    "diversityStaffingReport",
    "ethicsPolicy",
    "masthead",
    "missionCoveragePrioritiesPolicy",
    "noBylinesPolicy",
    "ownershipFundingInfo",
    "publishingPrinciples",
    "unnamedSourcesPolicy",
    "verificationFactCheckingPolicy",
)

# So that no text can end the element it stands in (the HTML Standard, section 4.12.1.3).
_ESCAPES = {ord(char): f"\\u{ord(char):04X}" for char in "<>&\u2028\u2029"}

Node = dict[str, Any]


class Crumb(NamedTuple):
    """One step of the way from the front page to a page; the address has no host."""

    name: str
    path: str


def script(*nodes: Node) -> SafeString:
    """The element that carries these nodes. It is data: browsers run nothing of it."""
    data: Node = {"@context": CONTEXT}
    data.update(nodes[0] if len(nodes) == 1 else {"@graph": list(nodes)})
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    # After that, there is nothing in it that HTML knows.
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308


def news_article(
    edition: Edition,
    *,
    topics: Iterable[Topic] = (),
    comments: Sequence[Node] = (),
    comment_count: int | None = None,
    corrections: Sequence[Node] | None = None,
) -> Node:
    """A story with the fields that Google's documentation of articles recommends, and more.

    `comments` are the newest of `comment_count`, as Comment nodes; `corrections` are
    CorrectionComment nodes, those of the story unless others are given. What a story lacks is
    left out.
    """
    url = edition.absolute_url
    title = edition.short_title if edition.short_title != edition.headline else ""
    node: Node = {
        "@type": "NewsArticle",
        "@id": f"{url}#article",
        "url": url,
        "mainEntityOfPage": {"@type": "WebPage", "@id": url},
        "headline": edition.headline,
        "alternativeHeadline": title,
        "description": edition.standfirst or edition.summary,
        "image": pictures(edition),
        "datePublished": moment(edition.first_published_at),
        "dateModified": moment(edition.changed_at),
        "author": authors(edition),
        "publisher": publisher(),
        "dateline": edition.dateline,
        "articleSection": edition.section.name,
        "keywords": [topic.name for topic in topics],
        "wordCount": edition.word_count,
        "timeRequired": f"PT{edition.reading_minutes}M",
        "inLanguage": languages.tag(edition.language),
        "isAccessibleForFree": True,
        "isBasedOn": edition.canonical_url,
        "correction": correction_nodes(edition) if corrections is None else list(corrections),
        "comment": list(comments),
    }
    if comment_count is not None:
        node["commentCount"] = comment_count
        node["discussionUrl"] = f"{url}#comments"
    return _filled(node)


def correction_nodes(edition: Edition) -> list[Node]:
    """What the newsroom had wrong in a story, oldest first."""
    url = edition.absolute_url
    return [
        {
            "@type": "CorrectionComment",
            "@id": f"{url}#{correction.anchor}",
            "url": f"{url}#{correction.anchor}",
            "name": correction.get_kind_display(),
            "text": correction.text,
            "datePublished": moment(correction.made_at),
        }
        for correction in edition.corrections
    ]


def authors(edition: Edition) -> list[Node]:
    """Who wrote it, each once: the people of the byline, else the agency, else the paper."""
    people = {
        byline["slug"]: {
            "@type": "Person",
            "name": byline["name"],
            "url": absolute(address("articles:author", byline["slug"])),
        }
        for byline in edition.bylines
    }
    if people:
        return list(people.values())
    if edition.agency_name:
        agency = {"@type": "Organization", "name": edition.agency_name}
        if edition.agency_slug:
            agency["url"] = absolute(reverse("articles:agency", args=[edition.agency_slug]))
        return [agency]
    return [publisher()]


def profile(author: Author) -> Node:
    """The page of an author, and who that is."""
    url = absolute(author.get_absolute_url())
    image = author.portrait
    square = (
        next((crop for crop in image.crops() if crop.width == crop.height), None) if image else None
    )
    person = {
        "@type": "Person",
        "@id": f"{url}#person",
        "name": author.name,
        "url": url,
        "jobTitle": author.title,
        "description": author.bio,
        "email": author.email,
        "image": absolute(square.src) if square else "",
        "sameAs": author.profiles,
        "worksFor": {"@id": f"{settings.SITE_URL}/#publisher"},
    }
    return {"@type": "ProfilePage", "url": url, "mainEntity": _filled(person)}


def publisher() -> Node:
    """The paper, with the pages of its policies."""
    paper = current()
    policies = {name: absolute(path) for name, path in paper.policies.items()}
    src, width, height = static("img/icon-512.png"), 512, 512
    if paper.logo:
        src, width, height = paper.logo[:3]
    node: Node = {
        "@type": "NewsMediaOrganization",
        "@id": f"{settings.SITE_URL}/#publisher",
        "name": paper.name,
        "url": f"{settings.SITE_URL}/",
        "logo": {"@type": "ImageObject", "url": absolute(src), "width": width, "height": height},
        **policies,
    }
    if paper.socials:
        node["sameAs"] = [profile.url for profile in paper.socials]
    return node


def about_page(title: str, path: str, kind: str) -> Node:
    """A page about the paper; `kind` is one of models.Page.Kind."""
    types = {"about": "AboutPage", "contact": "ContactPage"}
    url = absolute(path)
    return {
        "@type": types.get(kind, "WebPage"),
        "@id": f"{url}#page",
        "url": url,
        "name": title,
        "inLanguage": current().language,
        "isPartOf": {"@id": f"{settings.SITE_URL}/#website"},
        "about": publisher(),
    }


def website() -> Node:
    """The site as a whole, and how it is searched once it has a search page."""
    node: Node = {
        "@type": "WebSite",
        "@id": f"{settings.SITE_URL}/#website",
        "url": f"{settings.SITE_URL}/",
        "name": current().name,
        "description": current().tagline,
        "inLanguage": languages.tag(""),
        "publisher": publisher(),
    }
    try:
        search = absolute(reverse("articles:search"))
    except NoReverseMatch:
        return node
    node["potentialAction"] = {
        "@type": "SearchAction",
        "target": {
            "@type": "EntryPoint",
            "urlTemplate": f"{search}?q={{search_term_string}}",
        },
        "query-input": "required name=search_term_string",
    }
    return node


def breadcrumbs(crumbs: Iterable[Crumb]) -> Node:
    """The way from the front page to a page."""
    way = [Crumb(current().name, "/"), *crumbs]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": crumb.name,
                "item": absolute(crumb.path),
            }
            for position, crumb in enumerate(way, start=1)
        ],
    }


def crumbs_of(edition: Edition) -> list[Crumb]:
    """The way to a story: its section, then itself."""
    section = edition.section
    return [
        Crumb(section.name, section.get_absolute_url()),
        Crumb(edition.short_title, edition.get_absolute_url()),
    ]


def pictures(edition: Edition) -> list[Node]:
    """The lead picture in each shape that it has."""
    image = edition.lead_image
    if image is None:
        return []
    return [
        _filled(
            {
                "@type": "ImageObject",
                "url": url,
                "width": width,
                "height": height,
                "caption": edition.lead_image_caption or edition.lead_image_alt,
                "creditText": edition.lead_image_credit,
            }
        )
        for url, width, height in shapes(image)
    ]


def shapes(image: Image) -> list[tuple[str, int, int]]:
    """Address, width and height of a picture in each shape that it has, the widest shape first."""
    return [(absolute(crop.src), crop.width, crop.height) for crop in image.crops()]


def absolute(url: str) -> str:
    """The address with its scheme and host; one that has them stays as it is."""
    if url.startswith("/") and not url.startswith("//"):
        # What nearly all are; urljoin takes them apart and puts them together again.
        return f"{settings.SITE_URL}{url}"
    return urljoin(f"{settings.SITE_URL}/", url)


def moment(at: datetime) -> str:
    """A moment with the offset of the paper's time zone, by ISO 8601 and RFC 3339."""
    return timezone.localtime(at).isoformat(timespec="seconds")


def _filled(node: Node) -> Node:
    return {name: value for name, value in node.items() if value not in ("", None, [])}
