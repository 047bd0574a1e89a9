"""The addresses of posting and of senders' own pages."""

from django.urls import path, re_path

import articles.urls  # noqa: F401  (registers the converters of story addresses)

from . import keys, views

app_name = "comments"
_STORY = "<yyyy:year>/<mm:month>/<dd:day>/<slug:slug>"
urlpatterns = [
    path(f"parts/{keys.DISCUSSED}/", views.discussed, name="discussed"),
    re_path(r"^parts/comments:(?P<article>[1-9][0-9]{0,17})/$", views.number, name="number"),
    path(f"{_STORY}/comments/", views.post, name="post"),
    path(f"{_STORY}/comments/confirm/", views.confirm, name="confirm"),
    path("comments/<str:token>/", views.status, name="status"),
]
