"""Row security, and the one function that writes a resource (decisions 8–10).

`record_put` belongs to the owner: the serving role cannot UPDATE the record by
itself, so a version can never be lost. It writes locator, version and current row
in one round trip; unchanged text makes no new version (the caller has compared).
"""

from django.conf import settings
from django.db import migrations

CREATE = """
ALTER TABLE record_resource ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_version ENABLE ROW LEVEL SECURITY;

-- How much of a person must be open for a type: 1 identity, 2 summary, 3 all.
CREATE FUNCTION record_scope_needed(type text) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN type = 'Patient' THEN 1
        WHEN type IN ('AllergyIntolerance', 'CarePlan', 'Condition', 'Encounter',
                      'Immunization', 'MedicationRequest', 'MedicationStatement',
                      'ServiceRequest', 'Task') THEN 2
        ELSE 3
    END::smallint
$$;

CREATE POLICY record_resource_sight ON record_resource FOR SELECT
    USING (population_sight_here(person_id) >= record_scope_needed(type));
CREATE POLICY record_version_sight ON record_version FOR SELECT
    USING (population_sight_here(person_id) >= record_scope_needed(type));
-- Bulk building inserts; changing goes through record_put alone.
CREATE POLICY record_resource_insert ON record_resource FOR INSERT WITH CHECK (true);
CREATE POLICY record_version_insert ON record_version FOR INSERT WITH CHECK (true);

CREATE FUNCTION record_put(
    p_type text, p_id text, p_person uuid, p_institution uuid, p_account uuid,
    p_clinical_at timestamptz, p_status text, p_deleted boolean, p_body text,
    p_tokens text[], p_references text[], p_strings text[]
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    v_person uuid;
    v_version integer;
    v_now timestamptz := clock_timestamp();
BEGIN
    INSERT INTO record_locator (type, id, person_id) VALUES (p_type, p_id, p_person)
        ON CONFLICT (type, id) DO NOTHING;
    IF NOT FOUND THEN
        SELECT person_id INTO v_person FROM record_locator
            WHERE type = p_type AND id = p_id;
        IF v_person <> p_person THEN
            RAISE EXCEPTION 'record_id_of_another_person' USING ERRCODE = '23505';
        END IF;
    END IF;
    INSERT INTO record_resource AS r (
        person_id, type, id, version, institution_id, clinical_at, status, is_deleted,
        last_updated, body, tokens, "references", strings
    ) VALUES (
        p_person, p_type, p_id, 1, p_institution, p_clinical_at, p_status, p_deleted,
        v_now, p_body, p_tokens, p_references, p_strings
    ) ON CONFLICT (person_id, type, id) DO UPDATE SET
        version = r.version + 1, institution_id = p_institution,
        clinical_at = p_clinical_at, status = p_status, is_deleted = p_deleted,
        last_updated = v_now, body = p_body, tokens = p_tokens,
        "references" = p_references, strings = p_strings,
        xid = pg_current_xact_id()::text::bigint
    RETURNING r.version INTO v_version;
    INSERT INTO record_version (
        person_id, type, id, version, institution_id, account_id, is_deleted,
        created_at, body
    ) VALUES (
        p_person, p_type, p_id, v_version, p_institution, p_account, p_deleted,
        v_now, p_body
    );
    RETURN v_version;
END $$;

-- The text as it stands, for the writer to compare with (no sight: not shown).
CREATE FUNCTION record_current(p_person uuid, p_type text, p_id text)
RETURNS TABLE (version integer, is_deleted boolean, body text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT version, is_deleted, body FROM record_resource
    WHERE person_id = p_person AND type = p_type AND id = p_id
$$;
"""

DROP = """
DROP FUNCTION record_current(uuid, text, text);
DROP FUNCTION record_put(text, text, uuid, uuid, uuid, timestamptz, text, boolean,
                         text, text[], text[], text[]);
DROP POLICY record_version_insert ON record_version;
DROP POLICY record_resource_insert ON record_resource;
DROP POLICY record_version_sight ON record_version;
DROP POLICY record_resource_sight ON record_resource;
DROP FUNCTION record_scope_needed(text);
ALTER TABLE record_version DISABLE ROW LEVEL SECURITY;
ALTER TABLE record_resource DISABLE ROW LEVEL SECURITY;
"""


def keep_append_only(apps: object, schema_editor: object) -> None:
    role = schema_editor.quote_name(settings.YILIAN_APP_ROLE)  # type: ignore[attr-defined]
    schema_editor.execute(  # type: ignore[attr-defined]
        "REVOKE UPDATE, DELETE ON record_resource, record_version, record_locator"
        f" FROM {role}"
    )


class Migration(migrations.Migration):
    dependencies = [("record", "0001_initial"), ("population", "0002_sight")]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.RunPython(keep_append_only, migrations.RunPython.noop),
    ]
