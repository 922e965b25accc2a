"""A secret follows another: both work for a while, judged by the clock, or the older is void at once."""

from datetime import timedelta

import pytest
from httpx2 import Response

from gateway.partners.callback_secrets import live, new_callback_secret, replace, show, systems
from gateway.partners.registry import Change
from gateway.refusals import Conflict, Invalid, NotFound
from gateway.store.audit import Act
from tests.gate import Credentials, Gate
from tests.resources.warehouse import SECRET, Warehouse

HOUR = timedelta(hours=1)
ORDER = "ord_01JDB7Z2M4X8Q5T3W9Y6N1K0RC"


async def works(gate: Gate, *credentials: Credentials) -> list[int]:
    return [(await gate.ask_token(each)).status_code for each in credentials]


async def audited(gate: Gate, action: str) -> list[dict[str, object]]:
    async with gate.database.connection() as connection:
        cursor = await connection.execute("select facts from audit where action = %s order by audit_id", [action])
        return [row[0] for row in await cursor.fetchall()]


async def test_old_and_new_both_work_until_the_overlap_ends(gate: Gate) -> None:
    old = await gate.partner()
    new = await gate.registry.rotate_secret("web", operator="ana", overlap=HOUR)

    gate.clock.pass_by(3599)
    during = await works(gate, old, new)
    gate.clock.pass_by(1)

    assert during == [200, 200]
    assert await works(gate, old, new) == [401, 200]


async def test_at_most_two_secrets_live(gate: Gate) -> None:
    first = await gate.partner()
    second = await gate.registry.rotate_secret("web", operator="ana", overlap=HOUR)
    third = await gate.registry.rotate_secret("web", operator="ana", overlap=HOUR)

    assert await works(gate, first, second, third) == [401, 200, 200]


async def test_without_an_overlap_every_older_secret_is_void_at_once(gate: Gate) -> None:
    first = await gate.partner()
    second = await gate.registry.rotate_secret("web", operator="ana", overlap=HOUR)
    third = await gate.registry.rotate_secret("web", operator="ana")

    assert await works(gate, first, second, third) == [401, 401, 200]


async def test_the_end_of_an_overlap_is_listed_and_audited(gate: Gate) -> None:
    await gate.partner()
    await gate.registry.rotate_secret("web", operator="ana", overlap=HOUR)

    (partner,) = await gate.registry.list()

    assert partner.older_secret_until == gate.clock() + HOUR
    assert [facts.keys() for facts in await audited(gate, "partners:rotate-secret")] == [{"older_secret_until"}]


async def test_a_change_counts_within_five_seconds_and_says_what_it_was(gate: Gate) -> None:
    headers = await gate.bearer(await gate.partner(scopes=frozenset({"orders:read", "orders:write"})))
    change = Change(
        add_channels=frozenset({"web-ie"}), drop_channels=frozenset({"web-uk"}), drop_scopes=frozenset({"orders:read"})
    )

    after = await gate.registry.change("web", change, operator="ana")
    gate.clock.pass_by(5)

    assert (await gate.http.get("/v1/orders", headers=headers)).json()["scope"] == "orders:read"
    assert (after.channels, after.scopes, after.plan) == ({"web-ie"}, {"orders:write"}, "internal")
    assert (await gate.registry.list())[0].channels == {"web-ie"}
    assert await audited(gate, "partners:change") == [
        {
            "channels": {"from": ["web-uk"], "to": ["web-ie"]},
            "scopes": {"from": ["orders:read", "orders:write"], "to": ["orders:write"]},
        }
    ]


@pytest.mark.parametrize(
    ("change", "refusal", "why"),
    [
        (Change(add_channels=frozenset({"pos-uk"})), Conflict, "registered already"),
        (Change(add_channels=frozenset({"Web UK"})), Invalid, "cannot be a name"),
        (Change(add_scopes=frozenset({"all"})), Invalid, "unknown scope 'all'"),
        (Change(drop_channels=frozenset({"web-de"})), Invalid, "'web' has no 'web-de'; it has web-uk"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_changes(
    gate: Gate, change: Change, refusal: type[Exception], why: str
) -> None:
    await gate.partner("web")
    await gate.partner("pos")
    before = await gate.registry.list()

    with pytest.raises(refusal, match=why):
        await gate.registry.change("web", change, operator="ana")

    assert await gate.registry.list() == before
    assert await audited(gate, "partners:change") == []


async def test_nobody_can_be_changed_who_is_not_there(gate: Gate) -> None:
    with pytest.raises(NotFound):
        await gate.registry.change("web", Change(plan="trial"), operator="ana")


async def told(gate: Gate) -> Response:
    """What a warehouse that signs with the first secret hears of an order that nobody knows: 404 when believed."""
    gate.clock.pass_by(5)
    return await Warehouse(gate).tell(ORDER)


def act(gate: Gate, name: str) -> Act:
    return Act(name, "ana", gate.clock())


async def test_a_back_end_may_sign_with_the_older_secret_until_the_overlap_ends(gate: Gate) -> None:
    await replace(gate.secrets, "wms", SECRET.encode(), act(gate, "aud_1"), overlap=HOUR)
    await replace(gate.secrets, "wms", new_callback_secret(), act(gate, "aud_2"), overlap=HOUR)

    during, ((system, until),) = await told(gate), await systems(gate.secrets, gate.clock())
    gate.clock.pass_by(3600)

    assert (during.status_code, (await told(gate)).status_code) == (404, 401)
    assert (system, until is not None) == ("wms", True)
    assert await systems(gate.secrets, gate.clock()) == [("wms", None)]


async def test_of_three_secrets_the_oldest_is_void(gate: Gate) -> None:
    second, third = new_callback_secret(), new_callback_secret()
    for number, secret in enumerate((SECRET.encode(), second, third)):
        await replace(gate.secrets, "wms", secret, act(gate, f"aud_{number}"), overlap=HOUR)

    assert live(await gate.secrets.get("callback:wms"), gate.clock()) == [third.decode(), second.decode()]
    assert (await told(gate)).status_code == 401


async def test_without_an_overlap_the_back_ends_older_secret_is_void(gate: Gate) -> None:
    await replace(gate.secrets, "wms", SECRET.encode(), act(gate, "aud_1"), overlap=HOUR)
    await replace(gate.secrets, "wms", new_callback_secret(), act(gate, "aud_2"), overlap=timedelta(0))

    assert (await told(gate)).status_code == 401


async def test_whoever_looks_at_a_secret_is_remembered(gate: Gate) -> None:
    await gate.secrets.put("callback:wms", SECRET.encode())

    assert await show(gate.secrets, "wms", act(gate, "aud_1")) == [SECRET]

    assert await audited(gate, "callbacks:show-secret") == [{}]
    with pytest.raises(NotFound):
        await show(gate.secrets, "erp", act(gate, "aud_2"))


@pytest.mark.parametrize(("system", "secret"), [("W M S", SECRET), ("wms", "secret"), ("wms", f"{SECRET} {SECRET}")])
async def test_what_is_no_secret_or_no_system_is_not_entered(gate: Gate, system: str, secret: str) -> None:
    with pytest.raises(Invalid):
        await replace(gate.secrets, system, secret.encode(), act(gate, "aud_1"), overlap=HOUR)
