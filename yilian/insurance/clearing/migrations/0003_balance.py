"""The database as book-keeper: entries balance, closed months stay closed.

At the end of a transaction each entry has exactly the legs it says, and they sum
to zero in the books of each house. Before an entry is taken in, its consortium is
held shared; who draws, signs or closes holds it alone (`services/holding.py`), so
that nothing slips into a month while it is being closed or signed.
"""

from django.db import migrations

BALANCED = """
CREATE FUNCTION clearing_require_balance(wanted uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    said smallint;
    found bigint;
    wrong bigint;
BEGIN
    SELECT legs INTO said FROM clearing_entry WHERE id = wanted;
    SELECT coalesce(sum(n), 0), count(*) FILTER (WHERE total <> 0)
      INTO found, wrong
      FROM (SELECT count(*) AS n, sum(p.amount) AS total
              FROM clearing_posting p
              JOIN clearing_ledgeraccount a ON a.id = p.account_id
             WHERE p.entry_id = wanted
             GROUP BY a.institution_id) AS of_house;
    IF found <> said OR wrong > 0 THEN
        RAISE EXCEPTION 'entry does not balance'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_balances';
    END IF;
END $$;

CREATE FUNCTION clearing_entry_balances() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM clearing_require_balance(NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION clearing_posting_balances() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM clearing_require_balance(OLD.entry_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM clearing_require_balance(NEW.entry_id);
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER entry_balances
    AFTER INSERT OR UPDATE ON clearing_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION clearing_entry_balances();

CREATE CONSTRAINT TRIGGER posting_balances
    AFTER INSERT OR UPDATE OR DELETE ON clearing_posting
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION clearing_posting_balances();
"""
UNBALANCED = """
DROP TRIGGER posting_balances ON clearing_posting;
DROP TRIGGER entry_balances ON clearing_entry;
DROP FUNCTION clearing_posting_balances();
DROP FUNCTION clearing_entry_balances();
DROP FUNCTION clearing_require_balance(uuid);
"""

ADMITTED = """
CREATE FUNCTION clearing_entry_admitted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(
        hashtextextended('clearing:' || NEW.consortium_id, 1));
    IF EXISTS (SELECT FROM clearing_closedperiod c
                WHERE c.consortium_id = NEW.consortium_id
                  AND c.period >= NEW.period) THEN
        RAISE EXCEPTION 'period is closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_in_open_period';
    END IF;
    IF NEW.statement_id IS NULL AND EXISTS (
        SELECT FROM clearing_statement s
         WHERE s.consortium_id = NEW.consortium_id AND s.period = NEW.period
           AND s.one_id = NEW.one_id AND s.other_id = NEW.other_id
           AND s.state <> 'drawn') THEN
        RAISE EXCEPTION 'statement is signed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_before_signature';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER entry_admitted BEFORE INSERT ON clearing_entry
    FOR EACH ROW EXECUTE FUNCTION clearing_entry_admitted();
"""
NOT_ADMITTED = """
DROP TRIGGER entry_admitted ON clearing_entry;
DROP FUNCTION clearing_entry_admitted();
"""


class Migration(migrations.Migration):
    dependencies = [("clearing", "0002_append_only")]
    operations = [
        migrations.RunSQL(BALANCED, UNBALANCED),
        migrations.RunSQL(ADMITTED, NOT_ADMITTED),
    ]
