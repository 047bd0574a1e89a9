from .article import Article, Byline, KeyPoint
from .edition import Edition, PublicationEvent
from .image import Image
from .taxonomy import Agency, Author, Section, Topic

__all__ = [
    "Agency",
    "Article",
    "Author",
    "Byline",
    "Edition",
    "Image",
    "KeyPoint",
    "PublicationEvent",
    "Section",
    "Topic",
]
