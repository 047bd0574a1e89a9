"""What an article still lacks before it should go out."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .body import plain_text
from .models import Article

#: Longer headlines are cut by search engines and break into five lines on a phone.
LONG_HEADLINE = 110


@dataclass(frozen=True)
class Item:
    """One finding; `field` names the form field it is about."""

    field: str
    message: str
    blocks: bool = False


def check(article: Article) -> list[Item]:
    """Findings in the order of the form. Those that block must be mended before publishing."""
    found: list[Item] = []

    def block(field: str, message: str) -> None:
        found.append(Item(field, message, blocks=True))

    def warn(field: str, message: str) -> None:
        found.append(Item(field, message))

    key_points = len(article.key_points.all())
    if not article.headline.strip():
        block("headline", _("The headline is missing."))
    elif len(article.headline) > LONG_HEADLINE:
        warn(
            "headline",
            ngettext(
                "The headline has %(count)d character; shorter ones read better on a phone.",
                "The headline has %(count)d characters; shorter ones read better on a phone.",
                len(article.headline),
            )
            % {"count": len(article.headline)},
        )
    if not article.slug:
        block("slug", _("The slug is missing: the story needs an address."))
    if not article.standfirst.strip():
        warn("standfirst", _("There is no standfirst under the headline."))
    if not article.summary.strip():
        warn("summary", _("There is no summary, so the In brief box is left out."))
    if not key_points:
        warn("key_points", _("There are no key points, so their box is left out."))
    if article.key_points_heading and not key_points:
        warn("key_points_heading", _("The key points have a heading but no points."))
    if not plain_text(article.body).strip():
        block("body", _("The body is empty."))
    if article.pull_quote and not article.pull_quote_attribution:
        warn("pull_quote_attribution", _("The pull quote has no source."))
    if article.pull_quote_attribution and not article.pull_quote:
        warn("pull_quote", _("There is a source for a pull quote, but no quote."))
    if article.dateline_date and not article.dateline_place:
        warn("dateline_place", _("The dateline has a date but no place, so it is left out."))
    if not article.agency_id and not article.bylines.all():
        warn("bylines", _("Nobody signs this story: it has neither a byline nor an agency."))
    if article.lead_image is not None and not article.lead_image.alt.strip():
        block("lead_image", _("The lead picture has no alternative text."))
    return found
