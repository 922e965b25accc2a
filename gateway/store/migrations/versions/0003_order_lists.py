"""Indexes for lists of orders by when they were placed."""

from pathlib import Path

from alembic import op

revision = "0003_order_lists"
down_revision = "0002_two_secrets"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / (Path(__file__).stem + ".sql")


def upgrade() -> None:
    # statement by statement and outside of a transaction: indexes are made without keeping orders waiting
    with op.get_context().autocommit_block():
        for statement in _SQL.read_text("utf-8").split(";\n"):
            if statement.strip():
                op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})


def downgrade() -> None:
    raise RuntimeError("a database is taken back by restoring it")
