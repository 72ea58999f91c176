"""The server of a live page, for one reader on this machine: Tornado, which bokeh's own server stands on.

Whoever knows the token in the address may ask; the token never leaves the machine, as the page refers nobody
to anywhere. Other host names are refused, so that no page elsewhere can reach it under a name of its own
(DNS rebinding), and so are other origins and anything longer than a question.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import signal
import socket
from collections.abc import Callable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application, HTTPError, RequestHandler

from landfront.instances.faults import Fault, InputError, refuse
from landfront.report.page.live import Live

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
HTTP = 80
"""The port that browsers leave out of an address."""
TOKEN_BYTES = 24
MOST_BYTES = 4096
"""Longest question: thresholds of some criteria."""


class Guarded(RequestHandler):
    """Checks who asks before anything else."""

    def initialize(self, live: Live, token: str, names: frozenset[str]) -> None:
        """Take the run and what is allowed."""
        self.live, self._token, self._names = live, token, names

    def set_default_headers(self) -> None:
        """Nothing is stored, framed or told to others."""
        for name, value in (
            ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Server", "landfront"),
        ):  # fmt: skip
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse other hosts, origins and tokens."""
        if self.request.host not in self._names:
            raise HTTPError(403, reason="this host name is not served")
        origin = self.request.headers.get("Origin")
        if origin is not None and origin not in {f"http://{name}" for name in self._names}:
            raise HTTPError(403, reason="another page may not ask")
        if not hmac.compare_digest(str(self.path_kwargs.get("token", "")).encode(), self._token.encode()):
            raise HTTPError(403, reason="the token in the address is wrong")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """One line, never a stack trace."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps({"error": self._reason}))


class Page(Guarded):
    """The page."""

    async def get(self, token: str) -> None:
        """Send it; it is made beside the loop, so that answers are told meanwhile."""
        text = await IOLoop.current().run_in_executor(None, self.live.page)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(text)


class Ask(Guarded):
    """A question."""

    def post(self, token: str) -> None:
        """Take thresholds by criterion; the number of the question."""
        if self.request.headers.get("Content-Type", "").split(";")[0].strip() != "application/json":
            raise HTTPError(415, reason="a question is JSON")
        try:
            asked = json.loads(self.request.body)
            thresholds = asked["thresholds"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise HTTPError(400, reason="a question is {thresholds: {criterion: number}}") from error
        if not isinstance(thresholds, dict):
            raise HTTPError(400, reason="thresholds are {criterion: number}")
        try:
            number = self.live.ask(thresholds)
        except InputError as error:
            raise HTTPError(422, reason=_line(str(error.faults[0]))) from error
        self.set_status(202)
        self.finish({"id": number})


class Answer(Guarded):
    """What is known of a question."""

    def get(self, token: str, number: str) -> None:
        """Tell it."""
        try:
            self.finish(self.live.answer(int(number)))
        except IndexError as error:
            raise HTTPError(404, reason="there is no such question") from error


class Other(Guarded):
    """Everything else: no page, once the token is right."""

    def prepare(self) -> None:
        """Refuse what is not allowed, then whatever is left."""
        super().prepare()
        raise HTTPError(404, reason="there is no such page")


def _line(text: str) -> str:
    """A text as the reason in a status line may hold it: one line of plain letters."""
    return " ".join(text.encode("ascii", "replace").decode().split())


def application(live: Live, token: str, port: int) -> Application:
    """The server's pages."""
    names = frozenset([*(f"{name}:{port}" for name in NAMES), *(NAMES if port == HTTP else ())])
    given = {"live": live, "token": token, "names": names}
    rules: list[Any] = [
        (r"/(?P<token>[^/]*)/", Page, given),
        (r"/(?P<token>[^/]*)/ask", Ask, given),
        (r"/(?P<token>[^/]*)/answer/(?P<number>[0-9]{1,9})", Answer, given),
        (r"/(?P<token>[^/]*).*", Other, given),
    ]
    return Application(rules, log_function=lambda handler: None)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def serve(live: Live, *, port: int = 0, token: str | None = None, ready: Callable[[str], None]) -> None:
    """Serve a run until Ctrl-C or SIGTERM; `ready` is told the address.

    Raises
    ------
    InputError
        If the port is taken or not allowed.
    """
    token = token or secrets.token_urlsafe(TOKEN_BYTES)
    if _loop_runs():
        fix = "Run landfront explore in a terminal."
        refuse(Fault("explore", "", "an event loop runs here already, as in a notebook", fix))
    opened = socket.socket()
    opened.setblocking(False)
    try:
        opened.bind((HOST, port))
        opened.listen()
    except (OSError, OverflowError) as error:
        opened.close()
        fix = "Name another one, or none for any that is free."
        refuse(Fault("explore", "port", f"{port} cannot be opened ({error})", fix))
    port = opened.getsockname()[1]
    server = HTTPServer(application(live, token, port), max_body_size=MOST_BYTES, max_header_size=16_384)
    server.add_socket(opened)
    loop = IOLoop.current()
    loop.add_callback(ready, f"http://{HOST}:{port}/{token}/")
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(one, lambda *_: loop.add_callback_from_signal(loop.stop)) for one in signals]
    try:
        loop.start()
    finally:
        server.stop()
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)
