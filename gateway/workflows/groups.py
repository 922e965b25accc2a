"""The delivery groups of an order: each is served as if it were an order of its own, of lines that go one way."""

from dataclasses import replace

from gateway.domain.delivery import DeliveryGroup
from gateway.store import order_lines, sourcing
from gateway.store.pool import Connection, all_or_nothing
from gateway.workflows.saga import Around, Case, Refusal
from gateway.workflows.sourcing import Sourcing

_AT_ONCE = Refusal("no_fulfilment_option", "goods that go several ways are paid in parts, which the provider cannot do")


def going(case: Case, group: DeliveryGroup) -> Case:
    """The case of this group alone."""
    return replace(case, sold=case.order.going(group), ship_to=case.addresses.get(group.group_id))


async def lock(connection: Connection, case: Case) -> None:
    """Groups are served one after the other, but what they want is locked at once, in the one order for everybody."""
    if len(case.order.groups) > 1:
        await sourcing.lock_places(connection, list(case.order.demand()))


async def plan(how: Sourcing, connection: Connection, case: Case, around: Around) -> Refusal | None:
    """Serve all of them for the first time; or say why the order goes without any of it, and hold nothing."""
    if len(case.order.groups) > 1 and not how.in_parts:
        return _AT_ONCE
    await lock(connection, case)
    return await all_or_nothing(connection, lambda: _each(how, connection, case, around))


async def _each(how: Sourcing, connection: Connection, case: Case, around: Around) -> Refusal | None:
    """One that cannot be served is a reason against all, unless the order wishes to go without what cannot be had."""
    order, refused = case.order, dict[DeliveryGroup, Refusal]()
    for group in order.groups:
        against = await how.plan(connection, going(case, group), around)
        if against is not None:
            refused[group] = against
            if order.when_short != "cancel_lines":
                break
    if refused and (order.when_short != "cancel_lines" or len(refused) == len(order.groups)):
        return next(iter(refused.values()))
    for group, against in refused.items():
        await order_lines.drop(connection, order.order_id, of=group, reason=against.told)
    return None
