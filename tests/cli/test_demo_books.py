"""The reckoning: too little of an effect is lost, too much is doubled, and nobody's effects are nobody's."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from adapters.sandbox import SandboxOptions, create_sandbox
from gateway.cli.demo_books import Ending, Entry, entries, reckon

DONE = ("authorisation", "sales_order", "shipment", "shipped", "capture", "invoice")
UNDONE = ("authorisation", "void", "sales_order", "sales_order cancel", "shipment", "shipment cancel")


def books(*kinds: str, order: str = "o", amount: int = 100) -> list[Entry]:
    return [Entry(order, kind, None if "ship" in kind else amount) for kind in kinds]


@pytest.mark.parametrize(
    ("status", "kinds", "verdicts"),
    [
        ("completed", DONE, set()),
        ("rejected", (), set()),
        ("rejected", UNDONE[:2], set()),
        ("rejected", UNDONE[:4], set()),
        ("cancelled", UNDONE, set()),
        ("processing", DONE, {"lost"}),
        ("completed", DONE[:-1], {"lost"}),
        ("completed", (*DONE, "invoice"), {"doubled"}),
        ("completed", (*DONE, "void"), {"doubled"}),
        ("completed", (*DONE, "sales_order", "sales_order cancel"), {"doubled"}),
        ("cancelled", UNDONE[:1], {"lost"}),
        ("cancelled", (*UNDONE[:2], "sales_order"), {"lost"}),
        ("cancelled", (*UNDONE, "shipped"), {"doubled"}),
        ("rejected", (*UNDONE[:2], *UNDONE[:2]), {"doubled"}),
        ("rejected", ("authorisation", "capture"), {"lost", "doubled"}),
    ],
)
def test_an_end_and_its_effects(status: str, kinds: tuple[str, ...], verdicts: set[str]) -> None:
    findings = reckon([Ending("o", status, 100)], books(*kinds))

    assert {finding.verdict for finding in findings} == verdicts


def test_another_amount_than_the_order_s_is_lost_money() -> None:
    findings = reckon([Ending("o", "completed", 120)], [*books(*DONE[:-1], amount=120), *books("invoice", amount=100)])

    assert [(finding.verdict, finding.what) for finding in findings] == [("lost", "invoice of 100, and 120 was taken")]


def parts(*amounts: tuple[str, int]) -> list[Entry]:
    """The books of an order of 100, its money as it was moved."""
    return [Entry("o", kind, amount) for kind, amount in amounts] + books(*DONE[:4])


@pytest.mark.parametrize(
    ("moved", "verdicts"),
    [
        ((("capture", 40), ("capture", 60), ("invoice", 100)), set()),
        ((("capture", 60), ("void", 40), ("invoice", 60)), set()),
        ((("capture", 100), ("capture", 60), ("refund", 60), ("invoice", 100)), {"doubled"}),
        ((("capture", 40), ("capture", 61), ("invoice", 101)), {"doubled"}),
        ((("capture", 40), ("invoice", 40)), {"lost"}),
        ((("capture", 60), ("void", 40), ("invoice", 100)), {"lost"}),
        ((("capture", 60), ("void", 30), ("invoice", 60)), {"lost"}),
        ((("capture", 60), ("void", 50), ("invoice", 60)), {"doubled"}),
        ((("capture", 100), ("refund", 40), ("invoice", 100)), {"lost"}),
    ],
)
def test_money_is_reckoned_by_what_its_parts_come_to(moved: tuple[tuple[str, int], ...], verdicts: set[str]) -> None:
    findings = reckon([Ending("o", "completed", 100)], parts(*moved))

    assert {finding.verdict for finding in findings} == verdicts


def test_a_part_that_was_taken_and_given_back_is_no_money_of_a_cancelled_order() -> None:
    moved = [Entry("o", "authorisation", 100), Entry("o", "capture", 40), Entry("o", "void", 60)]

    kept = reckon([Ending("o", "cancelled", 100)], moved)
    returned = reckon([Ending("o", "cancelled", 100)], [*moved, Entry("o", "refund", 40)])

    assert ([finding.what for finding in kept], returned) == (["cancelled with 40 taken, 0 expected"], [])


def test_effects_of_an_order_nobody_was_told_of_are_doubled() -> None:
    findings = reckon([Ending("o", "completed", 100)], books(*DONE) + books("capture", order="other"))

    assert [(finding.order_id, finding.verdict) for finding in findings] == [("other", "doubled")]


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_sandbox(SandboxOptions(ledger=tmp_path / "ledger.sqlite"))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://sandbox") as http,
    ):
        yield http


async def test_the_ledgers_are_read_in_the_words_of_the_reckoning(sandbox: httpx2.AsyncClient) -> None:
    money = {"amount": 100, "currency": "GBP"}
    held = await sandbox.post("/psp/authorisations", json={"reference": "o", "token": "t", "amount": money})
    await sandbox.post(f"/psp/authorisations/{held.json()['id']}/void", json={})
    lines = [{"line_id": "1", "sku": "LAMP-7", "quantity": 1}]
    release = {"reference": "r", "order_id": "o", "lines": lines, "ship_to": {}}
    released = await sandbox.post("/wms/shipments", json=release)
    await sandbox.post(f"/wms/shipments/{released.json()['id']}/cancel", json={"reference": "r"})

    read = await entries(sandbox)

    assert read == [
        Entry("o", "authorisation", 100),
        Entry("o", "void", 100),
        Entry("o", "shipment"),
        Entry("o", "shipment cancel"),
    ]
    assert reckon([Ending("o", "cancelled", 100)], read) == []
