from django.db import migrations

#: From how many samples of the searched words PostgreSQL's planner tells how many rows hold some
#: letters. The desk's search goes by it. Of the usual 100, one time in five none holds what 15,000
#: of a million stories do; more than these make every search take longer to plan.
SAMPLES = 300
INDEXES = {"article_words": "articles_article", "image_words": "articles_image"}


def set_samples(schema_editor, samples):
    if schema_editor.connection.vendor != "postgresql":
        return
    for index, table in INDEXES.items():
        schema_editor.execute(f"ALTER INDEX {index} ALTER COLUMN 1 SET STATISTICS {samples}")
        schema_editor.execute(f"ANALYZE {table}")


def take_more(apps, schema_editor):
    set_samples(schema_editor, SAMPLES)


def take_as_many_as_before(apps, schema_editor):
    set_samples(schema_editor, -1)


class Migration(migrations.Migration):
    dependencies = [("articles", "0014_small_squares")]

    operations = [migrations.RunPython(take_more, take_as_many_as_before, elidable=False)]
