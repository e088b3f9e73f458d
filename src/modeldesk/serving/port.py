"""Whether the address of the server is free."""

import os
import socket


def port_fault(host: str, port: int) -> str | None:
    """Why the address cannot be listened on, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            return f"{host}:{port} cannot be used ({error}); free it or choose another --port."
    return None
