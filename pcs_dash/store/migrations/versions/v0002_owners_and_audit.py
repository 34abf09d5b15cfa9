"""Owners, sharing and guests of documents, and the audit.

What was saved before belongs to nobody and is shared with all, as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
REFUSAL = "The audit is added to and never changed."


def upgrade() -> None:
    """Add the columns and tables; the database itself keeps the audit from being changed."""
    op.add_column("documents", sa.Column("owner", sa.String(200)))
    op.add_column("documents", sa.Column("owner_name", sa.String(200)))
    op.add_column(
        "documents", sa.Column("sharing", sa.String(10), nullable=False, server_default="all")
    )
    op.add_column("documents", sa.Column("link_token", sa.String(40)))
    op.create_index("ix_documents_link_token", "documents", ["link_token"], unique=True)
    op.create_table(
        "guests",
        sa.Column("document_id", sa.Integer, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("link_token", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "person", name="pk_guests"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_guests_document_id"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("document_id", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_action_detail", "audit", ["action", "detail"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION pcs_dash_audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION pcs_dash_audit_stays()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_stays_{event.lower()} BEFORE {event} ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def downgrade() -> None:
    """Remove them, with all that they hold."""
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION pcs_dash_audit_stays()")
    op.drop_table("guests")
    op.drop_index("ix_documents_link_token", "documents")
    for column in ("link_token", "sharing", "owner_name", "owner"):
        op.drop_column("documents", column)
