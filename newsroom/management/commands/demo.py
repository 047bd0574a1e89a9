"""Fill an empty database with a demo paper."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from newsroom.demo import building


class Command(BaseCommand):
    help = (
        "Fill an empty database with a demo paper and print its logins. A database that holds"
        " anything else is never touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--picture-width", type=int, default=1440, help="Width of the drawn pictures in pixels."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.verbosity = options["verbosity"]
        found = building.look()
        if found is building.Found.NOTHING:
            self.say("Drawing pictures and filling the database with a demo paper...")
            try:
                building.fill(picture_width=options["picture_width"])
            except building.NotEmpty:
                # Somebody else was quicker.
                found = building.look()
        if found is building.Found.SOMETHING_ELSE:
            self.say("This database holds a paper of its own: no demo content was added.")
        self.say("")
        self.say(f"The paper      {settings.SITE_URL}/")
        self.say(f"The desk       {settings.SITE_URL}/admin/")
        if found is not building.Found.SOMETHING_ELSE:
            self.say_logins(*building.set_password())

    def say_logins(self, password: str, opened: list[str]) -> None:
        if opened:
            self.say(f"Password       {password}")
        self.say("Log in as")
        for username, what in building.LOGINS.items():
            changed = "" if username in opened else " (with the password that was set since)"
            self.say(f"  {username:<12} {what}{changed}")
        if not opened:
            self.say("NEWSROOM_DEMO_PASSWORD gives all three a new password.")

    def say(self, words: str) -> None:
        if self.verbosity:
            self.stdout.write(words)
            # Drawing takes seconds: what happens is said before, also into a file.
            self.stdout.flush()
