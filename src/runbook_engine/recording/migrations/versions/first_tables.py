"""The first tables: plans, runs, events, decisions, leases, world."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the one row of `world`."""
    _plans_and_runs()
    _what_belongs_to_runs()
    world = op.create_table("world", sa.Column("id", sa.Integer, primary_key=True), _integer("version"))
    op.bulk_insert(world, [{"id": 1, "version": 0}])


def _plans_and_runs() -> None:
    op.create_table(
        "plans",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("checksum", sa.String(64), nullable=False),
        _bytes("body"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.Text, nullable=False, unique=True),
        _text("runbook"),
        _integer("number"),
        _text("title"),
        sa.Column("digest", sa.String(64), sa.ForeignKey("plans.digest"), nullable=False),
        _text("created_by"),
        _text("created_at"),
        _integer("epoch"),
        _text("controller_by"),
        _text("controller_machine"),
        _integer("controller_pid"),
        _text("controller_since"),
        _integer("events"),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        _text("last_at"),
        sa.Column("ended_at", sa.Text),
        sa.UniqueConstraint("runbook", "number"),
    )


def _what_belongs_to_runs() -> None:
    op.create_table(
        "events",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        _bytes("body"),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("number", sa.Integer, primary_key=True),
        _run_id(),
        _text("id"),
        _bytes("body"),
        sa.Column("taken", sa.Integer),
        sa.UniqueConstraint("run_id", "id"),
    )
    op.create_index("decisions_waiting", "decisions", ["run_id", "taken"])
    op.create_table("leases", sa.Column("host", sa.Text, primary_key=True), _run_id())


def _run_id() -> sa.Column[int]:
    return sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)
