"""The editors' workplace: one module for each desk."""

from . import article, front_page, images, pages, taxonomy

__all__ = ["article", "front_page", "images", "pages", "taxonomy"]
