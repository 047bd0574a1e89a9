"""Database constraints that Django has no class for."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.ddl_references import Statement, Table
from django.db.models.constraints import BaseConstraint
from django.utils.translation import gettext_lazy as _

#: A row clashes with NEW when both spans hold at least one common moment. An empty span (a
#: cancelled edition) holds none, as with PostgreSQL's ranges.
_SQLITE_TRIGGER = (
    "CREATE TRIGGER %(name)s AFTER %(event)s ON %(table)s"
    " WHEN NEW.live_until IS NULL OR NEW.live_until > NEW.live_from"
    " BEGIN SELECT RAISE(ABORT, 'constraint %(constraint)s: spans overlap')"
    " WHERE EXISTS (SELECT 1 FROM %(table)s AS other WHERE other.%(owner)s = NEW.%(owner)s"
    " AND other.id <> NEW.id"
    " AND (other.live_until IS NULL OR other.live_until > other.live_from)"
    " AND (other.live_until IS NULL OR other.live_until > NEW.live_from)"
    " AND (NEW.live_until IS NULL OR NEW.live_until > other.live_from)); END"
)
_SQLITE_EVENTS = {"insert": "INSERT", "update": "UPDATE OF live_from, live_until, %(owner)s"}


class NoOverlap(BaseConstraint):
    """Spans `[live_from, live_until)` of rows with the same owner never share a moment.

    PostgreSQL holds it with an exclusion constraint over ranges (it needs the btree_gist
    extension), SQLite with two triggers. Django's SQLite editor rebuilds a table to alter it,
    which drops triggers; as each rebuild asks the model's constraints for their SQL again, they
    come back with it.
    """

    default_violation_error_message = _("Two editions of one article can't be live at once.")

    def __init__(self, *, name: str, owner: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.owner = owner

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "owner": self.owner}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NoOverlap):
            return (self.name, self.owner) == (other.name, other.owner)
        return super().__eq__(other)

    __hash__ = BaseConstraint.__hash__

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """The clause for CREATE TABLE; on SQLite the triggers follow once the table is there."""
        if schema_editor.connection.vendor == "postgresql":
            name = schema_editor.quote_name(self.name)
            return f"CONSTRAINT {name} {self._exclusion(model, schema_editor)}"
        schema_editor.deferred_sql.extend(self._triggers(model, schema_editor))
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        if schema_editor.connection.vendor == "postgresql":
            return Statement(
                "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s %(exclusion)s",
                table=Table(model._meta.db_table, schema_editor.quote_name),
                name=schema_editor.quote_name(self.name),
                exclusion=self._exclusion(model, schema_editor),
            )
        for trigger in self._triggers(model, schema_editor):
            schema_editor.execute(trigger)
        return None

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        if schema_editor.connection.vendor == "postgresql":
            return Statement(
                "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
                table=Table(model._meta.db_table, schema_editor.quote_name),
                name=schema_editor.quote_name(self.name),
            )
        for event in _SQLITE_EVENTS:
            schema_editor.execute(
                f"DROP TRIGGER IF EXISTS {schema_editor.quote_name(f'{self.name}_{event}')}"
            )
        return None

    def validate(
        self,
        model: Any,
        instance: models.Model,
        exclude: Any = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        live_from = getattr(instance, "live_from", None)
        live_until = getattr(instance, "live_until", None)
        owner_id = getattr(instance, model._meta.get_field(self.owner).attname)
        if live_from is None or owner_id is None or live_until == live_from:
            return
        others = (
            model._default_manager.using(using)
            .filter(**{self.owner: owner_id})
            .filter(models.Q(live_until__isnull=True) | models.Q(live_until__gt=live_from))
            .exclude(live_until=models.F("live_from"))
            .exclude(pk=instance.pk)
        )
        if live_until is not None:
            others = others.filter(live_from__lt=live_until)
        if others.exists():
            raise ValidationError(self.get_violation_error_message())

    def _exclusion(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        owner = quote(model._meta.get_field(self.owner).column)
        span = f"tstzrange({quote('live_from')}, {quote('live_until')}, '[)')"
        return f"EXCLUDE USING gist ({owner} WITH =, {span} WITH &&)"

    def _triggers(self, model: Any, schema_editor: Any) -> list[Statement]:
        owner = schema_editor.quote_name(model._meta.get_field(self.owner).column)
        return [
            Statement(
                _SQLITE_TRIGGER,
                name=schema_editor.quote_name(f"{self.name}_{event}"),
                event=when % {"owner": owner},
                constraint=self.name,
                table=Table(model._meta.db_table, schema_editor.quote_name),
                owner=owner,
            )
            for event, when in _SQLITE_EVENTS.items()
        ]
