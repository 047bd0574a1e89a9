"""Long lists at the same cost, however long they are.

A number of rows is counted as far as a desk needs it and estimated beyond. Pages near the end are
read from the end, so that the database never passes over all rows before them, and only the keys
are passed over: what a row shows is fetched for the rows of the page alone.
"""

import json
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import QuerySet
from django.utils import formats
from django.utils.functional import cached_property
from django.utils.translation import gettext

#: Lists are counted as far as this.
COUNTED = 500


class Amount(NamedTuple):
    """How many rows there are; about as many, in two figures, where it isn't exact."""

    number: int
    is_exact: bool = True

    def __str__(self) -> str:
        shown = formats.number_format(self.number, force_grouping=True)
        return shown if self.is_exact else gettext("about %(number)s") % {"number": shown}


def amount_of(queryset: QuerySet[Any], *, counted: int = COUNTED) -> Amount:
    """How many rows a queryset has: exact up to `counted`, and always exact on SQLite.

    Beyond, it is what PostgreSQL's planner expects from its statistics.
    """
    if connections[queryset.db].vendor != "postgresql":
        return Amount(queryset.count())
    # With their order, so that rows are found through the index of the list itself.
    keys = queryset.values("pk")
    number = keys[: counted + 1].count()
    if number <= counted:
        return Amount(number)
    plan = json.loads(keys.order_by().explain(format="json"))[0]["Plan"]
    estimate = max(int(plan["Plan Rows"]), number)
    return Amount(round(estimate, 2 - len(str(estimate))), is_exact=False)


class LongListPaginator(Paginator):
    """Pages of an ordered queryset."""

    @cached_property
    def amount(self) -> Amount:
        if isinstance(self.object_list, QuerySet):
            return amount_of(self.object_list)
        return Amount(len(self.object_list))

    @property
    def count(self) -> int:  # type: ignore[override]
        return self.amount.number

    def page(self, number: Any) -> Page:
        number = self.validate_number(number)
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return super().page(number)
        keys = rows.values_list("pk", flat=True)
        after = (self.num_pages - number) * self.per_page
        before = (number - 1) * self.per_page
        if not self.amount.is_exact and after < before:
            found = list(keys.reverse()[after : after + self.per_page])
        else:
            found = list(keys[before : before + self.per_page])
        return self._get_page(rows.filter(pk__in=found), number, self)
