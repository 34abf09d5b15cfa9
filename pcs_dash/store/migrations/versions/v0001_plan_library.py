"""Documents with their versions, drafts and short links.

A migration is history: it spells its tables out and imports nothing from pcs_dash.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of documents, versions, drafts and short links."""
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("latest_version", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.Column("deleted_by", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )
    op.create_index("ix_documents_kind_saved_at", "documents", ["kind", "saved_at"])
    op.create_table(
        "document_versions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("document_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("based_on", sa.Integer),
        sa.Column("restored_from", sa.Integer),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("data_period", sa.String(200), nullable=False),
        sa.Column("data_fingerprint", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("list_sizes", sa.JSON, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_document_versions"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name="fk_document_versions_document_id"
        ),
        sa.UniqueConstraint(
            "document_id", "number", name="uq_document_versions_document_id_number"
        ),
    )
    op.create_table(
        "drafts",
        sa.Column("token", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("token", "kind", name="pk_drafts"),
    )
    op.create_index("ix_drafts_saved_at", "drafts", ["saved_at"])
    op.create_table(
        "short_links",
        sa.Column("token", sa.String(20), nullable=False),
        sa.Column("version_id", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_short_links"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["document_versions.id"], name="fk_short_links_version_id"
        ),
        sa.UniqueConstraint("version_id", name="uq_short_links_version_id"),
    )


def downgrade() -> None:
    """Remove them, with all that they hold."""
    op.drop_table("short_links")
    op.drop_table("drafts")
    op.drop_table("document_versions")
    op.drop_table("documents")
