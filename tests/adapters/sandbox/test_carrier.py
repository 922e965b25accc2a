"""The pretend carrier and messenger: parcels go one way, and whom a message went to is forgotten."""

from pathlib import Path
from typing import Any

import pytest

LINES = [{"line_id": "1", "sku": "LAMP-7", "quantity": 3}]
HOME = {"name": "A. Body", "country": "GB"}


async def label(sandbox: Any, key: str = "label") -> str:
    body = {"reference": "ref-l", "order_id": "ord_1", "lines": LINES, "ship_to": HOME}
    made: str = (await sandbox.post("/carrier/labels", body, key=key)).json()["id"]
    return made


async def scan(sandbox: Any, parcel: str, status: str) -> int:
    code: int = (await sandbox.post("/carrier/_scan", {"label_id": parcel, "status": status})).status_code
    return code


@pytest.mark.parametrize(
    ("scans", "codes"),
    [
        (("in_transit", "in_transit", "delivered", "lost"), [200, 200, 200, 409]),
        (("delivered", "in_transit", "lost", "delivered"), [409, 200, 200, 409]),
        (("eaten",), [422]),
    ],
)
async def test_a_parcel_goes_one_way(sandbox: Any, scans: tuple[str, ...], codes: list[int]) -> None:
    parcel = await label(sandbox)

    assert [await scan(sandbox, parcel, status) for status in scans] == codes
    done = [status for status, code in zip(scans, codes, strict=True) if code == 200]
    assert await sandbox.effects("carrier") == ["label", *done]


async def test_a_voided_label_is_not_scanned(sandbox: Any) -> None:
    parcel = await label(sandbox)

    await sandbox.post(f"/carrier/labels/{parcel}/void", {"reference": "undo"}, key="void")

    assert await scan(sandbox, parcel, "in_transit") == 409
    assert (await sandbox.get(f"/carrier/labels/{parcel}"))["status"] == "voided"


async def test_a_label_costs_by_its_pieces(sandbox: Any) -> None:
    await label(sandbox)

    [effect] = (await sandbox.get("/ledger/carrier/effects"))["effects"]
    assert effect["amount"] == {"amount": 390 + 3 * 25, "currency": "EUR"}


async def test_messages_of_an_order_are_listed_and_their_receivers_stand_nowhere(
    open_sandbox: Any, tmp_path: Path
) -> None:
    async with open_sandbox() as sandbox:
        for order in ("ord_1", "ord_2"):
            to, facts = {"email": "ada@example.com"}, {"order_id": order, "code": "4711"}
            body = {"reference": f"tell-{order}", "kind": "ready_for_pickup", "to": to, "facts": facts}
            await sandbox.post("/notifications/messages", body, key=order)

        mine = (await sandbox.get("/ledger/notifications/messages", order_id="ord_1"))["messages"]
        every = (await sandbox.get("/ledger/notifications/messages"))["messages"]
        effects = (await sandbox.get("/ledger/notifications/effects"))["effects"]

    assert [message["facts"]["code"] for message in mine] == ["4711"]
    assert [message["order_id"] for message in every] == ["ord_2", "ord_1"]
    assert [effect["data"] for effect in effects] == [{"template": "ready_for_pickup", "ways": ["email"]}] * 2
    assert [file.name for file in tmp_path.iterdir() if b"ada@example.com" in file.read_bytes()] == []


@pytest.mark.parametrize("wrong", [{"facts": {"n": 1}}, {"facts": None}, {"to": "ada"}, {"kind": 7}])
async def test_a_message_that_cannot_be_read_is_not_sent(sandbox: Any, wrong: dict[str, object]) -> None:
    body = {"reference": "r", "kind": "offer", "to": {"email": "ada@example.com"}, "facts": {}}

    answer = await sandbox.post("/notifications/messages", {**body, **wrong})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await sandbox.effects("notifications") == []
