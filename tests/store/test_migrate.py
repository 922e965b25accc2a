"""Migrating: repeatable, safe from several processes at once, and `check` tells what is missing."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from gateway.errors import Unavailable
from gateway.store.engine_schema import VERSION
from gateway.store.migrate import check, migrate

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "gateway" / "store" / "migrations"
MIGRATE = "import sys; from gateway.store.migrate import migrate; print(len(migrate(sys.argv[1])))"


def test_a_database_is_migrated_once(empty_database_url: str) -> None:
    done, again = migrate(empty_database_url), migrate(empty_database_url)

    assert "schema 0001_spine" in done
    assert f"engine {VERSION} installed" in done
    assert again == []
    assert check(empty_database_url) is None


def test_the_files_names_are_the_order_of_the_revisions() -> None:
    files = sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    revisions = ScriptDirectory.from_config(config).iterate_revisions("head", "base")

    assert [revision.revision for revision in revisions] == files[::-1]


def test_processes_that_migrate_at_once_do_it_once(empty_database_url: str) -> None:
    command = [sys.executable, "-c", MIGRATE, empty_database_url]

    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = sorted(process.communicate(timeout=60)[0].strip() for process in processes)

    assert told[:2] == ["0", "0"]
    assert int(told[2]) > 0
    assert check(empty_database_url) is None


def test_an_unmigrated_database_is_refused_with_the_command_that_mends_it(empty_database_url: str) -> None:
    refusal = check(empty_database_url) or ""

    assert "omnigate migrate" in refusal


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("delete from alembic_version", "has not been migrated"),
        ("drop schema absurd cascade", "has not been migrated"),
        ("drop index absurd.r_sagas_ready", "index r_sagas_ready"),
        ("alter table absurd.t_sagas reset (autovacuum_vacuum_scale_factor)", "settings of t_sagas"),
    ],
)
def test_what_is_missing_is_named(database_url: str, damage: str, named: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(damage)

    refusal = check(database_url) or ""

    assert named in refusal
    assert "omnigate migrate" in refusal


def test_a_lost_index_is_made_again(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("drop index absurd.r_sagas_ready")

    done = migrate(database_url)

    assert done == ["index r_sagas_ready created"]
    assert check(database_url) is None


def test_a_database_of_a_newer_omnigate_is_left_alone(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("update alembic_version set version_num = '9999_future'")

    refusal = check(database_url) or ""

    assert "newer Omnigate" in refusal
    with pytest.raises(Unavailable, match="9999_future"):
        migrate(database_url)


def test_a_failed_migration_leaves_nothing(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("create table run (in_the_way integer)")

    with pytest.raises(Exception, match="already exists"):
        migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()

    assert tables == [("run",)]


def test_the_claims_index_is_used(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("set enable_seqscan = off")
        plan = connection.execute(
            """explain select run_id from absurd.r_sagas
               where state in ('pending', 'sleeping') and available_at <= now()
               order by available_at, run_id limit 20"""
        ).fetchall()

    assert any("r_sagas_ready" in line for (line,) in plan)


def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    with pytest.raises(Unavailable) as refused:
        check("postgresql://omnigate:very-secret@127.0.0.1:1/omnigate")

    assert "very-secret" not in f"{refused.value} {refused.value.facts}"
