"""Runs the migrations on the connection that `pcs_dash.store.database` hands over.

That connection is in a transaction already, which holds the lock against other starters.
"""

from alembic import context

from pcs_dash.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite's DDL can be rolled back, as PostgreSQL's; alembic assumes it can't.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
