"""The least that a WSGI application can do: send bytes that it has. What granian alone costs.

BENCH_BARE names a file with the bytes to send for each Accept-Encoding header.
"""

import json
import os
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

_answers: dict[str, tuple[list[tuple[str, str]], list[bytes]]] = {
    accepted: ([(name, value) for name, value in headers], [b64decode(body)])
    for accepted, headers, body in json.loads(Path(os.environ["BENCH_BARE"]).read_text())
}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    headers, body = _answers[environ.get("HTTP_ACCEPT_ENCODING", "")]
    start_response("200 OK", headers)
    return body
