"""What operators may do with a parked run: try again, say what really happened, or give it up. Always audited."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.identifiers import Mint
from gateway.domain.time import Clock
from gateway.ports import Effect
from gateway.refusals import Conflict, Invalid, NotFound
from gateway.store import runs
from gateway.store.exceptions import ExceptionRow, explain_resolution
from gateway.store.hands import Hand
from gateway.store.mending import Deed, Mendable
from gateway.store.pool import Connection, Database, Joined
from gateway.store.runs import OpenStep, RunView
from gateway.store.signals import Signal, signal
from gateway.workflows.part import PartSubject
from gateway.workflows.place_order import sagas
from gateway.workflows.procure_to_pay import PurchaseSubject
from gateway.workflows.saga import Assent, Branches, Gate, Moved, Pivot, Saga
from observability import tracing

SAGAS = sagas()

Change = Callable[[Connection, RunView], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an operator sits: a name that every audited row carries, and the tools."""

    operator: str
    database: Database | Joined
    clock: Clock
    mint: Mint

    async def retry(self, run_id: str, *, adopt: bool = False) -> None:
        """Take the run up where it stopped; what is unknown is asked after first. *adopt*: with the steps of the build
        that runs now, although it began with others."""

        async def change(connection: Connection, run: RunView) -> dict[str, Any]:
            if adopt:
                if (run.cause or {}).get("code") != "saga_changed":
                    raise Conflict(f"{run.run_id} is not parked as saga_changed; there are no other steps to adopt")
                await runs.forget_shape(connection, run.run_id)
            await runs.restart(connection, run.run_id, direction=run.direction)
            return {"was": run.cause, "adopted": adopt}

        await self._do("retry", run_id, change)

    async def resolve(self, run_id: str, *, succeeded: bool, evidence: str, reference: str | None = None) -> None:
        """Say what happened to the step the run hangs on. *reference*: the back end's id, needed to go on from it."""

        async def change(connection: Connection, run: RunView) -> dict[str, Any]:
            step = await runs.open_step(connection, run.run_id)
            if step is None:
                raise Conflict(f"{run.run_id} hangs on no open step; use retry or abandon")
            state = "succeeded" if succeeded else "failed"
            table = _saga(run).step(step.name.removeprefix("undo:"))
            if isinstance(table, Branches):
                raise Conflict(f"{run.run_id} waits for its parts; look at these, or retry has it look again")
            if isinstance(table, Assent | Gate):
                whom = "its customer" if isinstance(table, Assent) and table.customer else table.system
                raise Conflict(f"{run.run_id} waits for {whom}; retry has it look again, abandon gives it up")
            if isinstance(table, Pivot):
                await self._say_it_came(connection, run.run_id, table, succeeded=succeeded, reference=reference)
            else:
                effect = _effect(step, reference) if succeeded else None
                await runs.declare(connection, run.run_id, step.name, state=state, effect=effect, evidence=evidence)
                if succeeded:
                    await self._follow(connection, run, step, reference)
            await runs.restart(connection, run.run_id, direction=run.direction)
            return {"step": step.name, "as": state, "evidence": evidence, "reference": reference}

        await self._do("resolve", run_id, change)

    async def _say_it_came(
        self, connection: Connection, run_id: str, pivot: Pivot, *, succeeded: bool, reference: str | None
    ) -> None:
        """The run waits for goods to leave, and a person has seen that they did."""
        if not succeeded or reference is None:
            raise Invalid("say --as succeeded with --reference SHIPMENT once the goods have left, or abandon the order")
        now, kind = self.clock(), pivot.signal
        fact = {"shipment_id": reference, f"{kind}_at": now.isoformat()}
        told = Signal(self.mint("sig"), run_id, kind, f"operator:{self.operator}", fact)
        await signal(connection, told, now=now, trace_id=None)

    async def _follow(self, connection: Connection, run: RunView, step: OpenStep, reference: str | None) -> None:
        """What the runner would have done on the step's success: our ledgers and the resource's status follow."""
        subject, table = _saga(run).subject, _saga(run).step(step.name.removeprefix("undo:"))
        note = getattr(table, "note" if step.name == table.name else "note_undo", None)
        if note is not None:
            case = await subject.load(connection, run.run_id)
            await note(connection, case, Effect(reference or "", step.operation_key, step.operation))
        then = getattr(table, "then", None) if run.direction == "forward" else None
        if then is not None and await subject.status(connection, run.run_id) != _saga(run).wished:
            await subject.move(connection, run.run_id, then, self._moved(run))

    async def _ends_as_it_stands(self, connection: Connection, run: RunView) -> None:
        """An order waits for its parts: one that is given up after its goods have left is over. Receipts and bills wait
        for what the ERP has of their order: of one that is given up it has nothing that we know of."""
        saga = _saga(run)
        ends = {PartSubject: saga.done, PurchaseSubject: saga.undone}
        if run.outcome is None and (status := ends.get(type(saga.subject))) is not None:
            await saga.subject.status(connection, run.run_id)  # locks what is moved
            await saga.subject.move(connection, run.run_id, status, self._moved(run))

    def _moved(self, run: RunView) -> Moved:
        return Moved(Hand("system", self.clock(), tracing.trace_id_of(run.traceparent), self.mint))

    async def abandon(self, run_id: str, *, evidence: str, undo: bool = False) -> None:
        """Before the pivot the run turns back and undoes what it did; after it, it ends as it stands, unless what was
        asked for is to *undo*."""

        async def change(connection: Connection, run: RunView) -> dict[str, Any]:
            if await _past_pivot(connection, run):
                if undo:
                    raise Conflict(f"{run.run_id} is past the point where it can be undone; abandon it as it stands")
                await runs.close(connection, run.run_id, run.outcome or "abandoned")
                await self._ends_as_it_stands(connection, run)
            elif run.direction == "backward":
                raise Conflict(f"{run.run_id} is on its way back already; resolve the step it hangs on")
            else:
                reason = {"code": "abandoned", "detail": "operations gave the order up"}
                await runs.restart(connection, run.run_id, direction="backward", reason=reason)
            return {"was": run.cause, "evidence": evidence}

        await self._do("abandon", run_id, change)

    async def _do(self, action: str, run_id: str, change: Change) -> None:
        if not self.operator.strip():
            raise Invalid("an operator's name is needed")
        async with self.database.transaction() as connection:
            run = await runs.lock_view(connection, run_id)
            if run is None:
                raise NotFound(f"there is no workflow {run_id}")
            if run.state != "parked":
                raise Conflict(f"{run.run_id} is {run.state}, not parked; nothing was changed")
            if run.outcome is not None and action != "abandon":
                raise Conflict(
                    f"{run.run_id} ended as {run.outcome}; there is nothing to go on with, only to abandon it"
                )
            facts: Mapping[str, Any] = await change(connection, run)
            await runs.audit(
                connection,
                self.mint("aud"),
                now=self.clock(),
                operator=self.operator,
                action=f"workflows:{action}",
                run_id=run.run_id,
                facts=facts,
            )
            said = {"action": action, "operator": self.operator, **_said(facts)}
            await explain_resolution(connection, run.run_id, said)


