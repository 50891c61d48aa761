"""Facts of a transaction stay; its state moves along the table alone."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly, UpdateOnly

# As `rules/states.py: NEXT` had it when this was written.
CREATE = """
CREATE FUNCTION insurer_transaction_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('queued', 'sent'), ('queued', 'needless'),
        ('sent', 'booked'), ('sent', 'refused'), ('sent', 'unknown'),
        ('sent', 'queued'),
        ('unknown', 'booked'), ('unknown', 'refused'), ('unknown', 'queued'),
        ('booked', 'reversed')
    ) THEN
        RAISE EXCEPTION 'transaction_moves_along_its_table'
            USING ERRCODE = '23514';
    END IF;
    IF OLD.reference <> '' AND NEW.reference <> OLD.reference THEN
        RAISE EXCEPTION 'transaction_reference_stays' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER insurer_transaction_moves BEFORE UPDATE ON insurer_transaction
    FOR EACH ROW EXECUTE FUNCTION insurer_transaction_moves();
ALTER TABLE insurer_transaction ADD CONSTRAINT transaction_of_a_settlement
    FOREIGN KEY (person_id, settlement_id)
    REFERENCES settlement_settlement (person_id, id);
"""
DROP = """
ALTER TABLE insurer_transaction DROP CONSTRAINT transaction_of_a_settlement;
DROP TRIGGER insurer_transaction_moves ON insurer_transaction;
DROP FUNCTION insurer_transaction_moves();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("insurer", "0001_initial"),
        ("settlement", "0002_append_only"),
    ]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        AppendOnly("insurer_transactionstep"),
        UpdateOnly(
            "insurer_transaction",
            "state",
            "tries",
            "due_at",
            "sent_at",
            "unknown_since",
            "answered_at",
            "fault",
            "code",
            "reference",
        ),
        UpdateOnly(
            "insurer_reconciliation",
            "state",
            "done_at",
            "fault",
            "ours_count",
            "ours_total",
            "ours_fund",
            "theirs_count",
            "theirs_total",
            "theirs_fund",
            "differences",
        ),
        UpdateOnly("insurer_difference", "closed_at", "closed_by_id", "note"),
    ]
