from .article import Article, Byline, KeyPoint
from .correction import Correction
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
    "Correction",
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
