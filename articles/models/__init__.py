from .article import Article, Byline, KeyPoint
from .correction import Correction
from .edition import Edition, PublicationEvent
from .front_page import FrontBlock, FrontPage, FrontStory
from .image import Image
from .listing import Listing
from .page import Page
from .search import SearchDocument, SearchWord
from .taxonomy import Agency, Author, Section, Topic

__all__ = [
    "Agency",
    "Article",
    "Author",
    "Byline",
    "Correction",
    "Edition",
    "FrontBlock",
    "FrontPage",
    "FrontStory",
    "Image",
    "KeyPoint",
    "Listing",
    "Page",
    "PublicationEvent",
    "SearchDocument",
    "SearchWord",
    "Section",
    "Topic",
]
