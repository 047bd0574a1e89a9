"""Keeps Python's collector of garbage from looking through what stays anyway.

A full collection looks at every object. In a server process nearly all of them are code, models,
settings and translations, which stay as long as the process, and looking at them takes 50 ms and
more, during which nobody is answered.
"""

import gc

from django.urls import get_resolver


def leave_what_is_loaded() -> None:
    """Load what the first request would, and have the collector leave all of it alone.

    To be called once, when the application is loaded.
    """
    # Imports the views, and with them most of the code that isn't loaded yet.
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
