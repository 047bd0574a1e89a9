"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from . import errors, health

handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

urlpatterns = [
    path("admin/", admin.site.urls),
    path("robots.txt", errors.robots),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("", include("comments.urls")),
    path("", include("articles.urls")),
]
