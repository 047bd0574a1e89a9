import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE = "articles_searchdocument"
#: FTS5 reads the words from the table itself; triggers tell it what changes there.
TRIGGERS = {
    "added": (
        "INSERT",
        (
            "INSERT INTO articles_search (rowid, title, lead, body)"
            " VALUES (new.edition_id, new.title, new.lead, new.body)"
        ),
    ),
    "removed": (
        "DELETE",
        (
            "INSERT INTO articles_search (articles_search, rowid, title, lead, body)"
            " VALUES ('delete', old.edition_id, old.title, old.lead, old.body)"
        ),
    ),
}


def create_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"ALTER TABLE {TABLE} ADD COLUMN title_search tsvector NOT NULL DEFAULT '',"
            " ADD COLUMN search tsvector NOT NULL DEFAULT ''"
        )
        for column in ("title_search", "search"):
            # The planner's idea of how common a word is decides how it is looked up. It knows ten
            # times as many words as this says.
            schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STATISTICS 1000")
            schema_editor.execute(
                f"CREATE INDEX searchdocument_{column} ON {TABLE} USING gin ({column})"
                " WITH (fastupdate = off)"
            )
        # For misspelt words. The extension is there since 0003_many_rows.
        schema_editor.execute(
            "CREATE INDEX searchword_trigrams ON articles_searchword"
            " USING gin (word gin_trgm_ops) WITH (fastupdate = off)"
        )
        return
    porter = "porter " if settings.LANGUAGE_CODE.startswith("en") else ""
    schema_editor.execute(
        "CREATE VIRTUAL TABLE articles_search USING fts5(title, lead, body,"
        f" content='{TABLE}', content_rowid='edition_id', tokenize=\"{porter}unicode61"
        " remove_diacritics 2 categories 'L* N* Co Mn Mc'\")"
    )
    for name, (event, statement) in TRIGGERS.items():
        schema_editor.execute(
            f"CREATE TRIGGER searchdocument_{name} AFTER {event} ON {TABLE} BEGIN {statement}; END"
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER searchdocument_{name}")
        schema_editor.execute("DROP TABLE articles_search")


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0005_renditions"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "word",
                    models.CharField(max_length=30, primary_key=True, serialize=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                (
                    "edition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_document",
                        serialize=False,
                        to="articles.edition",
                    ),
                ),
                ("language", models.CharField(max_length=20)),
                ("title", models.TextField(blank=True)),
                ("lead", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
                ("first_published_at", models.DateTimeField()),
                ("live_from", models.DateTimeField()),
                ("live_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunPython(create_index, drop_index, elidable=False),
    ]
