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
from django.db.models import DateTimeField, Func, Q, QuerySet, TextField, Value
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
#: What the planner expects of a search that is carried out at once: more are too many to read and
#: put in order. Of those, the first _STRETCH rows of the list tell how far to search.
_FEW = 500
_STRETCH = 5000
#: Where fewer are found there, the whole list has few.
_LEAST = 5


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
        estimate = max(self.estimate(), len(self._first))
        unit = int(10 ** (len(str(estimate)) - 2))
        return Amount(-(-estimate // unit) * unit, is_exact=False)

    def estimate(self) -> int:
        """About how many rows a long list has: what PostgreSQL's planner expects."""
        return _expected(cast(QuerySet[Any], self.object_list))

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
        words = sorted(words_of(search_term), key=len, reverse=True)
        if not words:
            return queryset, False
        is_short = len(words[0]) < _SHORTEST_WORD
        found = _searched(queryset) if is_short else queryset
        # With a text more, it is not what the index has: for short words, that would be read whole.
        more = [Value("")] if is_short else []
        found = found.alias(all_words=AllWords(*self.get_search_fields(request), *more))
        hold = [Q(all_words__contains=Upper(Value(word))) for word in words]
        if is_short or not _are_many(found, hold):
            keys = _first_keys(found.filter(*hold))
        else:
            keys = _first_found(found.filter(*hold))
        return queryset.filter(pk__in=keys), False


def _first_keys(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.values_list("pk", flat=True)[:COUNTED])


def _searched(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The first SEARCHED rows of a list."""
    moment = _moment(rows)
    if moment is None:
        return rows.filter(pk__in=list(rows.values_list("pk", flat=True)[:SEARCHED]))
    # Given as a moment: of a list of keys, PostgreSQL believes that it is quicker to read all rows.
    oldest = rows.values_list(moment, flat=True)[SEARCHED - 1 : SEARCHED].first()
    return rows if oldest is None else rows.filter(**{f"{moment}__gte": oldest})


def _are_many(rows: QuerySet[Any], hold: list[Q]) -> bool:
    """Whether PostgreSQL's planner expects more rows with these words than are soon read."""
    if connections[rows.db].vendor != "postgresql":
        return False
    # The longest word alone often tells. Each takes the planner as long as looking some rows up.
    asked = [hold[:1], hold] if hold[1:] else [hold]
    return all(_expected(rows.filter(*words)) > _FEW for words in asked)


def _first_found(found: QuerySet[Any]) -> list[Any]:
    """The keys of the first COUNTED rows of a search by the index of trigrams.

    That index gives all rows with some letters, in no order. So only the newest rows of a list that
    is ordered by time are searched, by this index and that of the times put together. How far back
    follows from how many were found in a short stretch. What is found in a stretch comes before
    everything else, so that it is all when it is enough; when it isn't, all rows are searched.
    """
    moment = _moment(found)
    if moment is None:
        return _first_keys(found)
    moments = found.model._default_manager.using(found.db).order_by(f"-{moment}")
    newest, since = (
        moments.values_list(moment, flat=True)[place : place + 1].first() for place in (0, _STRETCH)
    )
    for _stretch in range(3):
        if newest is None or since is None:
            break
        keys = _first_keys(found.filter(**{f"{moment}__gte": since}))
        if len(keys) >= COUNTED:
            return keys
        if len(keys) < _LEAST:
            break
        try:
            # Half as far again as should do.
            since = newest - (newest - since) * (1.5 * COUNTED / len(keys))
        except OverflowError:
            break
    return _first_keys(found)


def _moment(rows: QuerySet[Any]) -> str | None:
    """The field whose latest moment comes first in these rows, if that is their order."""
    order = [*(rows.query.order_by or rows.model._meta.ordering), None][0]
    for field in rows.model._meta.concrete_fields:
        if isinstance(field, DateTimeField) and order == f"-{field.name}":
            return field.name
    return None


def _expected(rows: QuerySet[Any]) -> int:
    """How many rows PostgreSQL's planner expects there to be, from its statistics."""
    plan = rows.values("pk").order_by().explain(format="json")
    # Where filters exclude each other, Django asks nothing, and there is no plan.
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0


def words_of(search_term: str) -> list[str]:
    """What is looked for: the words, and what stands between quotation marks in one piece."""
    words = []
    for word in smart_split(search_term):
        is_quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
        words.append(unescape_string_literal(word) if is_quoted else word)
    return [word for word in words if word]
