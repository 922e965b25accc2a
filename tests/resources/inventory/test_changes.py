"""Changes of availability: in the order in which they became visible, none skipped, and waited for on request."""

import asyncio
from typing import Any

from tests.resources.inventory.stocked import Stocked

Json = dict[str, Any]


async def page(stocked: Stocked, after: str | None = None, **headers: str) -> Json:
    answer = await stocked.get(f"/changes?after={after}" if after else "/changes", **headers)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def told(changes: Json) -> list[tuple[str, int, str]]:
    return [(change["sku"], change["available"], change["cause"]) for change in changes["changes"]]


async def test_every_change_is_told_with_its_cause_and_a_version_that_grows(stocked: Stocked) -> None:
    await stocked.counted(LAMP=5, ago=9)
    await stocked.ordered("ord_1", LAMP=2)
    await stocked.keep_back({"sku": "LAMP", "node_id": "main", "safety_stock": 1})
    await stocked.counted(LAMP=5)

    first = await page(stocked)

    assert told(first) == [("LAMP", 5, "report"), ("LAMP", 3, "reservation"), ("LAMP", 2, "safety_stock")]
    versions = [change["position_version"] for change in first["changes"]]
    assert versions == sorted(set(versions))
    assert told(await page(stocked, first["cursor"])) == []


async def test_a_late_commit_is_not_skipped(stocked: Stocked) -> None:
    await stocked.counted(LAMP=5, MUG=5)
    begun = (await page(stocked))["cursor"]
    async with stocked.gate.database.transaction() as slow:
        await slow.execute("update stock_position set hold = 1, cause = 'adjustment' where sku = 'LAMP'")
        await stocked.ordered("ord_1", MUG=2)
        during = await page(stocked, begun)
    after = await page(stocked, during["cursor"])

    assert told(during) == []
    assert sorted(told(after)) == [("LAMP", 4, "adjustment"), ("MUG", 3, "reservation")]


async def test_whoever_waits_is_told_as_soon_as_there_is_something(stocked: Stocked) -> None:
    await stocked.counted(LAMP=5)
    latest = (await page(stocked, "latest"))["cursor"]

    waiting = asyncio.create_task(stocked.get(f"/changes?after={latest}", prefer="wait=20"))
    await stocked.ordered("ord_1", LAMP=5)
    answer = await waiting

    assert answer.headers["preference-applied"] == "wait=20"
    assert told(answer.json()) == [("LAMP", 0, "reservation")]


async def test_a_wait_in_vain_ends_with_an_empty_page_and_the_same_place(stocked: Stocked) -> None:
    latest = (await page(stocked, "latest"))["cursor"]

    answer = await stocked.get(f"/changes?after={latest}", prefer="wait=0")
    await stocked.counted(LAMP=5)

    assert answer.json()["changes"] == []
    assert told(await page(stocked, answer.json()["cursor"])) == [("LAMP", 5, "report")]


async def test_a_cursor_is_ours_to_make(stocked: Stocked) -> None:
    answer = await stocked.get("/changes?after=first")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_pages_follow_one_another(stocked: Stocked) -> None:
    await stocked.counted(**{f"SKU{number}": 1 for number in range(5)})

    seen, cursor = [], ""
    while changes := (await stocked.get(f"/changes?page_size=2{cursor}")).json():
        if not changes["changes"]:
            break
        seen += [change["sku"] for change in changes["changes"]]
        cursor = f"&after={changes['cursor']}"

    assert sorted(seen) == [f"SKU{number}" for number in range(5)]