def parked_runs(clock: Clock, mint: Mint) -> Mendable:
    """What operators may do about the exceptions of parked runs, in the transaction that settles them."""

    async def act(connection: Connection, seen: ExceptionRow, deed: Deed) -> None:
        desk = Desk(deed.operator, Joined(connection), clock, mint)
        match deed.action:
            case "retry":
                await desk.retry(seen.subject)
            case "resolve":
                if deed.as_ is None:
                    raise Invalid("resolve: say what really happened with 'as': succeeded or failed", effect="none")
                succeeded, evidence, reference = deed.as_ == "succeeded", deed.evidence, deed.reference
                await desk.resolve(seen.subject, succeeded=succeeded, evidence=evidence, reference=reference)
            case "compensate":
                await desk.abandon(seen.subject, evidence=deed.evidence, undo=True)
            case _:
                await desk.abandon(seen.subject, evidence=deed.evidence)

    return Mendable(frozenset({"retry", "resolve", "compensate", "abandon"}), act)


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("evidence", "as", "reference") if facts.get(name) is not None}


def _effect(step: OpenStep, reference: str | None) -> dict[str, Any]:
    if reference is None:
        raise Invalid(f"{step.name}: name the effect's id at {step.system} with --reference, the next steps need it")
    return {"id": reference, "kind": step.operation, "facts": {"resolved_by": "operator"}}


def _saga(run: RunView) -> Saga:
    """The steps that the run goes by."""
    saga = SAGAS.get(f"{run.saga}.v{run.version}")
    if saga is None or run.shape not in (None, saga.shape):
        raise Conflict(
            f"{run.run_id} began with other steps than this build has; use that build, or retry --adopt first"
        )
    return saga


async def _past_pivot(connection: Connection, run: RunView) -> bool:
    """Has the run ended, or its pivot been passed? Then there is no way back to send it on."""
    if run.outcome is not None or _saga(run).forward_only:
        return True
    pivot = next((step for step in _saga(run).steps if isinstance(step, Branches | Pivot)), None)
    return pivot is not None and await runs.succeeded(connection, run.run_id, pivot.name)
