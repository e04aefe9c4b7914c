"""What people say of plans, rehearsals, resources that runs hold, and which hosts are out of service meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and the column."""
    op.add_column("leases", sa.Column("is_out", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "resources",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("phase", sa.Text, primary_key=True),
        sa.Column("amount", sa.Integer, nullable=False),
    )
    _statements()
    _rehearsals()


def _statements() -> None:
    op.create_table(
        "statements",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("mark", sa.String(64), nullable=False, unique=True),
        sa.Column("runbook", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("sealing", "signature", "typed_by", "received_at")),
    )
    op.create_index("statements_of", "statements", ["runbook"])


def _rehearsals() -> None:
    op.create_table(
        "rehearsals",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("rehearsals_of", "rehearsals", ["digest"])
