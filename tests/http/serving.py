"""A real server for an application, in a thread: what the tests ask goes over a socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free port of this machine; yields its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    config = uvicorn.Config(
        app, port=port, log_level="error", proxy_headers=False, ws="websockets-sansio", lifespan="on"
    )
    server = uvicorn.Server(config)

    def run() -> None:
        with suppress(SystemExit):  # how it says that the start failed
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until = time.monotonic() + 60  # on a machine that does much else
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.02)
    if not server.started:
        raise RuntimeError("the server did not start")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
