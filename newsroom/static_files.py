"""Our style sheets and scripts as readers get them: small, and as few files as a page needs.

static/ holds them as they were written, and while DEBUG is set they are served so; there is no
build step. `collectstatic` writes them without comments and spaces, and puts each imported sheet
in its importer's place, so that a browser need not read one to hear of the next.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import lightningcss
import rjsmin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: Folders of static/ whose files are ours. What packages bring along is sent as it came.
OURS = {"css/": ".css", "js/": ".js"}

_IMPORT = re.compile(r'^@import url\("([\w-]+\.css)"\);$', re.MULTILINE)

Read = Callable[[str], str]


def is_ours(name: str) -> bool:
    return any(name.startswith(at) and name.endswith(kind) for at, kind in OURS.items())


def minified(name: str, read: Read) -> str:
    """The style sheet or script of that name, made small; `read` gives files as they were written.

    A sheet imports its neighbours by their bare names, each on a line of its own. Raises ValueError
    for a sheet that a browser would not understand.
    """
    if name.endswith(".js"):
        return str(rjsmin.jsmin(read(name)))
    return str(lightningcss.process_stylesheet(_put_together(name, read), filename=name))


def _put_together(name: str, read: Read) -> str:
    folder = name.rpartition("/")[0]
    return _IMPORT.sub(lambda found: _put_together(f"{folder}/{found[1]}", read), read(name))


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Minified, named after their contents, compressed once."""

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if not dry_run:
            paths = paths | {name: self._minify(name, paths) for name in paths if is_ours(name)}
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _minify(self, name: str, paths: dict[str, Any]) -> tuple[Any, str]:
        """Write the small file over the one that was copied, and say where it is."""

        def read(each: str) -> str:
            storage, path = paths[each]
            with storage.open(path) as file:
                return str(file.read().decode())

        # Made from the sources each time: a sheet is new when one that it imports is.
        content = minified(name, read)
        self.delete(name)
        self.save(name, ContentFile(content.encode()))
        return self, name
