"""A server of the built site on this machine, for what looks at it in a browser."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _nothing(self: object, format: str, *args: object) -> None:
    """Say nothing."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that says nothing about what it serves."""

    log_message = _nothing


@contextmanager
def served(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Serve a folder on a free port of this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
