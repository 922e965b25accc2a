"""The pretend suppliers act at the door of whoever ordered: as they are told to, once, and after a restart."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest

from tests.adapters.ports.ground import listening
from tests.adapters.sandbox.buyer import ACCOUNT, LINE, ORDER, SECRET, Buyer, Json, is_sscc


@pytest.fixture
def buyer() -> Buyer:
    return Buyer()


@pytest.fixture
def at_work(open_sandbox: Any, buyer: Buyer) -> Callable[..., Any]:
    return lambda **more: open_sandbox(supplier_transport=httpx2.ASGITransport(buyer.app), supply_after=0.0, **more)


async def send(sandbox: Any, **more: Any) -> str:
    body = {**ORDER, **more}
    answer = await sandbox.post("/supplier/messages", body, key=f"send-{body['po_number']}-{body['revision']}")
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def plays(sandbox: Any, *script: object, **which: str) -> None:
    answer = await sandbox.post("/supplier/_plays", {"plays": list(script), **which})
    assert answer.status_code == 200, answer.text


async def stands(sandbox: Any, po_number: str, state: str) -> bool:
    """So the order stands with its supplier."""
    [order] = (await sandbox.get("/supplier/_orders", po_number=po_number))["orders"]
    return bool(order["state"] == state)


async def heard(sandbox: Any, eventually: Any, *states: str) -> list[Json]:
    """What was written, oldest first, once it stands so."""
    listed: list[Json] = []

    async def so() -> bool:
        listed[:] = reversed((await sandbox.get("/supplier/_documents"))["documents"])
        return [each["state"] for each in listed] == list(states)

    await eventually(so)
    return listed


async def test_what_nobody_says_otherwise_of_is_confirmed_once(at_work: Any, buyer: Buyer, eventually: Any) -> None:
    async with at_work() as sandbox:
        await send(sandbox)
        assert (await sandbox.get("/supplier/_documents"))["documents"] == []
        told = await sandbox.post("/supplier/_account", ACCOUNT)

        [written] = await heard(sandbox, eventually, "taken")

    [(key, path, body)] = buyer.taken
    assert told.json() == {"base_url": "http://buyer", "client_id": "works"}
    assert (path, body["revision"], body["lines"]) == (
        "/v1/purchase-orders/po_1/confirmations",
        1,
        [{"line_id": "1", "status": "accepted"}],
    )
    assert (written["key"], written["number"], written["last_status"]) == (key, body["supplier_ref"], 201)


@pytest.mark.parametrize(
    ("play", "line"),
    [
        (
            {"play": "change", "quantity": -3, "percent": 5, "days": 7},
            {"status": "changed", "quantity": 7, "unit_price": 473, "date": "2030-05-08"},
        ),
        ({"play": "change", "percent": 1}, {"status": "changed", "unit_price": 455}),
        ({"play": "backorder"}, {"status": "backordered", "date": "2030-05-15"}),
        ("reject", {"status": "rejected"}),
        ({"play": "reject", "line_id": "2"}, {"status": "accepted"}),
    ],
)
async def test_a_supplier_answers_as_it_is_told(
    at_work: Any, buyer: Buyer, eventually: Any, *, play: object, line: Mapping[str, object]
) -> None:
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await plays(sandbox, play)
        await send(sandbox)
        await heard(sandbox, eventually, "taken")

    assert buyer.taken[0][2]["lines"] == [{"line_id": "1", **line}]


async def test_what_is_shipped_and_billed_is_what_was_agreed(at_work: Any, buyer: Buyer, eventually: Any) -> None:
    buyer.lines = [{**LINE, "quantity": 8, "unit_price": 440, "tax_points": 2_000}]
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await plays(sandbox, "confirm", {"play": "ship", "over": 1}, {"play": "bill_twice", "percent": 10, "over": 1})
        sent = await send(sandbox)
        await heard(sandbox, eventually, *["taken"] * 4)
        withdrawn = await sandbox.post(f"/supplier/messages/{sent}/withdraw", {"reference": "undo"}, key="undo")
        kinds = await sandbox.effects("supplier")

    _, notice, first, second = [body for _, _, body in buyer.taken]
    [pallet] = notice["pallets"]
    assert pallet["cartons"][0]["lines"] == [{"line_id": "1", "quantity": 9}]
    assert is_sscc(pallet["sscc"])
    assert is_sscc(pallet["cartons"][0]["sscc"])
    assert (first["lines"][0]["quantity"], first["lines"][0]["unit_price"]) == (10, 484)
    assert (first["lines"][0]["amount"], first["tax"], first["total"]) == (4_840, 968, 5_808)
    assert second["invoice_number"] == f"{first['invoice_number']}A"
    assert {**first, "invoice_number": ""} == {**second, "invoice_number": ""}
    assert (withdrawn.status_code, withdrawn.json()["code"]) == (409, "too_late")
    assert kinds == ["message", "shipped"]


async def test_goods_leave_when_it_is_agreed_and_never_when_it_is_not(
    at_work: Any, buyer: Buyer, eventually: Any
) -> None:
    buyer.status = "change_proposed"
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await plays(sandbox, "confirm", "ship")
        await send(sandbox)
        await heard(sandbox, eventually, "taken")
        buyer.status = "confirmed"
        await sandbox.post("/supplier/_go", {"po_number": "PO-1"})
        await heard(sandbox, eventually, "taken", "taken")
        buyer.status = "cancelled"
        await send(sandbox, po_id="po_2", po_number="PO-2")
        await eventually(lambda: stands(sandbox, "PO-2", "done"))

    assert buyer.kinds == ["confirmations", "shipping-notices", "confirmations"]


async def test_a_silent_supplier_speaks_when_somebody_says_so(at_work: Any, buyer: Buyer, eventually: Any) -> None:
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await plays(sandbox, "delay", "confirm", po_number="PO-1")
        await send(sandbox)
        await send(sandbox, po_id="po_2", po_number="PO-2")
        await heard(sandbox, eventually, "taken")
        await eventually(lambda: stands(sandbox, "PO-1", "waits"))

        went = await sandbox.post("/supplier/_go", {"po_number": "PO-1"})
        listed = await heard(sandbox, eventually, "taken", "taken")

    assert went.json() == {"orders": 1}
    assert [each["po_number"] for each in listed] == ["PO-2", "PO-1"]


async def test_whoever_is_told_to_go_before_coming_to_wait_does_not_wait_once(
    at_work: Any, buyer: Buyer, eventually: Any
) -> None:
    async with at_work() as sandbox:
        await plays(sandbox, "confirm", "delay", "ship", "delay", "bill")
        await send(sandbox)
        went = await sandbox.post("/supplier/_go", {"po_number": "PO-1"})
        await sandbox.post("/supplier/_account", ACCOUNT)
        await heard(sandbox, eventually, "taken", "taken")
        await eventually(lambda: stands(sandbox, "PO-1", "waits"))

    assert went.json() == {"orders": 1}
    assert buyer.kinds == ["confirmations", "shipping-notices"]


async def test_what_was_not_heard_is_said_again_under_the_same_key_also_after_a_restart(
    at_work: Any, buyer: Buyer, eventually: Any
) -> None:
    buyer.statuses = [503, 401, 409, 500]
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await send(sandbox)
        await heard(sandbox, eventually, "pending")
        await eventually(lambda: came(buyer, 2))

    async with at_work() as sandbox:
        await heard(sandbox, eventually, "taken")

    assert len({(key, repr(body)) for key, _, body in buyer.taken}) == 1
    assert (len(buyer.taken), buyer.tokens) == (5, 2)


async def test_a_killed_supplier_says_nothing_twice(process: Any, buyer: Buyer, eventually: Any) -> None:
    buyer.statuses = [503]
    async with listening(buyer.app) as url:
        async with process.tester() as sandbox:
            await sandbox.post("/supplier/_account", {**ACCOUNT, "base_url": url})
            await send(sandbox)
            await eventually(lambda: came(buyer, 1))
            process.kill()
        process.start()
        async with process.tester() as sandbox:
            await heard(sandbox, eventually, "taken")
            await eventually(lambda: stands(sandbox, "PO-1", "done"))

    assert len(buyer.taken) >= 2
    assert len({(key, repr(body)) for key, _, body in buyer.taken}) == 1


async def test_a_refusal_is_kept_and_the_next_play_follows(at_work: Any, buyer: Buyer, eventually: Any) -> None:
    buyer.statuses = [422]
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await plays(sandbox, "confirm", "bill")
        await send(sandbox)

        refused, _ = await heard(sandbox, eventually, "refused", "taken")

    assert (refused["last_status"], refused["answer"]) == (422, '{"retryable":false}')


async def test_a_newer_revision_is_agreed_to_and_an_older_one_changes_nothing(
    at_work: Any, buyer: Buyer, eventually: Any
) -> None:
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await plays(sandbox, {"play": "change", "percent": 5})
        for revision, count in ((1, 1), (3, 2), (2, 2)):
            await send(sandbox, revision=revision)
            await heard(sandbox, eventually, *["taken"] * count)

    assert [(body["revision"], body["lines"][0]["status"]) for _, _, body in buyer.taken] == [
        (1, "changed"),
        (3, "accepted"),
    ]


async def test_an_order_that_cannot_be_read_is_looked_up_again(at_work: Any, buyer: Buyer, eventually: Any) -> None:
    buyer.lines = [{"line_id": "1"}]
    async with at_work() as sandbox:
        await sandbox.post("/supplier/_account", ACCOUNT)
        await plays(sandbox, "confirm", "ship")
        await send(sandbox)
        await heard(sandbox, eventually, "taken")
        buyer.lines = [LINE]
        await heard(sandbox, eventually, "taken", "taken")

    assert buyer.kinds == ["confirmations", "shipping-notices"]


async def test_what_is_withdrawn_is_not_answered(at_work: Any, buyer: Buyer, eventually: Any) -> None:
    async with at_work() as sandbox:
        sent = await send(sandbox)
        await sandbox.post(f"/supplier/messages/{sent}/withdraw", {"reference": "undo"}, key="undo")
        await sandbox.post("/supplier/_account", ACCOUNT)
        await send(sandbox, po_id="po_2", po_number="PO-2")
        [only] = await heard(sandbox, eventually, "taken")

    assert only["po_number"] == "PO-2"


async def test_the_secret_is_never_told(at_work: Any, caplog: pytest.LogCaptureFixture, eventually: Any) -> None:
    caplog.set_level("DEBUG")
    async with at_work() as sandbox:
        told = (await sandbox.post("/supplier/_account", ACCOUNT)).text
        await send(sandbox)
        written = await heard(sandbox, eventually, "taken")
        books = [await sandbox.get(f"/ledger/{each}") for each in ("summary", "supplier/effects", "supplier/attempts")]

    assert not [part for part in (told, repr(written), repr(books), caplog.text) if SECRET in part or "token-" in part]


@pytest.mark.parametrize(
    "wrong",
    [
        {"plays": ["sing"]},
        {"plays": ["change"]},
        {"plays": [{"play": "confirm", "line_id": "1"}]},
        {"plays": [{"play": "ship", "over": 0}]},
        {"plays": [{"play": "bill", "percent": "5"}]},
        {"plays": "confirm"},
        {"plays": [], "order": "PO-1"},
        {"plays": [7]},
    ],
)
async def test_a_script_that_cannot_be_played_is_refused(sandbox: Any, wrong: Json) -> None:
    answer = await sandbox.post("/supplier/_plays", wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, "play_not_possible")
    assert await sandbox.get("/supplier/_plays") == {"plays": [{"play": "confirm"}], "orders": []}


async def came(buyer: Buyer, number: int) -> bool:
    return len(buyer.taken) >= number
