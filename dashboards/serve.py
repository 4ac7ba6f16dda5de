"""`wangge serve`: the web server; and `wangge migrate`."""

import ssl
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

import uvicorn
from fastapi import FastAPI

import gis.db
from dashboards.peer import SeesCertificates
from dashboards.port import need_port
from dashboards.tls import addresses, certificate, how_to_trust
from dispatch.command import Command
from dispatch.config import settings
from dispatch.database import bring_up_to_date, connected, urls_of

__all__ = ["application", "command", "migrate_command"]

APP = "dashboards.serve:application"
PATIENCE = 8  # seconds: a process that is frozen while it holds a case loses it to the others


def application() -> FastAPI:
    """The web application of one server process, pointed at this data folder's database."""
    from dashboards.app import create_app  # only here: `wangge migrate` need not load the pages

    url = urls_of(settings()).app
    gis.db.configure(url, patience=PATIENCE)
    return create_app(url)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default=settings().host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=settings().port, help="port to listen on (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=settings().workers, help="processes (default: %(default)s)")
    parser.add_argument(
        "--tls",
        action="store_true",
        default=settings().tls,
        help="HTTPS by a local authority, kept in the data folder; phones give position and camera only so",
    )


def _run(arguments: Namespace) -> int:
    need_port(arguments.host, arguments.port, f"wangge serve --port {arguments.port + 1}")
    options: dict[str, Any] = {}
    if arguments.tls:
        hosts = sorted({*addresses(), arguments.host} - {"0.0.0.0", "::"})  # noqa: S104  (left out, not listened on)
        cert, key, authority = certificate(settings().data, hosts)
        options = {"ssl_certfile": str(cert), "ssl_keyfile": str(key)}
        # Whoever shows a certificate must have it from our authority; a terminal that is bound to one shows it.
        options |= {"ssl_ca_certs": str(authority), "ssl_cert_reqs": ssl.CERT_OPTIONAL, "http": SeesCertificates}
        sys.stderr.write(f"HTTPS for {', '.join(hosts)}. {how_to_trust(authority)}\n")
    uvicorn.run(
        APP,
        factory=True,
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        access_log=False,
        proxy_headers=False,  # which proxy's word counts is `dispatch.http.behind_proxy`'s to say, not the server's
        timeout_graceful_shutdown=5,
        timeout_worker_healthcheck=60,  # a busy machine takes long to import; a dead worker is noticed at once anyway
        **options,
    )
    return 0


def _no_arguments(parser: ArgumentParser) -> None:
    """It takes none."""


def _migrate(arguments: Namespace) -> int:
    with connected(settings(), _say):
        bring_up_to_date(settings())
    sys.stderr.write("The database is up to date.\n")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"· {line}\n")


command = Command(
    name="serve",
    help="serve pages and API; the database is started if it does not run",
    add_arguments=_add_arguments,
    run=_run,
)
migrate_command = Command(
    name="migrate",
    help="bring the database's tables, roles and rights up to date",
    add_arguments=_no_arguments,
    run=_migrate,
    description="Runs as the owner of the tables, which nothing else does. Safe to repeat.",
)
