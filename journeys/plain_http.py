"""A visitor without a browser: one kept connection, cookies, forms with their token.

For faults and for measuring, where what counts is the answer and not the look.
"""

import http.client
import re
import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import urlencode, urlsplit

CSRF: Final = "yilian_csrf"
PATIENCE: Final = 30.0
FORM: Final = "application/x-www-form-urlencoded"
_INPUT: Final = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE: Final = re.compile(r'\b(name|value|type|checked)(?:="([^"]*)")?')

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def refusal(self) -> str:
        """The refusal's code, "" for an answer that is none."""
        return self.headers.get("x-refusal", "")

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    def inputs(self) -> dict[str, str]:
        """What the inputs of the page hold; of several choices the one checked."""
        found: dict[str, str] = {}
        for tag in _INPUT.findall(self.text):
            said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}
            is_choice = said.get("type") in {"radio", "checkbox"}
            if "name" in said and ("checked" in said or not is_choice):
                found.setdefault(said["name"], said.get("value", ""))
        return found


class Visitor:
    """Not for two threads at once: each has its own."""

    def __init__(self, address: str, patience: float = PATIENCE) -> None:
        self.place = urlsplit(address).netloc
        self.patience = patience
        self.cookies: dict[str, str] = {}
        self._line: http.client.HTTPConnection | None = None

    def enter(self, username: str) -> "Visitor":
        """As one of the cast, by the click that the demo offers."""
        self.get("/demo/cast")
        done = self.post("/demo/enter", {"username": username})
        assert (done.status, done.location) == (302, "/"), (done.status, done.text)
        return self

    def twin(self) -> "Visitor":
        """The same session in another window, over a line of its own."""
        other = Visitor(f"http://{self.place}", self.patience)
        other.cookies = dict(self.cookies)
        return other

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, fields: Fields, *, htmx: bool = False) -> Answer:
        """With the token of the page, which the cookie holds as well."""
        told = {"csrfmiddlewaretoken": self.cookies.get(CSRF, "")} | dict(fields)
        headers = {"Content-Type": FORM} | ({"HX-Request": "true"} if htmx else {})
        return self.ask("POST", path, urlencode(told, doseq=True), headers)

    def ask(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Asked once: a line that breaks is raised, for nothing may be sent twice.

        One that was hung up on while nothing was asked is opened anew, as every
        browser does: the other end has closed it and heard nothing of this.
        """
        if self._line is not None and _is_hung_up(self._line):
            self.hang_up()
        line = self._line or self._open()
        worn = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": worn} | dict(headers or {})
        try:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self.hang_up()
            raise
        if answer.will_close:
            self.hang_up()
        self._keep_cookies(answer)
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, text)

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def _open(self) -> http.client.HTTPConnection:
        self._line = http.client.HTTPConnection(self.place, timeout=self.patience)
        self._line.connect()
        # Head and body go out as two packets: without this the second one waits.
        self._line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._line

    def _keep_cookies(self, answer: http.client.HTTPResponse) -> None:
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            if value.strip('"'):
                self.cookies[name.strip()] = value
            else:
                self.cookies.pop(name.strip(), None)


def _is_hung_up(line: http.client.HTTPConnection) -> bool:
    """Nothing was asked, so whatever there is to read is the other end's goodbye."""
    return line.sock is None or bool(select.select([line.sock], [], [], 0)[0])
