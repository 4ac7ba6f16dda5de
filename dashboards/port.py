"""Whether a port can be listened on, asked before anything is started."""

import socket
from contextlib import closing

from gis.problems import Problem

__all__ = ["need_port"]


def need_port(host: str, port: int, instead: str) -> None:
    """Raise Problem if somebody listens there already; `instead`: what to type for another port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Problem(
                f"Port {port} on {host} cannot be had ({error.strerror}). Nothing was started. "
                f"Stop the program that uses it, or choose another: {instead}",
                zh=f"端口 {port} 已被占用。",
            ) from error
