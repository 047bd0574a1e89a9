"""Sections, topics, authors and agencies."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import Agency, Author, Section, Topic
from .paging import LongListAdmin


@admin.register(Section)
class SectionAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "accent", "position"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Topic)
class TopicAdmin(LongListAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name"]
    search_help_text = _("Search names")
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Author)
class AuthorAdmin(LongListAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name"]
    search_help_text = _("Search names")
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Agency)
class AgencyAdmin(admin.ModelAdmin):
    list_display = ["name", "credit_line"]
    search_fields = ["name"]
    search_help_text = _("Search names")
    prepopulated_fields = {"slug": ["name"]}
