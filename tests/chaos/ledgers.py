"""The back ends' own books, as the sandbox tells of them, in the checker's words."""

from collections import Counter
from datetime import datetime
from typing import Any

from httpx2 import AsyncClient

from tests.chaos.checker.evidence import Attempt, Effect, Message
from tests.chaos.checker.files import lines

Json = dict[str, Any]

SYSTEMS = ("psp", "erp", "wms", "store", "carrier", "supplier")
QUESTIONS = ("find_", "get_", "list_")  # how operations are called that only look


async def rows(sandbox: AsyncClient, table: str, **only: str) -> list[Json]:
    """Every effect, or attempt, of these systems, in the order in which they happened."""
    found: list[Json] = []
    for system in SYSTEMS:
        after: int | None = 0
        while after is not None:
            asked = {"after": str(after), "limit": "1000", **only}
            page = (await sandbox.get(f"/ledger/{system}/{table}", params=asked)).raise_for_status().json()
            found += page[table]
            after = page["next"]
    return sorted(found, key=lambda row: int(row["sequence"]))


async def received(sandbox: AsyncClient) -> Counter[tuple[str, str]]:
    """Pieces that have come in since the beginning, by node and SKU."""
    found: Counter[tuple[str, str]] = Counter()
    after: int | None = 0
    while after is not None:
        asked = {"after": str(after), "limit": "1000"}
        page = (await sandbox.get("/ledger/wms/moves", params=asked)).raise_for_status().json()
        for move in page["moves"]:
            if move["reason"] == "receipt":
                found[move["node"], move["sku"].upper()] += move["delta"]
        after = page["next"]
    return found


async def messages(sandbox: AsyncClient, order_id: str) -> list[Message]:
    page = await sandbox.get("/ledger/notifications/messages", params={"order_id": order_id})
    told = page.raise_for_status().json()["messages"]
    return [Message(order_id=order_id, kind=each["kind"], code=each["facts"].get("code")) for each in told]


def is_effect(attempt: Json) -> bool:
    return not attempt["operation"].startswith(QUESTIONS)


def effect_of(row: Json) -> Effect:
    money = row["amount"] or {"amount": None, "currency": None}
    plain = {name: row[name] for name in ("system", "sequence", "kind", "id", "key", "reference", "order_id")}
    at, data, goods = datetime.fromisoformat(row["at"]).timestamp(), row["data"] or {}, row["lines"]
    if row["kind"] == "goods_receipt":  # of each line what is kept, and what goes back
        data, goods = {**data, "came": [[line["line_id"], line["accepted"], line["damaged"]] for line in goods]}, None
    return Effect(**plain, **money, lines=lines(goods), data=data, at=at)


def attempt_of(row: Json) -> Attempt:
    named = ("system", "sequence", "operation", "key", "reference", "order_id", "status", "fault")
    return Attempt(**{name: row[name] for name in named}, applied=row["applied"], replayed=row["replayed"])
