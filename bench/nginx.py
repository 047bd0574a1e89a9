"""nginx with the site's own deploy/nginx.conf, on a port of this machine."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import machine

_HEAD = """
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type text/html;
    {paths}
    # As in Debian's nginx.conf.
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    {site}
}}
"""
_STATIC = """
    server {{
        listen {host}:{port};
        root {root};
        gzip_static on;
        keepalive_requests 1000000;
        add_header Vary Accept-Encoding;
        add_header Cache-Control "public, max-age=0, must-revalidate";
    }}
"""


def switched_on(conf: str) -> str:
    """deploy/nginx.conf with its microcache: "#" goes wherever no space follows it."""
    return re.sub(r"^(\s*)#(?=[^\s])", r"\1", conf, flags=re.MULTILINE)


def for_this_machine(conf: str, *, port: int, site: int, cache: Path) -> str:
    """deploy/nginx.conf over plain HTTP at `port`, in front of a site at that port."""
    _redirect, _server, rest = conf.partition("server {\n    listen 443")
    before = conf.partition("server {\n")[0]
    block = "server {\n    listen 443" + rest
    block = re.sub(r"^    (listen|server_name|ssl_\w+) .*\n", "", block, flags=re.MULTILINE)
    block = block.replace(
        "server {\n",
        f"server {{\n    listen {machine.HOST}:{port};\n    keepalive_requests 1000000;\n",
        1,
    )
    before = before.replace("127.0.0.1:8000", f"{machine.HOST}:{site}")
    return before.replace("/var/cache/nginx/newsroom", str(cache)) + block


@contextmanager
def in_front_of(site: machine.Server, *, microcache: bool) -> Iterator[machine.Server]:
    """The site behind nginx, as deploy/nginx.conf has it."""
    conf = (machine.ROOT / "deploy" / "nginx.conf").read_text()
    if microcache:
        conf = switched_on(conf)
    port = machine.free_port()
    folder = _folder(port)
    text = for_this_machine(conf, port=port, site=site.port, cache=folder / "cache")
    with _started(text, port, folder, "/healthz") as server:
        server.behind.append(site)
        yield server


@contextmanager
def static(root: Path, ready: str) -> Iterator[machine.Server]:
    """A server of files: nginx sends them as they are, or their .gz beside them."""
    port = machine.free_port()
    text = _STATIC.format(host=machine.HOST, port=port, root=root)
    with _started(text, port, _folder(port), ready) as server:
        yield server


def _folder(port: int) -> Path:
    folder = machine.folder() / f"nginx-{port}"
    folder.mkdir()
    return folder


@contextmanager
def _started(site: str, port: int, folder: Path, ready: str) -> Iterator[machine.Server]:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    conf = folder / "nginx.conf"
    conf.write_text(
        _HEAD.format(
            # Its processes read what this one has written.
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            paths="\n    ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
            site=site,
        )
    )
    program = machine.program("nginx", "nginx-light")
    log = folder / "error.log"
    command = [program, "-p", str(folder), "-c", str(conf), "-e", str(log), "-g", "daemon off;"]
    with machine.running(command, log=folder / "output") as process:
        log.touch()
        server = machine.Server(port, process, log)
        machine.wait_for(server, ready)
        yield server
