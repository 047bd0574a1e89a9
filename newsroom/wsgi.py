"""The WSGI callable that the server runs."""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from .interpreter import prepare_to_serve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

application: Any = get_wsgi_application()
if settings.PAGE_CACHE_MB:
    # Needs the apps, which the line above has loaded.
    from newsroom.pagecache.site import page_cache

    application = page_cache(application)
if settings.CDN != "none":
    from newsroom.pagecache.cdn import SurrogateControl

    application = SurrogateControl(application)
prepare_to_serve()
