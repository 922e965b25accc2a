"""The sandbox as a process of its own: cut connections, silence, and death."""

import asyncio
import signal
from typing import Any

import httpx2
import pytest


async def test_a_reset_after_applying_cuts_the_connection(process: Any) -> None:
    async with process.tester() as sandbox:
        with pytest.raises(httpx2.TransportError):
            await sandbox.authorise(sandbox_fault="reset_after")

        assert await sandbox.effects("psp") == ["authorisation"]


async def test_silence_lasts_and_what_was_to_be_applied_is(process: Any) -> None:
    async with process.tester() as sandbox:
        sandbox.http.timeout = httpx2.Timeout(0.5)

        for fault in ("hang_before", "hang_after;delay=0.1"):
            with pytest.raises(httpx2.ReadTimeout):
                await sandbox.authorise(key=fault, sandbox_fault=fault)

        listed = (await sandbox.get("/ledger/psp/effects"))["effects"]
        assert [effect["key"] for effect in listed] == ["hang_after;delay=0.1"]


async def test_what_a_caller_left_behind_is_still_applied(process: Any, eventually: Any) -> None:
    async with process.tester() as sandbox:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await sandbox.authorise(sandbox_fault="hang_after;delay=0.5")

        async def applied() -> bool:
            return bool(await sandbox.effects("psp") == ["authorisation"])

        await eventually(applied)


async def test_a_killed_sandbox_has_forgotten_nothing(process: Any, eventually: Any) -> None:
    async with process.tester() as sandbox:
        held = await sandbox.authorise(key="hold")
        booked = (await sandbox.book()).json()["id"]
        released = (await sandbox.release(key="release")).json()["id"]
        with pytest.raises(httpx2.TransportError):
            await sandbox.authorise(key="cut", sandbox_fault="reset_after")
        process.kill()

    process.start()
    async with process.tester() as sandbox:

        async def shipped() -> bool:
            return bool((await sandbox.get(f"/wms/shipments/{released}"))["status"] == "shipped")

        await eventually(shipped)
        again = await sandbox.authorise(key="hold")
        summary = await sandbox.get("/ledger/summary")

        assert again.content == held.content
        assert (await sandbox.get(f"/erp/sales-orders/{booked}"))["status"] == "confirmed"
        assert summary["psp"]["held"] == {"GBP": 6000}
        assert summary["doubled"] == 0
        assert summary["wms"]["callbacks"]["pending"] == 1
        assert len(await sandbox.attempts("psp")) == 3


async def test_copies_cut_off_by_a_kill_have_one_effect(process: Any) -> None:
    async with process.tester() as sandbox:
        copies = [asyncio.create_task(sandbox.authorise(key="k")) for _ in range(20)]
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        process.kill()
        await asyncio.gather(*copies, return_exceptions=True)

    process.start()
    async with process.tester() as sandbox:
        await asyncio.gather(*(sandbox.authorise(key="k") for _ in range(5)))

        assert await sandbox.effects("psp") == ["authorisation"]


async def test_asked_to_end_it_finishes_what_is_under_way(process: Any) -> None:
    async with process.tester() as sandbox:
        under_way = asyncio.create_task(sandbox.authorise(sandbox_fault="delay;delay=0.6"))
        while not await sandbox.attempts("psp"):
            await asyncio.wait([under_way], timeout=0.01)
        process.running.send_signal(signal.SIGTERM)

        answer = await under_way

        assert answer.status_code == 201
    assert await asyncio.to_thread(process.running.wait, 10) in (0, -signal.SIGTERM)
