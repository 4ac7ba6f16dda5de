"""Alembic's environment: one history for all tables, GeoAlchemy2's helpers, the partitions left to the worker."""

from __future__ import annotations

from importlib import import_module

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import create_engine

import dispatch.audit.tables
import dispatch.bulletins.tables
import dispatch.calendars.tables
import dispatch.cards.tables
import dispatch.cases.tables
import dispatch.drafts.tables
import dispatch.duty.tables
import dispatch.emergency.tables
import dispatch.evaluation.tables
import dispatch.evidence.tables
import dispatch.integrity.tables
import dispatch.live.tables
import dispatch.notify.tables
import dispatch.people.tables
import dispatch.standard.tables
import dispatch.terminals.tables
import dispatch.units.tables  # noqa: F401  (declared by being imported)
import gis.changes.tables  # noqa: F401
from gis.tables import metadata

# By name: the rooms of dispatch may not import what stands to their right, yet one history holds all tables.
import_module("collectors.tables")


def ours(thing: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Leave out PostGIS's own tables and the partitions, which the worker makes."""
    if kind == "table" and reflected and name is not None and (name == "spatial_ref_sys" or "_part_" in name):
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def run() -> None:
    """Migrate over the connection given, or over the URL in the configuration."""
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=ours,
            process_revision_directives=alembic_helpers.writer,
            render_item=alembic_helpers.render_item,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
