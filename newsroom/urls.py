"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from . import errors, health, site_files

handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

urlpatterns = [
    path("admin/", admin.site.urls),
    path("robots.txt", site_files.robots),
    path("manifest.webmanifest", site_files.manifest, name="manifest"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("", include("comments.urls")),
    path("", include("articles.urls")),
]
