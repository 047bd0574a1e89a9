"""Sections, topics, authors and agencies."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import Script
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import Agency, Author, Section, Topic
from .paging import LongListAdmin


class OneByOneAdmin(admin.ModelAdmin):
    """Deletes what is ticked as it deletes what is open, so that public pages hear of each."""

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for each in queryset:
            each.delete()


@admin.register(Section)
class SectionAdmin(OneByOneAdmin):
    list_display = ["name", "slug", "accent", "position"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Topic)
class TopicAdmin(OneByOneAdmin, LongListAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name"]
    search_help_text = _("Search names")
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Author)
class AuthorAdmin(OneByOneAdmin, LongListAdmin):
    list_display = ["name", "title", "slug"]
    search_fields = ["name"]
    search_help_text = _("Search names")
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["portrait"]

    class Media:
        js = [Script("js/field-names.js", type="module")]


@admin.register(Agency)
class AgencyAdmin(OneByOneAdmin):
    list_display = ["name", "credit_line"]
    search_fields = ["name"]
    search_help_text = _("Search names")
    prepopulated_fields = {"slug": ["name"]}
