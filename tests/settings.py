"""The site's own settings in a folder of their own, with quick passwords."""

import atexit
import os
import shutil
import tempfile

# Set before the settings are read: tests never touch a developer's data or obey their shell.
_data = tempfile.mkdtemp(prefix="newsroom-tests-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
for _name in (
    "DEBUG",
    "PAGE_CACHE_FOLDER",
    "PAGE_CACHE_MB",
    "CDN",
    "REPLICA_DATABASE_URL",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
    "LANGUAGE_CODE",
    "TIME_ZONE",
):
    os.environ.pop(_name, None)
os.environ["NEWSROOM_DATA"] = _data
os.environ["SECRET_KEY"] = "only-for-tests-" + "0" * 40
os.environ["SITE_URL"] = "http://testserver"

from newsroom.settings import *  # noqa: E402, F403
from newsroom.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Browser tests ask for hashed names as production does; elsewhere plain names are enough.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A pool holds connections open, so that the test database could not be dropped.
    DATABASES["default"]["OPTIONS"]["pool"] = False
