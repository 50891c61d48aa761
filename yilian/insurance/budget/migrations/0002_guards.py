"""What the database itself refuses: rows changed, a cleared year touched, a person
covered by two pools, a clearing confirmed by whoever counted it, shares that do not
add up."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly, UpdateOnly

# Areas are prefixes of one another: 6401 holds 640121.
ONE_POOL_A_PERSON = """
ALTER TABLE budget_pool ADD CONSTRAINT pool_covers_nobody_twice EXCLUDE USING gist (
    year WITH =,
    int8range(rpad(area_code, 12, '0')::bigint, rpad(area_code, 12, '9')::bigint, '[]')
        WITH &&
)
"""
NOT_ONE_POOL_A_PERSON = (
    "ALTER TABLE budget_pool DROP CONSTRAINT pool_covers_nobody_twice"
)

# Writers of one pool stand in line, so that none slips past a clearing being made.
FUNCTIONS = """
CREATE FUNCTION budget_in_line(pool uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('budget.pool.' || pool::text, 1))
$$;

CREATE FUNCTION budget_is_frozen(pool uuid) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT FROM budget_clearing made
         WHERE made.pool_id = pool AND made.kind = 'final'
           AND NOT EXISTS (SELECT FROM budget_clearingact act
                            WHERE act.clearing_id = made.id AND act.act = 'returned'))
$$;

CREATE FUNCTION budget_require_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.pool_id ELSE NEW.pool_id END;
BEGIN
    PERFORM budget_in_line(wanted);
    IF budget_is_frozen(wanted) THEN
        RAISE EXCEPTION 'budget_year_is_frozen' USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION budget_require_open_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM budget_in_line(NEW.to_pool_id);
    IF budget_is_frozen(NEW.to_pool_id) OR NOT budget_is_frozen(NEW.from_pool_id) THEN
        RAISE EXCEPTION 'budget_carries_from_frozen_to_open'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION budget_require_returned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM budget_in_line(NEW.pool_id);
    IF budget_is_frozen(NEW.pool_id) THEN
        RAISE EXCEPTION 'budget_year_is_frozen' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.replaces_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM budget_clearingact act
          JOIN budget_clearing made ON made.id = act.clearing_id
         WHERE act.id = NEW.replaces_id AND act.act = 'returned'
           AND made.pool_id = NEW.pool_id AND made.kind = NEW.kind) THEN
        RAISE EXCEPTION 'budget_replaces_what_was_returned'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION budget_require_other_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    made budget_clearing;
    said text[];
BEGIN
    SELECT * INTO made FROM budget_clearing WHERE id = NEW.clearing_id;
    PERFORM budget_in_line(made.pool_id);
    SELECT coalesce(array_agg(act), '{}') INTO said
      FROM budget_clearingact WHERE clearing_id = NEW.clearing_id;
    IF NEW.act <> 'returned' AND NEW.by_id = made.made_by_id THEN
        RAISE EXCEPTION 'budget_confirmed_by_another' USING ERRCODE = 'check_violation';
    END IF;
    IF 'returned' = ANY (said)
       OR (NEW.act = 'returned' AND said @> '{insurer,consortium}') THEN
        RAISE EXCEPTION 'budget_clearing_is_settled' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION budget_require_whole_shares() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    made budget_clearing;
    given numeric;
    confirmed integer;
BEGIN
    SELECT * INTO made FROM budget_clearing WHERE id = NEW.clearing_id;
    SELECT sum(amount) INTO given FROM budget_share WHERE clearing_id = NEW.clearing_id;
    SELECT count(*) INTO confirmed FROM budget_clearingact
     WHERE clearing_id = NEW.clearing_id AND act <> 'returned';
    IF made.kind <> 'final' OR confirmed < 2
       OR given <> made.retained - made.consortium_share THEN
        RAISE EXCEPTION 'budget_shares_add_up' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""
TRIGGERS = """
CREATE TRIGGER budget_open BEFORE INSERT OR UPDATE OR DELETE ON budget_useday
    FOR EACH ROW EXECUTE FUNCTION budget_require_open();
CREATE TRIGGER budget_open BEFORE INSERT OR UPDATE ON budget_poolrevision
    FOR EACH ROW EXECUTE FUNCTION budget_require_open();
CREATE TRIGGER budget_open BEFORE INSERT ON budget_advance
    FOR EACH ROW EXECUTE FUNCTION budget_require_open();
CREATE TRIGGER budget_open BEFORE INSERT ON budget_refusal
    FOR EACH ROW EXECUTE FUNCTION budget_require_open();
CREATE TRIGGER budget_open BEFORE INSERT ON budget_score
    FOR EACH ROW EXECUTE FUNCTION budget_require_open();
CREATE TRIGGER budget_open BEFORE INSERT ON budget_carryover
    FOR EACH ROW EXECUTE FUNCTION budget_require_open_to();
CREATE TRIGGER budget_open BEFORE INSERT ON budget_clearing
    FOR EACH ROW EXECUTE FUNCTION budget_require_returned();
CREATE TRIGGER budget_other_eyes BEFORE INSERT ON budget_clearingact
    FOR EACH ROW EXECUTE FUNCTION budget_require_other_eyes();
CREATE CONSTRAINT TRIGGER budget_whole_shares AFTER INSERT ON budget_share
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION budget_require_whole_shares();
"""
NO_TRIGGERS = """
DROP TRIGGER budget_open ON budget_useday;
DROP TRIGGER budget_open ON budget_poolrevision;
DROP TRIGGER budget_open ON budget_advance;
DROP TRIGGER budget_open ON budget_refusal;
DROP TRIGGER budget_open ON budget_score;
DROP TRIGGER budget_open ON budget_carryover;
DROP TRIGGER budget_open ON budget_clearing;
DROP TRIGGER budget_other_eyes ON budget_clearingact;
DROP TRIGGER budget_whole_shares ON budget_share;
"""
NO_FUNCTIONS = """
DROP FUNCTION budget_require_whole_shares();
DROP FUNCTION budget_require_other_eyes();
DROP FUNCTION budget_require_returned();
DROP FUNCTION budget_require_open_to();
DROP FUNCTION budget_require_open();
DROP FUNCTION budget_is_frozen(uuid);
DROP FUNCTION budget_in_line(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("budget", "0001_initial")]
    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(ONE_POOL_A_PERSON, NOT_ONE_POOL_A_PERSON),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        AppendOnly(
            "budget_pool",
            "budget_advance",
            "budget_refusal",
            "budget_score",
            "budget_carryover",
            "budget_clearing",
            "budget_clearingact",
            "budget_share",
            "budget_subsidyentry",
            "budget_incomeentry",
            "budget_pointsentry",
        ),
        UpdateOnly(
            "budget_poolrevision", "state", "decided_by_id", "decided_at", "note"
        ),
    ]
