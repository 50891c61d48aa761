"""A supplementary clearing goes on from one that both have confirmed; late amounts
count in one place; its shares are the difference."""

from django.db import migrations

CARRIES = """
CREATE OR REPLACE FUNCTION budget_require_open_to() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM budget_in_line(coalesce(NEW.to_pool_id, NEW.from_pool_id));
    IF NOT budget_is_frozen(NEW.from_pool_id)
       OR (NEW.to_pool_id IS NOT NULL AND budget_is_frozen(NEW.to_pool_id))
       OR (NEW.supplement_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM budget_clearing made
             WHERE made.id = NEW.supplement_id AND made.kind = 'supplement'
               AND made.pool_id = NEW.from_pool_id)) THEN
        RAISE EXCEPTION 'budget_carries_from_frozen_to_open'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
RETURNED = """
CREATE OR REPLACE FUNCTION budget_require_returned() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM budget_in_line(NEW.pool_id);
    IF NEW.kind = 'supplement' THEN
        IF NOT EXISTS (
            SELECT FROM budget_clearing base
             WHERE base.id = NEW.supplements_id AND base.pool_id = NEW.pool_id
               AND base.kind IN ('final', 'supplement')
               AND (SELECT count(*) FROM budget_clearingact act
                     WHERE act.clearing_id = base.id AND act.act <> 'returned') = 2)
        THEN
            RAISE EXCEPTION 'budget_supplements_what_was_confirmed'
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF budget_is_frozen(NEW.pool_id) THEN
        RAISE EXCEPTION 'budget_year_is_frozen' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.replaces_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM budget_clearingact act
          JOIN budget_clearing made ON made.id = act.clearing_id
         WHERE act.id = NEW.replaces_id AND act.act = 'returned'
           AND made.pool_id = NEW.pool_id AND made.kind = NEW.kind
           AND made.supplements_id IS NOT DISTINCT FROM NEW.supplements_id) THEN
        RAISE EXCEPTION 'budget_replaces_what_was_returned'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
SHARES = """
CREATE OR REPLACE FUNCTION budget_require_whole_shares() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    made budget_clearing;
    base budget_clearing;
    given numeric;
    confirmed integer;
BEGIN
    SELECT * INTO made FROM budget_clearing WHERE id = NEW.clearing_id;
    SELECT * INTO base FROM budget_clearing WHERE id = made.supplements_id;
    SELECT sum(amount) INTO given FROM budget_share WHERE clearing_id = NEW.clearing_id;
    SELECT count(*) INTO confirmed FROM budget_clearingact
     WHERE clearing_id = NEW.clearing_id AND act <> 'returned';
    IF made.kind NOT IN ('final', 'supplement') OR confirmed < 2
       OR given <> made.retained - made.consortium_share
                   - coalesce(base.retained - base.consortium_share, 0) THEN
        RAISE EXCEPTION 'budget_shares_add_up' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

# As 0002 has them, to go back.
CARRIES_BEFORE = """
CREATE OR REPLACE FUNCTION budget_require_open_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM budget_in_line(NEW.to_pool_id);
    IF budget_is_frozen(NEW.to_pool_id) OR NOT budget_is_frozen(NEW.from_pool_id) THEN
        RAISE EXCEPTION 'budget_carries_from_frozen_to_open'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
RETURNED_BEFORE = """
CREATE OR REPLACE FUNCTION budget_require_returned() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""
SHARES_BEFORE = """
CREATE OR REPLACE FUNCTION budget_require_whole_shares() RETURNS trigger LANGUAGE plpgsql AS $$
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


class Migration(migrations.Migration):
    dependencies = [("budget", "0003_supplement")]
    operations = [
        migrations.RunSQL(CARRIES, CARRIES_BEFORE),
        migrations.RunSQL(RETURNED, RETURNED_BEFORE),
        migrations.RunSQL(SHARES, SHARES_BEFORE),
    ]
