"""What stores report: each step of a task, signed, in its order, until it was heard; and what goes wrong with it."""

from typing import Any

import pytest

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
AT_ONCE = {"accept_after": 0.0, "ready_after": 0.0}


def types(receiver: Any) -> list[str]:
    return sorted(message["type"] for _, message in receiver.calls)


async def test_each_step_is_reported_signed_with_the_tasks_trace(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(**AT_ONCE) as sandbox:
        task = (await sandbox.ask(traceparent=TRACE)).json()["id"]
        await receiver.has(2)
        await sandbox.post("/store/_hand_over", {"task_id": task})
        await receiver.has(3)
        stood = await sandbox.get(f"/store/tasks/{task}")

    assert types(receiver) == ["task.accepted", "task.handed_over", "task.ready"]
    data = {"task_id": task, "reference": "ref-s", "order_id": "ord_1", "at": stood["at"]}
    assert next(message["data"] for _, message in receiver.calls if message["type"] == "task.handed_over") == data
    assert {headers["traceparent"] for headers in receiver.headers} == {TRACE}


async def test_a_rejection_is_reported_and_a_cancellation_is_not(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox() as sandbox:
        rejected = (await sandbox.ask(("LAMP-7", 11), key="a")).json()["id"]
        cancelled = (await sandbox.ask(key="b")).json()["id"]
        await sandbox.post(f"/store/tasks/{cancelled}/cancel", {"reference": "undo"})

        await sandbox.post("/store/_answer", {"task_id": rejected})
        await receiver.has(1)

        kept = (await sandbox.get("/ledger/store/callbacks"))["callbacks"]

    assert [(each["type"], each["task"]) for each in kept] == [("task.rejected", rejected)]


async def test_what_was_not_heard_is_repeated_under_its_id_after_a_restart(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox(store_callback_url=None) as sandbox:
        task = (await sandbox.ask()).json()["id"]
        await sandbox.post("/store/_answer", {"task_id": task})
        [before] = (await sandbox.get("/ledger/store/callbacks"))["callbacks"]

    async with open_sandbox():
        await receiver.has(1)

    assert before["state"] == "pending"
    assert [named for named, _ in receiver.calls] == [before["id"]]


async def test_what_was_asked_for_is_picked_after_a_restart(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox() as sandbox:
        task = (await sandbox.ask()).json()["id"]

    async with open_sandbox(**AT_ONCE) as sandbox:
        await receiver.has(2)

        assert (await sandbox.get(f"/store/tasks/{task}"))["status"] == "ready"


async def test_a_task_whose_callbacks_are_lost_can_be_asked_for(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox() as sandbox:
        lost = (await sandbox.ask(key="a", sandbox_fault="lost_callback")).json()["id"]
        heard = (await sandbox.ask(key="b")).json()["id"]
        for task in (lost, heard):
            await sandbox.post("/store/_answer", {"task_id": task})
        await receiver.has(1)

        assert [message["data"]["task_id"] for _, message in receiver.calls] == [heard]
        assert (await sandbox.get(f"/store/tasks/{lost}"))["status"] == "accepted"
        told = (await sandbox.get("/ledger/summary"))["store"]
        assert (told["tasks"], told["callbacks"]["lost"]) == ({"accepted": 2}, 1)


async def test_a_duplicate_bears_the_id_of_the_first(open_sandbox: Any, receiver: Any) -> None:
    async with open_sandbox() as sandbox:
        task = (await sandbox.ask(sandbox_fault="duplicate_callback")).json()["id"]
        await sandbox.post("/store/_answer", {"task_id": task})
        await receiver.has(2)

    assert len({named for named, _ in receiver.calls}) == 1


@pytest.mark.parametrize(("fault", "status", "code"), [("refuse", 422, "refused"), ("early_callback", 400, None)])
async def test_a_store_refuses_on_request_and_is_never_early(
    sandbox: Any, fault: str, status: int, code: str | None
) -> None:
    answer = await sandbox.ask(sandbox_fault=fault)

    assert (answer.status_code, answer.json()["code"]) == (status, code or "fault_not_possible")
    assert await sandbox.effects("store") == []
