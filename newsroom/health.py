"""What machines ask about the site: does the process live, can it serve, what has it counted."""

import logging
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .pagecache.metrics import Metrics

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the site can serve; 503 with what is missing otherwise."""
    found = {
        "database": _database_answers(),
        "migrations": False,
        "disk": _data_is_writable(),
    }
    if found["database"]:
        executor = MigrationExecutor(connection)
        found["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return JsonResponse(found, status=200 if all(found.values()) else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The page cache's counters in Prometheus' text format, for METRICS_NETWORKS only."""
    try:
        caller = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError as error:
        raise Http404 from error
    if not any(
        caller in ip_network(network, strict=False) for network in settings.METRICS_NETWORKS
    ):
        raise Http404
    counters = Metrics(settings.PAGE_CACHE_FOLDER)
    return HttpResponse(counters.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("The database does not answer", exc_info=True)
        return False
    return True


def _data_is_writable() -> bool:
    probe = settings.NEWSROOM_DATA / ".writable"
    try:
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError:
        logger.warning("%s can't be written", settings.NEWSROOM_DATA, exc_info=True)
        return False
    return True
