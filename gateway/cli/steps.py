"""The step tables of workflows, as they are carried out: from the code's own, with what the back ends promise."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.table import Table

from gateway.back_ends import back_ends as connected
from gateway.governance.sourcing import load_sourcing
from gateway.ports import Manifest
from gateway.refusals import NotFound
from gateway.settings import Settings
from gateway.workflows.place_order import Terms, sagas
from gateway.workflows.saga import AnyStep, Assent, Local, Pivot, Saga, Step

COLUMNS = ("step", "system", "class", "deadline", "undone by", "left to a person")
ABSENT = "not connected"


async def show_steps(settings: Settings, name: str | None) -> None:
    """Raises `NotFound` when no workflow is called so."""
    terms = Terms(load_sourcing(settings.policies / "sourcing.yaml"))
    tables = named(sagas(terms).values(), name)
    async with connected(settings) as reached:
        manifests = {role: port.manifest for role, port in reached.present.items()}
    console = Console()
    for saga in tables:
        table = Table(*COLUMNS, title=saga.task, title_justify="left")
        for step in saga.steps:
            table.add_row(*row(step, manifests))
        console.print(table)


def named(known: Iterable[Saga], name: str | None) -> list[Saga]:
    found = [saga for saga in known if name in (None, saga.name, saga.task)]
    if not found:
        raise NotFound(f"there is no workflow '{name}'; known are {', '.join(sorted({saga.name for saga in known}))}")
    return found


def row(step: AnyStep, manifests: Mapping[str, Manifest]) -> Iterator[str]:
    yield step.name
    yield step.system
    yield from _promised(step, manifests) if isinstance(step, Step) else _kept(step)
    yield step.by_hand.format(run="…")


def _promised(step: Step, manifests: Mapping[str, Manifest]) -> Iterator[str]:
    promise = manifests[step.system].get(step.operation) if step.system in manifests else None
    yield str(promise.retry_class) if promise else ABSENT
    yield f"{promise.deadline:.0f} s" if promise else ABSENT
    refusable = ", may be refused" if step.undo_may_be_refused else ""
    yield f"{step.undo_operation}{refusable}"


def _kept(step: AnyStep) -> Iterator[str]:
    """Of what calls nobody, or only looks: how long it waits, if not for ever."""
    yield "with the journal" if isinstance(step, Local) else "waits"
    patience = step.patience if isinstance(step, Assent | Pivot) else 0
    yield f"{patience} s" if patience else ""
    yield "release_stock" if isinstance(step, Local) else ""
