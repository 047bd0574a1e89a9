"""Where Django looks for the site's own models."""

from .publication import Publication

__all__ = ["Publication"]
