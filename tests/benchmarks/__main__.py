"""`make bench`: P2 and P4 beside their baselines, as a table; `ARGS=--record` writes it into docs/performance.md."""

import argparse
from pathlib import Path

import psycopg

from gateway.settings import ROOT
from gateway.store.embedded import acquire
from tests.benchmarks import accept, criticality, growth, limits, machine, outages, overload, refusals, slow, whole
from tests.benchmarks.figures import Findings, table
from tests.benchmarks.processes import folder

PAGE = ROOT / "docs" / "performance.md"
PARTS = ("p2", "p4", "steps", "p7", "r12", "r13", "r14", "r15", "r16", "r17")
BEGIN, END = "<!-- results: written by `make bench ARGS=--record` -->", "<!-- end of results -->"


def main() -> None:
    wanted = _wanted()
    folder_for_profiles: Path | None = wanted.profile
    if folder_for_profiles:
        folder_for_profiles.mkdir(parents=True, exist_ok=True)
    found = Findings()
    for part in wanted.only or ("p2", "p4", "steps", "p7", "r16"):
        print(f"measuring {part} …", flush=True)
        findings = _measured(part, wanted)
        found.rows += findings.rows
        found.remarks += findings.remarks
    text = "\n".join([f"Machine: {_machine()}.", "", table(found.rows), "", *(f"- {said}" for said in found.remarks)])
    print(text)
    if wanted.record:
        _record(text)


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="may be repeated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each load on P2, after warming up")
    parser.add_argument("--limits-seconds", type=float, default=60.0, help="of R15")
    parser.add_argument("--orders", type=int, default=600, help="in each round of P4")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--workflows", type=int, default=400, help="in each round of the steps' cost")
    parser.add_argument("--stored", type=int, nargs="+", default=growth.SIZES, help="orders in the databases of P7")
    parser.add_argument("--overload", type=float, default=60.0, help="seconds of R12 and R13's overload")
    parser.add_argument("--record", action="store_true", help=f"write the result into {PAGE.relative_to(ROOT)}")
    parser.add_argument(
        "--profile", type=Path, metavar="FOLDER", help="say there where edge and worker spend their time"
    )
    return parser.parse_args()


def _measured(part: str, wanted: argparse.Namespace) -> Findings:
    profile = wanted.profile and wanted.profile / f"{part}.txt"
    if part == "p2":
        return accept.measure(rounds=wanted.rounds, seconds=wanted.seconds, profile=profile)
    if part == "p7":
        return growth.measure(rounds=wanted.rounds, sizes=wanted.stored)
    if part == "r17":
        return slow.measure()
    if part == "r12":
        return overload.measure(seconds=wanted.overload, profile=profile)
    if part == "r13":
        return criticality.measure(seconds=wanted.overload, profile=profile)
    if part == "p4":
        return whole.measure(rounds=wanted.rounds, orders=wanted.orders, workers=wanted.workers, profile=profile)
    if part == "r16":
        return refusals.measure(rounds=wanted.rounds)
    if part == "r14":
        return outages.measure(seconds=wanted.seconds)
    if part == "r15":
        return limits.measure(seconds=wanted.limits_seconds)
    return whole.steps(rounds=wanted.rounds, workflows=wanted.workflows)


def _machine() -> str:
    with folder() as home, acquire(home) as server, psycopg.connect(server.url) as connection:
        row = connection.execute("show server_version").fetchone()
        return machine.described(str(row[0]) if row else "?")


def _record(text: str) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    print(f"recorded in {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
