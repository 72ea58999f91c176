"""The live server: who may ask, what is answered, and that answers outlive the server."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.report.folder import alone
from tests.product.conftest import write_squares
from tests.product.test_report_browser import CHROMIUM, playwright

COMMAND = "import sys; from landfront.cli import main; sys.argv = ['landfront', *sys.argv[1:]]; main()"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("explore")
    write_squares(base / "study", decision="whole")
    lf.run(base / "study", base / "run", points=4)
    return base


class Served:
    """A server in a process of its own."""

    def __init__(self, run: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "explore", str(run), "--no-browser"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Open http://127.0.0.1:"), (line, self.process.communicate()[1])
        self.address = line.split()[1]
        parts = urlsplit(self.address)
        self.port, self.path = int(parts.port or 0), parts.path

    def request(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask(self, thresholds: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"thresholds": thresholds})
        status, _, told = self.request(
            "POST", f"{self.path}ask", body, **{"Content-Type": "application/json"}
        )
        assert status == 202, told
        number, end = json.loads(told)["id"], time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found: dict[str, Any] = json.loads(self.request("GET", f"{self.path}answer/{number}")[2])
            if found["state"] == "done":
                return found
            time.sleep(0.05)
        raise TimeoutError

    def stop(self, sign: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(sign)
        out, faults = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, faults


@pytest.fixture
def served(made: Path, tmp_path: Path) -> Iterator[Served]:
    shutil.copytree(made, tmp_path / "copy")
    found = Served(tmp_path / "copy" / "run")
    yield found
    if found.process.poll() is None:
        found.process.kill()
        found.process.communicate()


def middle(run: Path, criterion: str = "food") -> float:
    return float(pd.read_csv(run / "front.csv")[criterion].sort_values()[1:3].mean())


def test_an_answer_is_told_and_joins_the_run_when_the_server_ends(served: Served, tmp_path: Path) -> None:
    run = tmp_path / "copy" / "run"
    before = pd.read_csv(run / "front.csv")
    least = middle(run)
    found = served.ask({"food": least})
    assert found["reason"] == "optimal"
    assert found["values"]["food"] >= least
    assert found["gap"] <= 1e-3
    status, headers, page = served.request("GET", served.path)
    assert status == 200
    assert b'data-live="yes"' in page
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    code, out, faults = served.stop()
    assert (code, faults) == (0, "")
    assert "1 new answers" in out
    after = pd.read_csv(run / "front.csv")
    assert len(after) == len(before) + 1
    assert after["food"][found["point"]] == found["values"]["food"]
    assert lf.verify(run).holds


def test_what_was_answered_before_a_kill_is_there_after_resume(served: Served, tmp_path: Path) -> None:
    run = tmp_path / "copy" / "run"
    found = served.ask({"food": middle(run)})
    served.stop(signal.SIGKILL)
    done = CliRunner().invoke(app, ["resume", str(run)])
    assert done.exit_code == 0, done.output
    assert found["values"]["food"] in pd.read_csv(run / "front.csv")["food"].tolist()
    assert lf.verify(run).holds
    assert "nothing" not in done.output
    again = CliRunner().invoke(app, ["resume", str(run)])
    assert "more are added with --points" in again.output


def test_what_nobody_can_have_is_proven(served: Served, tmp_path: Path) -> None:
    found = served.ask({"food": 1e9})
    assert (found["reason"], found["point"]) == ("infeasible", None)
    assert served.stop()[0] == 0
    assert len(pd.read_csv(tmp_path / "copy" / "run" / "front.csv")) == 4


def test_who_may_not_ask(served: Served) -> None:
    kind = {"Content-Type": "application/json"}
    body = json.dumps({"thresholds": {"food": 1.0}})
    wrong = f"/{'x' * 32}/"
    for method, path, sent, headers, status in (
        ("GET", wrong, None, {}, 403),
        ("GET", "/", None, {}, 403),
        ("GET", served.path[:-2] + "/", None, {}, 403),
        ("POST", f"{wrong}ask", body, kind, 403),
        ("GET", served.path, None, {"Host": "evil.example"}, 403),
        ("GET", served.path, None, {"Host": f"evil.example:{served.port}"}, 403),
        ("POST", f"{served.path}ask", body, {**kind, "Origin": "http://evil.example"}, 403),
        ("POST", f"{served.path}ask", body, {"Content-Type": "text/plain"}, 415),
        ("POST", f"{served.path}ask", "{", kind, 400),
        ("POST", f"{served.path}ask", "[" * 4000, kind, 400),
        ("POST", f"{served.path}ask", '{"thresholds": 3}', kind, 400),
        ("POST", f"{served.path}ask", '{"thresholds": {"food": NaN}}', kind, 422),
        ("POST", f"{served.path}ask", '{"thresholds": {"<b>": 1}}', kind, 422),
        ("POST", f"{served.path}ask", body + " " * 5000, kind, 400),
        ("GET", f"{served.path}answer/7", None, {}, 404),
        ("GET", f"{served.path}../../etc/passwd", None, {}, 404),
        ("DELETE", served.path, None, {}, 405),
    ):
        got, _, told = served.request(method, path, sent, **headers)
        assert got == status, (method, path, told)
        assert b"Traceback" not in told
    with socket.create_connection(("127.0.0.1", served.port)) as line, suppress(ConnectionError):
        line.sendall(b"GET " + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n")
        assert b"200" not in line.recv(4096)
    assert served.request("GET", served.path)[0] == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "70000"], "port: must be a number from 0 to 65535"),
        (["--gap", "0"], "gap: must be above 0"),
        (["--seconds", "0"], "seconds: must be a number of seconds above 0"),
    ],
)
def test_bad_options(made: Path, options: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["explore", str(made / "run"), "--no-browser", *options])
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_port_that_is_taken_and_a_run_that_is_written(made: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(app, ["explore", str(made / "run"), "--no-browser", "--port", port])
    assert done.exit_code == 2
    assert f"{port} cannot be opened" in done.stderr
    with alone(made / "run"):
        done = CliRunner().invoke(app, ["explore", str(made / "run"), "--no-browser"])
    assert done.exit_code == 2
    assert "being written by another process" in done.stderr


def test_no_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["explore", str(tmp_path), "--no-browser"])
    assert done.exit_code == 2
    assert "not a run directory" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no chromium here (apt-get install chromium)")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_reader_asks_in_the_browser(served: Served, tmp_path: Path) -> None:
    """A threshold that no plan of the run meets becomes a question by itself; the button asks in between."""
    run = tmp_path / "copy" / "run"
    front = pd.read_csv(run / "front.csv")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(locale="en-US").new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{served.address}#low.food={middle(run)}")
        page.wait_for_selector("body[data-ready]", timeout=30_000)
        assert page.locator("#second option").count() == len(front) + 1
        page.click("#ask")
        page.locator("#asked", has_text="proven to within").wait_for(timeout=30_000)
        page.wait_for_selector("body[data-ready]", timeout=30_000)
        page.locator("#second option").nth(len(front) + 1).wait_for(state="attached", timeout=30_000)
        assert "joins the run" in page.inner_text("#asked")
        # Beyond every plan: asked without the button, and proven to be out of reach.
        page.evaluate("location.hash = 'low.food=1e9'")
        page.locator("#asked", has_text="no plan at all").wait_for(timeout=30_000)
        page.screenshot(path=tmp_path / "live.png")
        assert faults == []
        browser.close()
