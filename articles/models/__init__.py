from .article import Article, Byline, KeyPoint
from .edition import Edition, PublicationEvent
from .image import Image
from .listing import Listing
from .search import SearchDocument, SearchWord
from .taxonomy import Agency, Author, Section, Topic

__all__ = [
    "Agency",
    "Article",
    "Author",
    "Byline",
    "Edition",
    "Image",
    "KeyPoint",
    "Listing",
    "PublicationEvent",
    "SearchDocument",
    "SearchWord",
    "Section",
    "Topic",
]
