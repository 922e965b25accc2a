"""Invoices that are held for their supplier, and those that a worker matches again."""

from pathlib import Path

from alembic import op

revision = "0023_invoice_holds"
down_revision = "0022_invoice_events"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / (Path(__file__).stem + ".sql")


def upgrade() -> None:
    # the indexes outside of a transaction: they are made without keeping invoices waiting; all of it may be repeated
    rows, indexes = _SQL.read_text("utf-8").split("-- Outside of a transaction:\n")
    op.get_bind().exec_driver_sql(rows, execution_options={"no_parameters": True})
    with op.get_context().autocommit_block():
        for statement in indexes.split(";\n"):
            op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})


def downgrade() -> None:
    raise RuntimeError("a database is taken back by restoring it")
