"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path, register_converter

from . import errors, health, shortcuts, site_files


class HexadecimalConverter:
    """A colour without its mark: 2438d6."""

    regex = "[0-9a-f]{6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value.removeprefix("#")


class MarkConverter(HexadecimalConverter):
    """What names the content of a file."""

    regex = "[0-9a-f]{16}"


register_converter(HexadecimalConverter, "colour")
register_converter(MarkConverter, "mark")

handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

urlpatterns = [
    path("admin/", admin.site.urls),
    path("robots.txt", site_files.robots),
    path("manifest.webmanifest", site_files.manifest, name="manifest"),
    path("accent-<colour:light>-<colour:dark>.css", site_files.accent, name="accent"),
    path("logo-<mark:mark>.png", site_files.logo, name="logo"),
    path("shortcuts/", shortcuts.page, name="shortcuts"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("", include("comments.urls")),
    path("", include("articles.urls")),
]
