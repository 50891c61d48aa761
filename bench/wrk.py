"""One scene by `wrk`: sixteen kept connections that ask one thing after another."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SAID: Final = "RESULT "
# Every thread goes through its own part of the list; an endless list starts again.
_SCRIPT: Final = """
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
function init()
  requests = {}
  for line in io.lines(%(list)s) do
    local path, body = line:match("^([^\\t]*)\\t?(.*)$")
    requests[#requests + 1] = {path, body}
  end
  at = number
end
local function fresh()
  return (("xxxxxxxx-xxxx-7xxx-8xxx-xxxxxxxxxxxx"):gsub("x", function()
    return string.format("%%x", math.random(0, 15))
  end))
end
function request()
  at = at + %(threads)d
  if at > #requests and not %(endless)s then
    wrk.thread:stop()
  end
  local one = requests[(at - 1) %% #requests + 1]
  if %(method)s == "GET" then
    return wrk.format("GET", one[1], headers)
  end
  return wrk.format("POST", one[1], headers, (one[2]:gsub("FRESH", fresh)))
end
function done(summary, latency)
  local wrong = summary.errors
  io.write(%(said)s, string.format(
    '{"requests":%%d,"micros":%%d,"bytes":%%d,"p50":%%.3f,"p95":%%.3f,"failed":%%d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50) / 1000,
    latency:percentile(95) / 1000,
    wrong.status + wrong.connect + wrong.read + wrong.write + wrong.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of each request path and body; in a body FRESH is a new key every time."""

    name: str
    requests: Sequence[tuple[str, str]]
    headers: dict[str, str]
    method: str = "GET"
    is_endless: bool = True  # else it ends with its list


@dataclass(frozen=True, slots=True)
class Answered:
    per_second: float
    p50: float  # milliseconds
    p95: float
    kilobytes: float
    requests: int
    failed: int


def ask(address: str, asked: Asked, *, connections: int, seconds: int) -> Answered:
    threads = min(2, connections)
    with tempfile.TemporaryDirectory(prefix="yilian-wrk-") as folder:
        lines = Path(folder, "requests")
        lines.write_text("".join(f"{path}\t{body}\n" for path, body in asked.requests))
        script = Path(folder, "scene.lua")
        headers = "".join(
            f"wrk.headers[{_lua(name)}] = {_lua(value)}\n"
            for name, value in asked.headers.items()
        )
        script.write_text(
            headers
            + _SCRIPT
            % {
                "list": _lua(str(lines)),
                "threads": threads,
                "endless": "true" if asked.is_endless else "false",
                "method": _lua(asked.method),
                "said": _lua(SAID),
            }
        )
        words = ["wrk", f"-c{connections}", f"-t{threads}", f"-d{seconds}s"]
        words += ["--timeout", "10s", "-s", str(script), address]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return _read(done.stdout)


def _lua(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(said: str) -> Answered:
    line = next(one for one in said.splitlines() if one.startswith(SAID))
    told = json.loads(line.removeprefix(SAID))
    count = max(1, told["requests"])
    return Answered(
        per_second=told["requests"] / (told["micros"] / 1e6),
        p50=told["p50"],
        p95=told["p95"],
        kilobytes=told["bytes"] / count / 1024,
        requests=told["requests"],
        failed=told["failed"],
    )
