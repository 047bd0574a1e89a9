"""Queries whose SQL is composed once and asked many times with other values.

Django composes the SQL of a query anew each time that it is asked, which takes several times as
long as SQLite takes to answer. A page that everybody waits for asks the same few all the time.

PostgreSQL takes longer to parse and plan them than to answer, so each of its sessions keeps the
plans (prepared statements; DATABASE_PREPARED_STATEMENTS turns them off).
"""

import json
import re
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connections, router
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.expressions import RawSQL

Row = TypeVar("Row")


class Given(Expression):
    """Stands for a value that is given with each call."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", (self,)


class Numbers(Field[Any, Any]):
    """The type of a list of whole numbers, however many."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        numbers = list(value)
        return numbers if connection.vendor == "postgresql" else json.dumps(numbers)


class Among(RawSQL):
    """Stands for the numbers of such a list: `filter(pk__in=Among(numbers))`."""

    def __init__(self, numbers: Any) -> None:
        super().__init__("SELECT value FROM json_each(%s)", (numbers,))

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "(SELECT unnest(%s::bigint[]))", self.params


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


class PlanKeepingCursor(psycopg.Cursor[Any]):
    """Sends the values beside the query, which the session prepares when it is asked first.

    Django's own cursors write the values into the query, so that each is a new one to PostgreSQL.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        session = self.connection
        # A plan that no longer fits would fail the whole transaction, so none is used there.
        if session.prepare_threshold is None or not session.autocommit:
            return super().execute(query, params, prepare=False)
        if not getattr(session, "has_generic_plans", False):
            # One plan for all values. Left alone, PostgreSQL compares what such a plan costs with
            # what plans for single values do. It takes a third of all stories to be live if it
            # doesn't know the moment, so it would plan the largest queries each time.
            session.execute("SET plan_cache_mode = force_generic_plan")
            session.has_generic_plans = True  # type: ignore[attr-defined]
        try:
            return super().execute(query, params, prepare=True)
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName):
            # A migration has changed a column while this server runs; or what stands between the
            # two has cleared the session, or given it to somebody else.
            session.execute("DEALLOCATE ALL")
            return super().execute(query, params, prepare=False)


def plan_keeping_cursor(connection: Any) -> Any:
    """A cursor of this connection; on PostgreSQL one that has the plans of its queries kept."""
    cursor = connection.cursor()
    if connection.vendor == "postgresql":
        # Django's wrapper stays, and with it all that counts, logs and watches queries.
        cursor.cursor.close()
        cursor.cursor = PlanKeepingCursor(connection.connection)
    return cursor


class _Statement:
    """The SQL of a query for one connection."""

    def __init__(self, queryset: Any) -> None:
        self._queryset = queryset
        compiler = queryset.query.get_compiler(using=queryset.db)
        self._sql, self._parameters = compiler.as_sql()
        self._now: tuple[Any, ...] = ()
        self.connection = compiler.connection
        if self.connection.vendor == "postgresql":
            self._write_out_constants()
        # What is selected only to sort by.
        self._columns = compiler.col_count if compiler.has_extra_select else None
        # What reads the rows is Django's own; it only has this compiler ask for them.
        compiler.execute_sql = self._ask
        queryset.query.get_compiler = lambda *arguments, **options: compiler

    def rows(self, values: dict[str, Any]) -> list[Any]:
        self._now = tuple(
            each.output_field.get_db_prep_value(values[each.name], self.connection)
            if isinstance(each, Given)
            else each
            for each in self._parameters
        )
        return list(self._queryset._iterable_class(self._queryset))

    def _write_out_constants(self) -> None:
        """Make parameters only of what is given.

        The plan is made for these constants then. One for any LIMIT or any status would be worse.
        """
        parameters = iter(self._parameters)
        # Whether a backslash is one depends on the session.
        self.connection.ensure_connection()

        def write(place: re.Match[str]) -> str:
            if place[0] == "%%" or isinstance(parameter := next(parameters), Given):
                return place[0]
            return self.connection.ops.compose_sql("%s", [parameter]).replace("%", "%%")

        self._sql = re.sub("%s|%%", write, self._sql)
        self._parameters = [each for each in self._parameters if isinstance(each, Given)]

    def _ask(self, *arguments: Any, **options: Any) -> list[list[Any]]:
        with plan_keeping_cursor(self.connection) as cursor:
            cursor.execute(self._sql, self._now)
            rows = cursor.fetchall()
        return [rows if self._columns is None else [row[: self._columns] for row in rows]]
