"""What was charged, settled and decided stays as it was; rows of a person's bill
belong to that person's bill.

Composite keys take no foreign key from Django, so these are said here.
"""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly, UpdateOnly


def _key(
    table: str, name: str, columns: str, target: str, key: str
) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns})"
        f" REFERENCES {target} ({key})",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


BILL = ("settlement_bill", "person_id, id")
ROW = "settlement_settlement"


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_initial")]
    operations = [
        _key(
            "settlement_bill", "bill_follows_of_the_person", "person_id, follows", *BILL
        ),
        _key(ROW, "settlement_of_a_bill", "person_id, bill_id", *BILL),
        _key(ROW, "settlement_follows_a_bill", "person_id, follows", *BILL),
        _key(ROW, "settlement_because_of_a_bill", "person_id, because_of", *BILL),
        _key(
            ROW,
            "settlement_stands_on_the_turn_before",
            "person_id, bill_id, after_turn",
            ROW,
            "person_id, bill_id, turn",
        ),
        _key(
            ROW,
            "settlement_reverses_one_of_the_person",
            "person_id, reverses",
            ROW,
            "person_id, id",
        ),
        _key(
            ROW,
            "settlement_rests_on_a_decision",
            "person_id, decision_id",
            "settlement_decision",
            "person_id, id",
        ),
        _key("settlement_decision", "decision_of_a_bill", "person_id, bill_id", *BILL),
        _key(
            "settlement_decision",
            "decision_on_a_filing",
            "person_id, filing_id",
            "settlement_filing",
            "person_id, id",
        ),
        _key("settlement_filing", "filing_of_a_bill", "person_id, bill_id", *BILL),
        AppendOnly(ROW),
        UpdateOnly("settlement_coverage", "period"),
        UpdateOnly(
            "settlement_bill", "settled_at", "voided_at", "voided_by_id", "void_reason"
        ),
        UpdateOnly(
            "settlement_decision",
            "standing",
            "second_at",
            "second_by_id",
            "second_note",
        ),
        UpdateOnly("settlement_filing", "state", "closed_at"),
        UpdateOnly(
            "settlement_anomaly", "state", "decided_at", "decided_by_id", "note"
        ),
    ]
