"""Remember how often and since when a delivery was refused, and which sinks are missing since when."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and the table; what is pending counts its refusals from now on, as it did before."""
    op.add_column("deliveries", sa.Column("rejections", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("deliveries", sa.Column("rejected_since", sa.BigInteger))
    op.create_table(
        "missing_sinks",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("missing_since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_missing_sinks"),
    )
