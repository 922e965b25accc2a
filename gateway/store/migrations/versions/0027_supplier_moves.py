"""By whom a supplier came to its status."""

from pathlib import Path

from alembic import op

revision = "0027_supplier_moves"
down_revision = "0026_shipping_reminders"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql" / (Path(__file__).stem + ".sql")


def upgrade() -> None:
    op.get_bind().exec_driver_sql(_SQL.read_text("utf-8"), execution_options={"no_parameters": True})


def downgrade() -> None:
    raise RuntimeError("a database is taken back by restoring it")
