"""Two events of a shipment may fall into one minute; a message may be about more than an id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = "shipment_id, at, place, text"


def upgrade() -> None:
    op.rename_table("shipment_events", "old_shipment_events")
    _shipment_events(sa.Column("line", sa.Integer(), nullable=False), key="line")
    op.execute(
        f"INSERT INTO shipment_events (line, {KEPT}) "
        f"SELECT row_number() OVER (PARTITION BY shipment_id ORDER BY at), {KEPT} FROM old_shipment_events"
    )
    op.drop_table("old_shipment_events")
    with op.batch_alter_table("messages") as batch_op:
        batch_op.alter_column("about", existing_type=sa.String(64), type_=sa.String(120))


def downgrade() -> None:
    with op.batch_alter_table("messages") as batch_op:
        batch_op.alter_column("about", existing_type=sa.String(120), type_=sa.String(64))
    op.rename_table("shipment_events", "new_shipment_events")
    _shipment_events(key="at")
    op.execute(
        f"INSERT INTO shipment_events ({KEPT}) "
        "SELECT shipment_id, at, min(place), min(text) FROM new_shipment_events GROUP BY shipment_id, at"
    )
    op.drop_table("new_shipment_events")


def _shipment_events(*columns: sa.Column[int], key: str) -> None:
    op.create_table(
        "shipment_events",
        sa.Column("shipment_id", sa.String(64), nullable=False),
        *columns,
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("text", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shipment_id", key),
    )
