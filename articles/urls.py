"""The addresses of the public pages."""

from django.urls import path, register_converter

from . import views


class DigitsConverter:
    """A number written with exactly as many digits as its kind has: 2026, 01, 08."""

    digits = 2
    regex = "[0-9]{2}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return f"{int(value):0{self.digits}d}"


class YearConverter(DigitsConverter):
    digits = 4
    regex = "[0-9]{4}"


register_converter(YearConverter, "yyyy")
register_converter(DigitsConverter, "mm")
register_converter(DigitsConverter, "dd")

app_name = "articles"
urlpatterns = [
    path("", views.front, name="front"),
    path("media/<path:path>", views.rendition, name="rendition"),
    path("<yyyy:year>/<mm:month>/<dd:day>/<slug:slug>/", views.article, name="article"),
    path("<slug:slug>/", views.section, name="section"),
]
