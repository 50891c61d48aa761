"""A search says who asks in the same round trip, and what is read of one person by
every page is planned once.

`record_search_as` tells the connection for whom it reads (as `acting_as` does, until
the end of the transaction) and searches. The parts of a person's page ask for the
newest of some types and for nothing else: that statement stands written out, so that
its plan is kept; `record_search_sql` writes every other one anew.
"""

from django.db import migrations

_HEAD = """
CREATE OR REPLACE FUNCTION record_search(
    types text[], person uuid, asked jsonb, most integer
) RETURNS TABLE (
    person_id uuid, type text, id text, version integer, institution_id uuid,
    clinical_at timestamptz, clinical_until timestamptz, status text,
    last_updated timestamptz, body text
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
DECLARE
    open_types text[] := types;
    seen smallint;
BEGIN
    IF person IS NOT NULL THEN
        -- One person: asked once, not for every row.
        seen := population_sight_here(person);
        SELECT COALESCE(array_agg(name), '{}') INTO open_types
            FROM unnest(types) AS name
            WHERE record_is_money(name) OR record_scope_needed(name) <= seen;
    END IF;
"""
_BEFORE = """
    IF cardinality(open_types) > 0 THEN
        RETURN QUERY EXECUTE record_search_sql(open_types, person, asked, most);
    END IF;
END $$;
"""
_AFTER = """
    IF cardinality(open_types) = 0 THEN
        RETURN;
    END IF;
    IF person IS NOT NULL AND asked = '{"newest_first": true}'
        AND record_sight_clause(open_types, person) = ''
    THEN
        RETURN QUERY SELECT
            r.person_id, r.type::text, r.id::text, r.version, r.institution_id,
            r.clinical_at, r.clinical_until, r.status::text, r.last_updated, r.body
        FROM record_resource r
        WHERE r.person_id = person AND r.type = ANY (open_types) AND NOT r.is_deleted
        ORDER BY r.clinical_at DESC NULLS LAST, r.id LIMIT most;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE record_search_sql(open_types, person, asked, most);
END $$;
"""
SEARCH_AS = """
CREATE FUNCTION record_search_as(
    reach text, institution text, account text, persons text, money text,
    types text[], person uuid, asked jsonb, most integer
) RETURNS TABLE (
    person_id uuid, type text, id text, version integer, institution_id uuid,
    clinical_at timestamptz, clinical_until timestamptz, status text,
    last_updated timestamptz, body text
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('yilian.reach', reach, true),
        set_config('yilian.institution', institution, true),
        set_config('yilian.account', account, true),
        set_config('yilian.persons', persons, true),
        set_config('yilian.money', money, true);
    RETURN QUERY SELECT * FROM record_search(types, person, asked, most);
END $$;
"""
DROP_SEARCH_AS = """
DROP FUNCTION record_search_as(
    text, text, text, text, text, text[], uuid, jsonb, integer);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0005_money")]
    operations = [
        migrations.RunSQL(_HEAD + _AFTER, _HEAD + _BEFORE),
        migrations.RunSQL(SEARCH_AS, DROP_SEARCH_AS),
    ]
