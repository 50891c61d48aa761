"""Row security, and the one function that writes a resource (decisions 8–10).

`record_put` belongs to the owner: the serving role cannot UPDATE the record by
itself, so a version can never be lost. It writes locator, version and current row
in one round trip; a text that says what stands there makes no new version.
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

-- What the server sets of a text: its version and its moment.
CREATE FUNCTION record_text(before text, version integer, at timestamptz, after text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT before || '"versionId":"' || version || '","lastUpdated":"'
        || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"'
        || after
$$;

CREATE FUNCTION record_put(
    p_type text, p_id text, p_person uuid, p_institution uuid, p_account uuid,
    p_clinical_at timestamptz, p_clinical_until timestamptz, p_status text,
    p_deleted boolean, p_before text, p_after text, p_said bytea,
    p_tokens text[], p_references text[], p_strings text[],
    OUT v_version integer, OUT v_is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    v_person uuid;
    v_said bytea;
    v_deleted boolean;
    v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
    v_body text;
BEGIN
    v_version := 0;
    v_is_new := true;
    INSERT INTO record_locator (type, id, person_id) VALUES (p_type, p_id, p_person)
        ON CONFLICT (type, id) DO NOTHING;
    IF NOT FOUND THEN
        SELECT person_id INTO v_person FROM record_locator
            WHERE type = p_type AND id = p_id;
        IF v_person <> p_person THEN
            RAISE EXCEPTION 'record_id_of_another_person' USING ERRCODE = '23505';
        END IF;
        SELECT version, said, is_deleted INTO v_version, v_said, v_deleted
            FROM record_resource
            WHERE person_id = p_person AND type = p_type AND id = p_id FOR UPDATE;
        IF v_said = p_said AND v_deleted = p_deleted THEN
            v_is_new := false;
            RETURN;
        END IF;
    END IF;
    v_version := v_version + 1;
    v_body := record_text(p_before, v_version, v_now, p_after);
    INSERT INTO record_resource (
        person_id, type, id, version, institution_id, clinical_at, clinical_until,
        status, is_deleted, last_updated, body, said, tokens, "references", strings
    ) VALUES (
        p_person, p_type, p_id, v_version, p_institution, p_clinical_at,
        p_clinical_until, p_status, p_deleted, v_now, v_body, p_said, p_tokens,
        p_references, p_strings
    ) ON CONFLICT (person_id, type, id) DO UPDATE SET
        version = v_version, institution_id = p_institution,
        clinical_at = p_clinical_at, clinical_until = p_clinical_until,
        status = p_status, is_deleted = p_deleted, last_updated = v_now,
        body = v_body, said = p_said, tokens = p_tokens,
        "references" = p_references, strings = p_strings,
        xid = pg_current_xact_id()::text::bigint;
    INSERT INTO record_version (
        person_id, type, id, version, institution_id, account_id, is_deleted,
        created_at, body
    ) VALUES (
        p_person, p_type, p_id, v_version, p_institution, p_account, p_deleted,
        v_now, v_body
    );
END $$;
"""

DROP = """
DROP FUNCTION record_put(text, text, uuid, uuid, uuid, timestamptz, timestamptz, text,
                         boolean, text, text, bytea, text[], text[], text[]);
DROP FUNCTION record_text(text, integer, timestamptz, text);
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
