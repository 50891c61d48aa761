"""Money in the record is seen by money's own rule, not by that of care.

Who treats a person reads no claim and no explanation of benefit; the insurer of the
place of insurance does, a house's finance office its own, the system and the
residents theirs. What a connection may is said by `access.database.acting_as`.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION record_is_money(type text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT type IN (
        'Account', 'ChargeItem', 'Claim', 'ClaimResponse', 'Coverage',
        'CoverageEligibilityRequest', 'CoverageEligibilityResponse',
        'ExplanationOfBenefit', 'Invoice', 'PaymentNotice', 'PaymentReconciliation')
$$;

-- institution: the house that charged.
CREATE FUNCTION record_money_sight_here(person uuid, institution uuid)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE split_part(said, ':', 1)
        WHEN 'all' THEN true
        WHEN 'own' THEN population_sight_here(person) >= 3
        WHEN 'house' THEN
            COALESCE(institution = NULLIF(
                current_setting('yilian.institution', true), '')::uuid, false)
        WHEN 'area' THEN EXISTS (
            SELECT 1 FROM population_person p WHERE p.id = person
            AND starts_with(p.insured_area, split_part(said, ':', 2)))
        ELSE false
    END FROM (SELECT COALESCE(current_setting('yilian.money', true), '') AS said) s
$$;

CREATE FUNCTION record_sight_here(person uuid, institution uuid, type text)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN record_is_money(type)
        THEN record_money_sight_here(person, institution)
        ELSE population_sight_here(person) >= record_scope_needed(type) END
$$;

ALTER POLICY record_resource_sight ON record_resource
    USING (record_sight_here(person_id, institution_id, type));
ALTER POLICY record_version_sight ON record_version
    USING (record_sight_here(person_id, institution_id, type));

-- What a search adds for the rows it finds; one person's scope was asked before.
CREATE FUNCTION record_sight_clause(types text[], person uuid)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM unnest(types) AS name WHERE record_is_money(name))
        THEN ' AND record_sight_here(r.person_id, r.institution_id, r.type)'
        WHEN person IS NULL
        THEN ' AND population_sight_here(r.person_id) >= record_scope_needed(r.type)'
        ELSE '' END
$$;

DO $$
DECLARE
    was text := pg_get_functiondef(
        'record_search_sql(text[],uuid,jsonb,integer)'::regprocedure);
    became text := replace(was, $old$
        wanted := wanted || format(' AND r.person_id = %L', person);
    ELSE
        wanted := wanted || ' AND population_sight_here(r.person_id)'
            ' >= record_scope_needed(r.type)';
    END IF;$old$, $new$
        wanted := wanted || format(' AND r.person_id = %L', person);
    END IF;
    wanted := wanted || record_sight_clause(types, person);$new$);
BEGIN
    IF became = was THEN
        RAISE EXCEPTION 'record_search_sql is not as it was';
    END IF;
    EXECUTE became;
    was := pg_get_functiondef('record_search(text[],uuid,jsonb,integer)'::regprocedure);
    became := replace(was,
        'WHERE record_scope_needed(name) <= seen;',
        'WHERE record_is_money(name) OR record_scope_needed(name) <= seen;');
    IF became = was THEN
        RAISE EXCEPTION 'record_search is not as it was';
    END IF;
    EXECUTE became;
END $$;
"""

DROP = """
DO $$
DECLARE
    was text := pg_get_functiondef(
        'record_search_sql(text[],uuid,jsonb,integer)'::regprocedure);
BEGIN
    EXECUTE replace(was, $new$
    END IF;
    wanted := wanted || record_sight_clause(types, person);$new$, $old$
    ELSE
        wanted := wanted || ' AND population_sight_here(r.person_id)'
            ' >= record_scope_needed(r.type)';
    END IF;$old$);
    was := pg_get_functiondef('record_search(text[],uuid,jsonb,integer)'::regprocedure);
    EXECUTE replace(was, 'record_is_money(name) OR ', '');
END $$;
DROP FUNCTION record_sight_clause(text[], uuid);
ALTER POLICY record_resource_sight ON record_resource
    USING (population_sight_here(person_id) >= record_scope_needed(type));
ALTER POLICY record_version_sight ON record_version
    USING (population_sight_here(person_id) >= record_scope_needed(type));
DROP FUNCTION record_sight_here(uuid, uuid, text);
DROP FUNCTION record_money_sight_here(uuid, uuid);
DROP FUNCTION record_is_money(text);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0004_transactions")]
    operations = [migrations.RunSQL(CREATE, DROP)]
