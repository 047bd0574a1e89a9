"""The editors' workplace: one module for each desk."""

from . import accounts, article, images, taxonomy

__all__ = ["accounts", "article", "images", "taxonomy"]
