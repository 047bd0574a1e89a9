"""The environment goes in, Django's settings come out.

Everything is safe by default: without DEBUG there is no start-up without a SECRET_KEY, only
SITE_URL's own host is answered, and an https SITE_URL turns on secure cookies and HSTS.
docs/operating.md describes each variable.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Give every installation its own long random value, for"
            " example the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
            " (`make run` does this for a local copy; DEBUG=1 does without)."
        )
    SECRET_KEY = "only-for-debugging-" + "0" * 40

# The address readers type. Canonical links, share links and the same-origin check are made from
# it, so that a page is the same whatever Host header asked for it.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
_site = urlsplit(SITE_URL)
if _site.scheme not in {"http", "https"} or not _site.hostname or _site.path:
    raise ImproperlyConfigured(
        f"SITE_URL is {SITE_URL!r}. It must be a scheme and a host without a path,"
        " for example https://paper.example."
    )
IS_HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname])
if not IS_HTTPS:
    # A local copy answers to both names of this machine.
    ALLOWED_HOSTS += [host for host in ("127.0.0.1", "localhost") if host not in ALLOWED_HOSTS]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# Where everything that is not code lives: the SQLite database, pictures, the local secret.
NEWSROOM_DATA = Path(env.str("NEWSROOM_DATA", default=str(BASE_DIR / "data"))).resolve()
NEWSROOM_DATA.mkdir(parents=True, exist_ok=True)

PUBLICATION_NAME = env.str("PUBLICATION_NAME", default="The Newsroom")
PUBLICATION_TAGLINE = env.str(
    "PUBLICATION_TAGLINE", default="Independent reporting with an open comments page."
)

# The pages that say how the paper works, by schema.org's names for them, for example
# correctionsPolicy=/corrections/,ethicsPolicy=/ethics/.
PUBLICATION_POLICIES = env.dict("PUBLICATION_POLICIES", default={})

# What feeds give of a story, and who tells readers' programs at once (WebSub), if anybody does.
FEED_CONTENT = env.str("FEED_CONTENT", default="summary")
WEBSUB_HUB = env.str("WEBSUB_HUB", default="")

# Whether crawlers that gather texts for language models may read the paper, and how they call
# themselves.
AI_CRAWLERS = env.str("AI_CRAWLERS", default="allow")
AI_CRAWLER_NAMES = env.list(
    "AI_CRAWLER_NAMES",
    default=[
        "AI2Bot",
        "Amazonbot",
        "anthropic-ai",
        "Applebot-Extended",
        "Bytespider",
        "CCBot",
        "ClaudeBot",
        "cohere-ai",
        "Diffbot",
        "Google-Extended",
        "GPTBot",
        "Meta-ExternalAgent",
        "PerplexityBot",
    ],
)

INSTALLED_APPS = [
    "newsroom",
    "comments",
    "articles",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "crispy_forms",
    "csp",
    "django_prose_editor",
    "js_asset",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "newsroom.security.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "newsroom.security.SecurityHeadersMiddleware",
    "newsroom.language.DeskLanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "newsroom.errors.DatabaseAwayMiddleware",
]

ROOT_URLCONF = "newsroom.urls"
WSGI_APPLICATION = "newsroom.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "newsroom.context_processors.publication",
            ],
        },
    },
]

# SQLite to start: write-ahead logging lets readers read while somebody writes; an immediate
# transaction waits for its turn at the beginning instead of failing in the middle.
_database = env.db_url_config(
    env.str("DATABASE_URL", default="") or f"sqlite:///{NEWSROOM_DATA / 'newsroom.sqlite3'}"
)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database.setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=20,
        init_command=(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-32000; PRAGMA mmap_size=134217728;"
        ),
    )
    # Each thread keeps its connection for a minute: opening one, with the pragmas above, costs
    # more than what most requests ask of it. A restored database is noticed by then.
    _database["CONN_MAX_AGE"] = 60
    # Threads of the browser tests share a database, which an in-memory one can't offer.
    _database["TEST"] = {"NAME": str(NEWSROOM_DATA / "test.sqlite3")}
elif _database["ENGINE"] == "django.db.backends.postgresql":
    _database.setdefault("OPTIONS", {}).setdefault(
        "pool", {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", default=8), "timeout": 3}
    )
    _database["CONN_HEALTH_CHECKS"] = True
    # Only articles/prepared.py makes use of it; what Django's own cursors ask is never prepared.
    if env.bool("DATABASE_PREPARED_STATEMENTS", default=True):
        _database["OPTIONS"].setdefault("prepare_threshold", 0)
DATABASES = {"default": _database}
# A streaming replica of that PostgreSQL, from which public pages are read; see newsroom/replica.py.
REPLICA_DATABASE_URL = env.str("REPLICA_DATABASE_URL", default="")
if REPLICA_DATABASE_URL:
    _replica = env.db_url_config(REPLICA_DATABASE_URL)
    if {_database["ENGINE"], _replica["ENGINE"]} != {"django.db.backends.postgresql"}:
        raise ImproperlyConfigured(
            "REPLICA_DATABASE_URL is set, but only PostgreSQL has replicas: both it and"
            " DATABASE_URL must begin with postgres://."
        )
    # Nobody waits long for it, as the primary knows the same.
    _replica.setdefault("OPTIONS", {}).setdefault("connect_timeout", 1)
    _replica["OPTIONS"].setdefault("pool", {**_database["OPTIONS"]["pool"], "timeout": 1})
    _replica["OPTIONS"].setdefault(
        "prepare_threshold", _database["OPTIONS"].get("prepare_threshold")
    )
    _replica["CONN_HEALTH_CHECKS"] = True
    _replica["TEST"] = {"MIRROR": "default"}
    DATABASES["replica"] = _replica
    DATABASE_ROUTERS = ["newsroom.replica.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What nobody waits for becomes a row of the database, and `manage.py worker` does it.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en").lower().replace("_", "-")
# Those that the site's own words are translated into, by their own names; see newsroom/language.py.
LANGUAGES = [("en", "English"), ("hi", "हिन्दी"), ("ar", "العربية")]
if LANGUAGE_CODE not in dict(LANGUAGES):
    LANGUAGES.append((LANGUAGE_CODE, LANGUAGE_CODE))
# The second has what Django's own catalogues lack.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "django"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(NEWSROOM_DATA / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = NEWSROOM_DATA / "media"
STORAGES = {
    # Pictures made for readers. What editors uploaded stays in "originals", which has no address.
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "originals": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": NEWSROOM_DATA / "originals", "base_url": None},
    },
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "newsroom.static_files.StaticFiles"
        ),
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
IMAGE_MAX_BYTES = env.int("IMAGE_MAX_BYTES", default=25_000_000)
IMAGE_MAX_PIXELS = env.int("IMAGE_MAX_PIXELS", default=60_000_000)

CRISPY_ALLOWED_TEMPLATE_PACKS = "newsroom"
CRISPY_TEMPLATE_PACK = "newsroom"

READING_WORDS_PER_MINUTE = env.int("READING_WORDS_PER_MINUTE", default=220)
READING_CHARACTERS_PER_MINUTE = env.int("READING_CHARACTERS_PER_MINUTE", default=500)

# Shown after "A moderator reads every comment before it appears", for example
# "usually within two hours"; empty says nothing.
COMMENTS_REVIEW_TIME = env.str("COMMENTS_REVIEW_TIME", default="")
COMMENTS_LIMIT = env.int("COMMENTS_LIMIT", default=5)
COMMENTS_LIMIT_MINUTES = env.int("COMMENTS_LIMIT_MINUTES", default=5)

# Kept pages: how much memory each process gives them (0 keeps none), how much disk they share.
PAGE_CACHE_MB = env.int("PAGE_CACHE_MB", default=128)
PAGE_CACHE_DISK_MB = env.int("PAGE_CACHE_DISK_MB", default=512)
# The counters are one file for all processes of a machine; a second machine has its own.
PAGE_CACHE_FOLDER = Path(env.str("PAGE_CACHE_FOLDER", default=str(NEWSROOM_DATA / "pagecache")))
# On PostgreSQL other machines may change what this one shows: listen to them, and while they
# can't be heard trust no page for longer than so many seconds.
PAGE_CACHE_LISTEN = env.bool("PAGE_CACHE_LISTEN", default=True)
PAGE_CACHE_SILENCE = env.float("PAGE_CACHE_SILENCE", default=5)

# A CDN in front: none, varnish-xkey, varnish-ban, fastly, cloudflare, or http for any other that
# purges by Surrogate-Key; where it takes purges, as what, with which secret.
CDN = env.str("CDN", default="none") or "none"
CDN_URL = env.list("CDN_URL", default=[])
CDN_SERVICE = env.str("CDN_SERVICE", default="")
CDN_TOKEN = env.str("CDN_TOKEN", default="").strip()
# Seconds that it may keep a page which nothing purges.
CDN_MAX_AGE = env.int("CDN_MAX_AGE", default=3600)

# Who may read /metrics: networks, parted by commas.
METRICS_NETWORKS = env.list("METRICS_NETWORKS", default=["127.0.0.1/32", "::1/128"])

# Networks whose X-Forwarded-For header is believed (the reverse proxy's), for example 10.0.0.0/8.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=IS_HTTPS)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if IS_HTTPS else 0)
# HSTS for subdomains and preloading bind hosts that are not this site's: the proxy's business.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Origin is sent as "null" under no-referrer, which would break the same-origin check on comments.
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "newsroom.errors.csrf_failure"

# One policy for the public site and the admin. The nonce is written into the header only when a
# template asks for it, which only the admin's import map does.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

ADMIN_SITE_HEADER = _("Newsroom")
