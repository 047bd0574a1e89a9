"""The editors' workplace: one module for each desk."""

from . import article, images, taxonomy

__all__ = ["article", "images", "taxonomy"]
