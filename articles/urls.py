"""The addresses of the public pages."""

from django.urls import path, register_converter

from . import archive, corrections, feeds, history, listing, oembed, pages, parts, sitemaps, views
from .search.views import page as search_page


class DigitsConverter:
    """A number written with exactly as many digits as its kind has: 2026, 01, 08."""

    digits = 2
    regex = "[0-9]{2}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return f"{int(value):0{self.digits}d}"


class YearConverter(DigitsConverter):
    digits = 4
    regex = "[0-9]{4}"


class FeedConverter:
    """The ending of a feed's address."""

    regex = "|".join(listing.FEED_KINDS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FeedConverter, "feed")
register_converter(YearConverter, "yyyy")
register_converter(DigitsConverter, "mm")
register_converter(DigitsConverter, "dd")

app_name = "articles"
STORY = "<yyyy:year>/<mm:month>/<dd:day>/<slug:slug>/"
urlpatterns = [
    path("", views.front, name="front"),
    path("feed.<feed:kind>", feeds.of_everything, name="feed"),
    path("oembed", oembed.oembed, name="oembed"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemaps/pages.xml", sitemaps.pages, name="sitemap_pages"),
    path("sitemaps/news.xml", sitemaps.news, name="sitemap_news"),
    path("sitemaps/stories-<int:number>.xml", sitemaps.stories, name="sitemap_stories"),
    path("media/<path:path>", views.rendition, name="rendition"),
    path("parts/<str:name>/", parts.part, name="part"),
    path("search/", search_page, name="search"),
    path("archive/", archive.archive, name="archive"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("about/", pages.about, name="about"),
    path("about/<slug:slug>/", pages.page, name="page"),
    path("topics/<slug:slug>/", listing.topic, name="topic"),
    path("topics/<slug:slug>/feed.<feed:kind>", feeds.of_topic, name="topic_feed"),
    path("authors/<slug:slug>/", listing.author, name="author"),
    path("authors/<slug:slug>/feed.<feed:kind>", feeds.of_author, name="author_feed"),
    path("agencies/<slug:slug>/", listing.agency, name="agency"),
    path("<yyyy:year>/", archive.archive_of, name="archive_year"),
    path("<yyyy:year>/<mm:month>/", archive.archive_of, name="archive_month"),
    path("<yyyy:year>/<mm:month>/<dd:day>/", archive.archive_of, name="archive_day"),
    path(STORY, views.article, name="article"),
    path(f"{STORY}history/", history.history, name="history"),
    path(f"{STORY}history/compare/", history.comparison, name="comparison"),
    path(f"{STORY}history/<int:number>/", history.version, name="version"),
    path("<slug:slug>/", listing.section, name="section"),
    path("<slug:slug>/feed.<feed:kind>", feeds.of_section, name="section_feed"),
]
