"""The demo from the outside: it ends well, serves a stranger's calls, and leaves nothing running behind it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.demo_orders import CHANNEL
from gateway.settings import ROOT
from gateway.store.locks import is_held
from tests.cli.sheets import line, sheet

PATIENCE = 420.0  # seconds; a bound, not a promise
LAST_WORD = "Ctrl-C ends it."
LOST_ANSWER = "closed; £84.00 succeeded, credit memo posted; answers lost 1, looked up, refunds made 1\n"
UNANNOUNCED = "closed; £55.00 succeeded, credit memo posted; unmatched_return open, then resolved\n"
WITHIN = "1.9 % dearer, 2 % allowed; posted, answers lost 1, looked up; ERP: bill 1\n"
TWICE = "INV-4471 replayed; INV-4471-A held (near_number), then rejected; ERP: bill 1\n"
PAID = "£5,556.48 = £5,556.48 = £5,520.00 + £36.48 within tolerance"
APPROVED = "closed; £240.00 succeeded, credit memo posted; self_approval_forbidden, then approved by the approver\n"


@dataclass
class Demo:
    """A demo that has printed its result and keeps serving."""

    process: subprocess.Popen[bytes]
    said: str
    folder: Path

    def after(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found is not None, self.said
        return found[1]

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def demo(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OMNIGATE_", "DATABASE_"))}
    with (home / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "demo", *arguments],
            cwd=ROOT,
            env={**inherited, "OMNIGATE_HOME": str(home)},
            stdout=said,
            stderr=said,
        )


@pytest.fixture
def served(home: Path) -> Iterator[Demo]:
    process = demo(home, "--orders", "20", "--kills", "1")
    try:
        deadline = time.monotonic() + PATIENCE
        while LAST_WORD not in (said := (home / "said").read_text()):
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        yield Demo(process, said, home / "demo")
    finally:
        if process.poll() is None:
            process.terminate()  # its children go with it
            process.wait(60)


@pytest.mark.proof
def test_the_demo_ends_well_and_serves_until_it_is_told_to_stop(served: Demo, tmp_path: Path) -> None:
    assert "lost 0 · doubled 0 · parked 0 · orders 20\n" in served.said
    assert "1 effect" in served.said or "effects in flight" in served.said
    assert served.after(r"lost 0 · doubled 0 · oversold 0 · parked 0 · orders (\d+)\n") == "111"
    assert "  left out york: has_said_no\n" in served.said.rpartition("which was rerouted")[2]
    assert served.said.count(LOST_ANSWER) == 1
    assert served.said.count(UNANNOUNCED) == 1
    assert served.said.count(APPROVED) == 1
    ours, credited, paid = served.after(r"credit memos and the provider's refunds: (.+)\n").split(" = ")
    assert ours == credited == paid == "£426.00"
    assert len(re.findall(r"│ monday-\S+ +│ (£\S+) +│ \1 +│ \1 +│ agree │", served.said)) == 5
    assert [served.said.count(told) for told in (WITHIN, TWICE)] == [1, 1]
    assert served.after(r"invoices, ERP postings and goods at ordered prices: (.+)\n") == PAID
    assert (
        len(re.findall(r"│ (?:order|notice|receipt|invoice) [^│]+│ (\d+ for £\S+) +│ \1 +│ agree │", served.said)) == 5
    )
    address = served.after(r"edge (http://\S+),")

    bearer = {"authorization": "Bearer " + served.after(r"TOKEN=(\S+)")}
    seen = httpx2.get(served.after(r"(http://\S+/v1/orders/ord_\w+)\n"), headers=bearer, trust_env=False)
    first, second = (replay(served, address, tmp_path) for _ in range(2))
    code = served.end()

    assert seen.json()["status"] in ("completed", "rejected", "cancelled")
    assert counts(first) == {"placed": 2, "replayed, placed before": 0, "refused": 0, "now rejected": 2}
    assert counts(second) == {"placed": 0, "replayed, placed before": 2, "refused": 0, "now rejected": 2}
    assert code == 0
    assert not is_held(served.folder / "postgres" / "users.lock")
    assert not is_held(served.folder / "postgres" / "guardian.lock")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(served.after(r"sandbox (http://\S+),"), trust_env=False)


def replay(served: Demo, address: str, folder: Path) -> str:
    """Two orders of articles that the demo does not sell."""
    today = datetime.now(UTC).strftime("%d/%m/%Y 00:00")
    file = sheet(folder, line("1", at=today), line("2", at=today), line("C3", quantity="-1", at=today))
    client_id, client_secret = served.after(r"curl -u (\S+) -d").split(":")
    who = ("--client-id", client_id, "--client-secret", client_secret, "--channel", CHANNEL)
    result = CliRunner().invoke(app, ["replay", str(file), "--url", address, *who, "--wait"])
    assert result.exit_code == 0, result.output
    return result.output


def counts(summary: str) -> dict[str, int]:
    rows = re.findall(r"│ (placed|replayed, placed before|refused|now \w+) +│ (\d+)", summary)
    return {name: int(count) for name, count in rows}


def test_a_folder_of_somebody_else_is_left_alone(home: Path) -> None:
    (home / "demo").mkdir()
    (home / "demo" / "orders.txt").write_text("mine")

    code = demo(home, "--exit").wait(60)

    assert code == 1
    assert "was not made by `omnigate demo`" in (home / "said").read_text()
    assert (home / "demo" / "orders.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["orders.csv"], "Give --client-id and --client-secret"),
        (["nowhere.csv"], "No such file"),
        (["orders.csv", "--client-id", "c", "--client-secret", "s", "--url", "ftp://edge"], "http"),
    ],
)
def test_a_replay_that_cannot_begin_says_why(tmp_path: Path, arguments: list[str], said: str) -> None:
    sheet(tmp_path, line())
    file, *options = arguments

    result = CliRunner().invoke(app, ["replay", str(tmp_path / file), *options])

    assert result.exit_code == 1
    assert said in str(result.exception or "") + result.output


def test_a_catalogue_is_written_instead(tmp_path: Path) -> None:
    file = sheet(tmp_path, line(quantity="4"))

    result = CliRunner().invoke(app, ["replay", str(file), "--catalogue", str(tmp_path / "catalogue.csv")])

    assert result.exit_code == 0
    assert (tmp_path / "catalogue.csv").read_text() == "sku,gtin,on_hand\n85123A,,4\n"
