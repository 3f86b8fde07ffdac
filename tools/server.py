"""A server of the built site on this machine, for what looks at it in a browser."""

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEXT = {".html", ".js", ".css", ".svg", ".json"}


def _nothing(self: object, format: str, *args: object) -> None:
    """Say nothing."""


def _press(self: http.server.SimpleHTTPRequestHandler) -> None:
    """Answer one request: with text as gzip, as the hosts of the world send it."""
    path = Path(self.translate_path(self.path))
    if path.suffix not in TEXT or not path.is_file():
        return http.server.SimpleHTTPRequestHandler.do_GET(self)
    content = gzip.compress(path.read_bytes(), 6)
    self.send_response(200)
    self.send_header("Content-Encoding", "gzip")
    self.send_header("Content-Type", self.guess_type(str(path)))
    self.send_header("Content-Length", str(len(content)))
    self.end_headers()
    self.wfile.write(content)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that says nothing about what it serves."""

    log_message = _nothing
    do_GET = _press


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
