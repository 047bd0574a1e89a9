from django.db import migrations

#: How wide the small square is that shows an author, and how much wider another one must be.
SMALL = 320
STEP = 1.2


def with_small(widths):
    """The widths of a picture's squares, with a small one where there is a larger one alone."""
    return [SMALL, *widths] if len(widths) == 1 and widths[0] >= SMALL * STEP else widths


def without_small(widths):
    return widths[1:] if len(widths) > 1 and widths[0] == SMALL else widths


def _change(apps, using, change):
    images = apps.get_model("articles", "Image").objects.using(using)
    for image in images.only("renditions").iterator(chunk_size=500):
        widths = image.renditions.get("widths", {})
        squares = widths.get("1x1", [])
        if change(squares) != squares:
            renditions = {**image.renditions, "widths": {**widths, "1x1": change(squares)}}
            images.filter(pk=image.pk).update(renditions=renditions)


def list_small_squares(apps, schema_editor):
    _change(apps, schema_editor.connection.alias, with_small)


def list_large_squares_alone(apps, schema_editor):
    _change(apps, schema_editor.connection.alias, without_small)


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0013_author_contact"),
    ]

    operations = [migrations.RunPython(list_small_squares, list_large_squares_alone)]
