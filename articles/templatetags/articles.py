"""Tags of the public pages."""

from django import template

from ..models import Section

register = template.Library()


@register.simple_tag
def section_list() -> list[Section]:
    """The sections in the order of the navigation; one query."""
    return list(Section.objects.all())
