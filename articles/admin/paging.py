"""Long lists at the same cost, however long they are.

A number of rows is counted as far as a desk needs it and estimated beyond. Pages near the end are
read from the end, so that the database never passes over all rows before them, and only keys are
passed over: what a row shows is fetched for the rows of the page alone.
"""

import json
from typing import Any, NamedTuple, cast

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import Func, QuerySet, TextField, Value
from django.db.models.functions import Upper
from django.http import HttpRequest
from django.utils import formats
from django.utils.functional import cached_property
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import gettext

#: Lists are counted as far as this, and a search finds as many.
COUNTED = 200
#: The shortest part of a word that an index of three letters each finds; shorter ones are looked
#: for in the first SEARCHED rows of a list.
_SHORTEST_WORD = 3
SEARCHED = 5000


class Amount(NamedTuple):
    """How many rows there are; about as many, in two figures, where it isn't exact.

    Rather more than less: pages counted from both ends then overlap, instead of leaving out rows
    between them.
    """

    number: int
    is_exact: bool = True

    def __str__(self) -> str:
        shown = formats.number_format(self.number, force_grouping=True)
        return shown if self.is_exact else gettext("about %(number)s") % {"number": shown}


class LongListPaginator(Paginator):
    """Pages of an ordered queryset; the number of rows is exact up to COUNTED and on SQLite."""

    @cached_property
    def amount(self) -> Amount:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return Amount(len(rows))
        if len(self._first) <= COUNTED:
            return Amount(len(self._first))
        if connections[rows.db].vendor != "postgresql":
            return Amount(rows.count())
        # What the planner expects from its statistics.
        plan = json.loads(rows.values("pk").order_by().explain(format="json"))[0]["Plan"]
        estimate = max(int(plan["Plan Rows"]), len(self._first), self.least())
        unit = int(10 ** (len(str(estimate)) - 2))
        return Amount(-(-estimate // unit) * unit, is_exact=False)

    def least(self) -> int:
        """What a long list has at least; for those of which the planner knows too little."""
        return 0

    @property
    def count(self) -> int:
        return self.amount.number

    def page(self, number: Any) -> Page:
        number = self.validate_number(number)
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return super().page(number)
        keys = rows.values_list("pk", flat=True)
        before = (number - 1) * self.per_page
        after = (self.num_pages - number) * self.per_page
        if before + self.per_page <= len(self._first):
            found = self._first[before : before + self.per_page]
        elif not self.amount.is_exact and after < before:
            found = list(keys.reverse()[after : after + self.per_page])
        else:
            found = list(keys[before : before + self.per_page])
        return Page(rows.filter(pk__in=found), number, self)

    @cached_property
    def _first(self) -> list[Any]:
        """The keys of the first rows, in order: they count a short list and fill a first page."""
        rows = cast(QuerySet[Any], self.object_list)
        return list(rows.values_list("pk", flat=True)[: COUNTED + 1])


class AllWords(Func):
    """The words of some fields in capitals, one field after the other.

    One text, because an index of trigrams finds what holds several words at once in it. It must be
    written as in the migration that makes the index.
    """

    function = "UPPER"
    arg_joiner = " || ' ' || "
    output_field = TextField()


class LongListAdmin(admin.ModelAdmin):
    """A list without what would go through all its rows: numbers of all, facets, other orders."""

    paginator = LongListPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The first COUNTED rows that hold all words, looked up once for count and pages alike."""
        words = words_of(search_term)
        if not words:
            return queryset, False
        found = queryset
        if max(map(len, words)) < _SHORTEST_WORD:
            found = queryset.filter(pk__in=queryset.values("pk")[:SEARCHED])
        found = found.alias(all_words=AllWords(*self.get_search_fields(request)))
        for word in words:
            found = found.filter(all_words__contains=Upper(Value(word)))
        keys = list(found.values_list("pk", flat=True)[:COUNTED])
        return queryset.filter(pk__in=keys), False


def words_of(search_term: str) -> list[str]:
    """What is looked for: the words, and what stands between quotation marks in one piece."""
    words = []
    for word in smart_split(search_term):
        is_quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
        words.append(unescape_string_literal(word) if is_quoted else word)
    return [word for word in words if word]
