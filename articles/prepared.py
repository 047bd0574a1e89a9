"""Queries whose SQL is composed once and asked many times with other values.

Django composes the SQL of a query anew each time that it is asked, which takes several times as
long as SQLite takes to answer. A page that everybody waits for asks the same few all the time.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connections, router
from django.db.models import Expression, Field, Model, QuerySet

Row = TypeVar("Row")


class Given(Expression):
    """Stands for a value that is given with each call."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", (self,)


class Prepared(Generic[Row]):
    """A query for all rows of what `compose` gives when it is called with the given values.

        stories_of = Prepared(
            Edition,
            lambda section: Edition.objects.filter(section=section),
            section=BigIntegerField(),
        )
        stories_of(section=3)

    `given` names the values and their types. `compose` is called with stand-ins for them, so it
    may filter by them, but not look at them. What it gives may follow relations in the same query,
    but not prefetch others.
    """

    def __init__(
        self,
        model: type[Model],
        compose: Callable[..., "QuerySet[Any, Row]"],
        **given: "Field[Any, Any]",
    ) -> None:
        self._model = model
        self._compose = compose
        self._given = given
        # A connection belongs to a thread, and so does what was composed for it.
        self._composed = threading.local()

    def __call__(self, **values: Any) -> list[Row]:
        using = router.db_for_read(self._model)
        statement = getattr(self._composed, using, None)
        if statement is None or statement.connection is not connections[using]:
            stand_ins = {name: Given(name, field) for name, field in self._given.items()}
            statement = _Statement(self._compose(**stand_ins).using(using))
            setattr(self._composed, using, statement)
        return statement.rows(values)


class _Statement:
    """The SQL of a query for one connection."""

    def __init__(self, queryset: Any) -> None:
        self._queryset = queryset
        compiler = queryset.query.get_compiler(using=queryset.db)
        sql, self._parameters = compiler.as_sql()
        self._now: tuple[Any, ...] = ()
        self.connection = compiler.connection
        # What reads the rows is Django's own; it only asks this compiler for its SQL again.
        compiler.as_sql = lambda *arguments, **options: (sql, self._now)
        queryset.query.get_compiler = lambda *arguments, **options: compiler

    def rows(self, values: dict[str, Any]) -> list[Any]:
        self._now = tuple(
            each.output_field.get_db_prep_value(values[each.name], self.connection)
            if isinstance(each, Given)
            else each
            for each in self._parameters
        )
        return list(self._queryset._iterable_class(self._queryset))
