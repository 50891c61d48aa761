"""A page that says how far the building is, until the real pages take the port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>医联 · 正在准备</title>
<body style="font: 16px/1.7 system-ui, sans-serif; margin: 15vh auto; max-width: 28em;
padding: 0 1em"><h1 style="font-size: 1.4em">医联正在准备… {percent} %</h1>
<progress max="100" value="{percent}" style="width: 100%"></progress>
<p>准备完成后本页会自动打开。<br>
<span lang="en">Building… {percent} %. This page opens by itself when ready.</span></p>
"""


class Progress:
    """How far we are, from 0 to 100."""

    def __init__(self) -> None:
        self.percent = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], progress: Progress) -> None:
        self.progress = progress
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        body = _PAGE.format(percent=self.server.progress.percent).encode()
        self.send_response(503)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Retry-After", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_GET  # noqa: N815 likewise

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 its signature
        """Nobody needs a log of waiting."""


@contextmanager
def waiting_page(host: str, port: int) -> Iterator[Progress]:
    progress = Progress()
    with _Server((host, port), progress) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield progress
        finally:
            server.shutdown()
            thread.join()
