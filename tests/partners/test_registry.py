"""What operators do to partners, and what remains of it."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gateway.errors import Misconfigured
from gateway.partners.registry import Registry
from gateway.refusals import Conflict, Invalid, NotFound
from gateway.store.pool import Database
from gateway.store.secrets import Secrets, cipher
from tests.gate import Gate

READ = frozenset({"orders:read"})


async def audited(gate: Gate) -> list[tuple[str, str, str, str]]:
    async with gate.database.connection() as connection:
        cursor = await connection.execute("select actor, subject, action, resource from audit order by audit_id")
        return await cursor.fetchall()  # type: ignore[return-value]


async def test_every_act_names_its_operator(gate: Gate) -> None:
    await gate.partner("web")

    await gate.registry.rotate_secret("web", operator="ana")
    await gate.registry.suspend("web", operator="bob")

    assert await audited(gate) == [
        ("operator", "tess", "partners:add", "partner:web"),
        ("operator", "ana", "partners:rotate-secret", "partner:web"),
        ("operator", "bob", "partners:suspended", "partner:web"),
    ]


async def test_a_new_secret_voids_the_old_one(gate: Gate) -> None:
    old = await gate.partner("web")

    new = await gate.registry.rotate_secret("web", operator="ana")

    assert (await gate.ask_token(old)).status_code == 401
    assert (await gate.ask_token(new)).status_code == 200


async def test_secrets_are_kept_as_hashes_only(gate: Gate) -> None:
    credentials = await gate.partner("web")

    async with gate.database.connection() as connection:
        rows = await (await connection.execute("select partner::text from partner")).fetchall()
        audits = await (await connection.execute("select audit::text from audit")).fetchall()

    assert credentials.client_secret not in str(rows) + str(audits)


async def test_everybody_is_listed_with_channels_and_status(gate: Gate) -> None:
    await gate.partner("web")
    await gate.partner("pos", scopes=READ)
    await gate.registry.suspend("pos", operator="tess")

    listed = await gate.registry.list()

    assert [(p.partner_id, p.status, p.channels) for p in listed] == [
        ("pos", "suspended", {"pos-uk"}),
        ("web", "active", {"web-uk"}),
    ]


async def test_names_and_channels_belong_to_one_partner(gate: Gate) -> None:
    await gate.partner("web")

    for name, channel in (("web", "other"), ("other", "web-uk")):
        with pytest.raises(Conflict):
            await gate.registry.add(name, channels=frozenset({channel}), scopes=READ, plan="trial", operator="tess")
    assert len(await gate.registry.list()) == 1


@pytest.mark.parametrize(("name", "scope"), [("Web Shop", "orders:read"), ("web:uk", "orders:read"), ("web", "all")])
async def test_names_and_scopes_are_exact(gate: Gate, name: str, scope: str) -> None:
    with pytest.raises(Invalid):
        await gate.registry.add(name, channels=frozenset(), scopes=frozenset({scope}), plan="trial", operator="tess")


async def test_nobody_can_be_suspended_who_is_not_there(gate: Gate) -> None:
    registry: Registry = gate.registry

    with pytest.raises(NotFound):
        await registry.suspend("nobody", operator="tess")
    assert await audited(gate) == []


async def test_a_secret_is_made_once_and_encrypted(gate: Gate) -> None:
    first = await gate.secrets.get_or_create("callback:wms", lambda: b"whsec_first")
    second = await gate.secrets.get_or_create("callback:wms", lambda: b"whsec_second")

    async with gate.database.connection() as connection:
        rows = await (await connection.execute("select value from secret where name = 'callback:wms'")).fetchall()
    assert first == second == b"whsec_first"
    assert b"whsec" not in rows[0][0]
    assert await gate.secrets.get("callback:erp") is None


async def test_another_key_is_named_as_the_mistake(gate: Gate, database_url: str) -> None:
    await gate.secrets.put("callback:wms", b"whsec_first")
    database: Database = gate.database

    with pytest.raises(Misconfigured, match="OMNIGATE_SECRET_KEY"):
        await Secrets(database, Fernet(Fernet.generate_key())).get("callback:wms")


def test_the_key_of_the_data_folder_is_made_once_for_its_owner(tmp_path: Path) -> None:
    first = cipher(key=None, home=tmp_path / "home", embedded=True)
    second = cipher(key=None, home=tmp_path / "home", embedded=True)

    file = tmp_path / "home" / "secret.key"
    assert second.decrypt(first.encrypt(b"x")) == b"x"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret.key"]


@pytest.mark.parametrize(("key", "embedded"), [(None, False), ("short", True), ("short", False)])
def test_a_missing_or_wrong_key_is_named(tmp_path: Path, key: str | None, embedded: bool) -> None:
    with pytest.raises(Misconfigured, match="key"):
        cipher(key=key, home=tmp_path, embedded=embedded)
