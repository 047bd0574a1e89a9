"""Numbers of comments that the database keeps itself, however comments come, change or go.

Triggers do it in the statement that changes a comment, so a number is part of the same
transaction, and no path in code (nor a bulk insert, nor COPY) can forget it. On PostgreSQL they
run once for a whole statement, and always in the same order of rows, so that two moderators never
wait for each other in a circle.
"""

from typing import Any

from django.db.backends.ddl_references import Statement, Table
from django.db.models.constraints import BaseConstraint

#: Everybody who posts changes the number of pending comments. Connections of PostgreSQL share it
#: out among so many rows, so that they needn't wait for each other's commit.
SLOTS = 16

_SQLITE_MORE = (
    " INSERT INTO comments_statuscount (status, slot, number) VALUES (NEW.status, 0, 1)"
    " ON CONFLICT (status, slot) DO UPDATE SET number = number + 1;"
    " INSERT INTO comments_articlecount (article_id, approved)"
    " SELECT NEW.article_id, 1 WHERE NEW.status = 'approved'"
    " ON CONFLICT (article_id) DO UPDATE SET approved = approved + 1;"
)
# Nothing is put where nothing is: when tables are emptied one by one, these may go first.
_SQLITE_FEWER = (
    " UPDATE comments_statuscount SET number = number - 1"
    " WHERE status = OLD.status AND slot = 0;"
    " UPDATE comments_articlecount SET approved = approved - 1"
    " WHERE article_id = OLD.article_id AND OLD.status = 'approved';"
)
_SQLITE_TRIGGER = "CREATE TRIGGER %(name)s AFTER %(event)s ON %(table)s BEGIN%(steps)s END"
_SQLITE_EVENTS = {
    "insert": ("INSERT", _SQLITE_MORE),
    "delete": ("DELETE", _SQLITE_FEWER),
    "update": ("UPDATE OF status, article_id", _SQLITE_FEWER + _SQLITE_MORE),
}

_CAME = "SELECT article_id, status, 1 AS n FROM came"
_WENT = "SELECT article_id, status, -1 AS n FROM went"
_POSTGRESQL_EVENTS = {
    "insert": (_CAME, "NEW TABLE AS came"),
    "delete": (_WENT, "OLD TABLE AS went"),
    "update": (f"{_CAME} UNION ALL {_WENT}", "OLD TABLE AS went NEW TABLE AS came"),
}
_POSTGRESQL_FUNCTION = (
    "CREATE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO comments_articlecount AS kept (article_id, approved)"
    " SELECT article_id, sum(n) FROM (%(changes)s) AS changes WHERE status = 'approved'"
    " GROUP BY article_id HAVING sum(n) <> 0 ORDER BY article_id"
    " ON CONFLICT (article_id) DO UPDATE SET approved = kept.approved + EXCLUDED.approved;"
    " INSERT INTO comments_statuscount AS kept (status, slot, number)"
    " SELECT status, pg_backend_pid() %% %(slots)d, sum(n) FROM (%(changes)s) AS changes"
    " GROUP BY status HAVING sum(n) <> 0 ORDER BY status"
    " ON CONFLICT (status, slot) DO UPDATE SET number = kept.number + EXCLUDED.number;"
    " RETURN NULL; END $$"
)
_POSTGRESQL_TRIGGER = (
    "CREATE TRIGGER %(name)s AFTER %(event)s ON %(table)s REFERENCING %(tables)s"
    " FOR EACH STATEMENT EXECUTE FUNCTION %(name)s()"
)

_RECOUNT = (
    "DELETE FROM comments_articlecount",
    "DELETE FROM comments_statuscount",
    (
        "INSERT INTO comments_articlecount (article_id, approved)"
        " SELECT article_id, count(*) FROM comments_comment WHERE status = 'approved'"
        " GROUP BY article_id"
    ),
    (
        "INSERT INTO comments_statuscount (status, slot, number)"
        " SELECT status, 0, count(*) FROM comments_comment GROUP BY status"
    ),
)


class Counted(BaseConstraint):
    """Each comment is counted in ArticleCount, if approved, and in StatusCount.

    A constraint, because Django's SQLite editor rebuilds a table to alter it, which drops
    triggers; as each rebuild asks the model's constraints for their SQL again, they come back.
    """

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Counted):
            return self.name == other.name
        return super().__eq__(other)

    __hash__ = BaseConstraint.__hash__

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """Nothing in CREATE TABLE itself: the triggers follow once all tables are there."""
        schema_editor.deferred_sql.extend(self._statements(model, schema_editor))

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        for statement in self._statements(model, schema_editor):
            schema_editor.execute(statement, params=None)

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        for event in _SQLITE_EVENTS:
            name = self._name(event, schema_editor)
            if schema_editor.connection.vendor == "postgresql":
                # Takes the trigger that calls it along.
                schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
            else:
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """No comment can break it."""

    def _name(self, event: str, schema_editor: Any) -> str:
        return schema_editor.quote_name(f"{self.name}_{event}")

    def _statements(self, model: Any, schema_editor: Any) -> list[Statement]:
        table = Table(model._meta.db_table, schema_editor.quote_name)
        statements = []
        if schema_editor.connection.vendor == "postgresql":
            for event, (changes, tables) in _POSTGRESQL_EVENTS.items():
                name = self._name(event, schema_editor)
                statements += [
                    Statement(_POSTGRESQL_FUNCTION, name=name, changes=changes, slots=SLOTS),
                    Statement(
                        _POSTGRESQL_TRIGGER, name=name, event=event, tables=tables, table=table
                    ),
                ]
            return statements
        for event, (when, steps) in _SQLITE_EVENTS.items():
            name = self._name(event, schema_editor)
            statements.append(
                Statement(_SQLITE_TRIGGER, name=name, event=when, steps=steps, table=table)
            )
        return statements


def recount(connection: Any) -> None:
    """Count all comments anew; must be called in a transaction that nobody else writes beside."""
    with connection.cursor() as cursor:
        for statement in _RECOUNT:
            cursor.execute(statement)
