"""Of which unit somebody was on a day: a company's inspectors are those of the day, not of today."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

# Whoever is new may have acted before he was entered: his first entry is from ever.
KEPT = """
CREATE FUNCTION keep_person_unit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
DECLARE
    today date := city_day(coalesce((SELECT simulated_now FROM city), clock_timestamp()));
BEGIN
    UPDATE person_unit SET valid_to = today WHERE person_id = NEW.id AND valid_to IS NULL AND valid_from < today;
    DELETE FROM person_unit WHERE person_id = NEW.id AND valid_from >= today;
    IF NEW.unit_id IS NOT NULL THEN
        INSERT INTO person_unit (person_id, unit_id, valid_from)
        VALUES (NEW.id, NEW.unit_id, CASE TG_OP WHEN 'INSERT' THEN DATE '1970-01-01' ELSE today END);
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "person_unit",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="first day on which it is no more"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_unit_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_person_unit_unit_id")),
        sa.PrimaryKeyConstraint("person_id", "valid_from", name=op.f("pk_person_unit")),
    )
    op.create_index("person_unit_unit", "person_unit", ["unit_id"])
    op.execute(
        "INSERT INTO person_unit (person_id, unit_id, valid_from)"
        " SELECT id, unit_id, DATE '1970-01-01' FROM person WHERE unit_id IS NOT NULL"
    )
    op.execute(KEPT)
    op.execute("REVOKE ALL ON FUNCTION keep_person_unit() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER person_unit_begun AFTER INSERT ON person FOR EACH ROW EXECUTE FUNCTION keep_person_unit()"
    )
    op.execute(
        "CREATE TRIGGER person_unit_changed AFTER UPDATE OF unit_id ON person FOR EACH ROW"
        " WHEN (OLD.unit_id IS DISTINCT FROM NEW.unit_id) EXECUTE FUNCTION keep_person_unit()"
    )
    op.execute("GRANT SELECT ON person_unit TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.execute("DROP TRIGGER person_unit_begun ON person")
    op.execute("DROP TRIGGER person_unit_changed ON person")
    op.execute("DROP FUNCTION keep_person_unit()")
    op.drop_table("person_unit")
