"""Share links that are plain links: no script of anybody else's, no tracking."""

from typing import NamedTuple
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _


class ShareLink(NamedTuple):
    label: str
    href: str


def share_links(title: str, url: str) -> list[ShareLink]:
    """Where readers can send a story, in the order of the design; `url` is absolute."""

    def at(address: str, **query: str) -> str:
        return f"{address}?{urlencode(query, quote_via=quote)}"

    return [
        ShareLink("WhatsApp", at("https://wa.me/", text=f"{title} {url}")),
        ShareLink("Facebook", at("https://www.facebook.com/sharer/sharer.php", u=url)),
        ShareLink("X", at("https://x.com/intent/post", text=title, url=url)),
        ShareLink("LinkedIn", at("https://www.linkedin.com/sharing/share-offsite/", url=url)),
        ShareLink("Telegram", at("https://t.me/share/url", url=url, text=title)),
        ShareLink(_("Email"), at("mailto:", subject=title, body=url)),
    ]
