"""Search through one function that applies sight itself (decisions 9).

It belongs to the owner, so that the GIN indexes serve: under a policy they do not.
What the acting connection has said of itself (`acting_as`) decides what comes back.
`record_search_sql` only writes the statement, so that a test can have it explained.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION record_span_test(start_column text, end_column text, test jsonb)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT format(CASE test ->> 'op'
        WHEN 'eq' THEN '(%1$s >= %3$L AND %2$s <= %4$L)'
        WHEN 'ne' THEN
            'NOT (%1$s >= %3$L AND COALESCE(%2$s, ''infinity'') <= %4$L)'
        WHEN 'lt' THEN '(%1$s < %3$L)'
        WHEN 'le' THEN '(%1$s < %4$L)'
        WHEN 'gt' THEN '(COALESCE(%2$s, ''infinity'') > %4$L)'
        WHEN 'ge' THEN '(COALESCE(%2$s, ''infinity'') > %3$L)'
        WHEN 'sa' THEN '(%1$s >= %4$L)'
        WHEN 'eb' THEN '(%2$s <= %3$L)'
    END, start_column, end_column, test ->> 'start', test ->> 'end')
$$;

CREATE FUNCTION record_array(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT COALESCE(array_agg(item), '{}') FROM jsonb_array_elements_text(list) AS item
$$;

-- asked: ids [..]; tokens, references, strings [[any of], and [any of]];
-- spans, updated [{op, start, end}]; after: the last id shown; newest_first.
CREATE FUNCTION record_search_sql(types text[], person uuid, asked jsonb, most integer)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    wanted text := format('r.type = ANY (%L::text[]) AND NOT r.is_deleted', types);
    item jsonb;
BEGIN
    IF cardinality(types) = 1 THEN
        wanted := format('r.type = %L AND NOT r.is_deleted', types[1]);
    END IF;
    IF person IS NOT NULL THEN
        wanted := wanted || format(' AND r.person_id = %L', person);
    ELSE
        wanted := wanted || ' AND population_sight_here(r.person_id)'
            ' >= record_scope_needed(r.type)';
    END IF;
    IF asked ? 'ids' THEN
        wanted := wanted || format(
            ' AND r.id = ANY (%1$L::text[]) AND (r.person_id, r.type, r.id) IN ('
            'SELECT l.person_id, l.type, l.id FROM record_locator l'
            ' WHERE l.type = ANY (%2$L::text[]) AND l.id = ANY (%1$L::text[]))',
            record_array(asked -> 'ids'), types);
    END IF;
    FOR item IN SELECT * FROM jsonb_array_elements(asked -> 'tokens') LOOP
        wanted := wanted || format(' AND r.tokens && %L::text[]', record_array(item));
    END LOOP;
    FOR item IN SELECT * FROM jsonb_array_elements(asked -> 'references') LOOP
        wanted := wanted
            || format(' AND r."references" && %L::text[]', record_array(item));
    END LOOP;
    FOR item IN SELECT * FROM jsonb_array_elements(asked -> 'strings') LOOP
        wanted := wanted || format(
            ' AND NOT (r.strings = ''{}''::text[] AND r.strings IS NOT NULL)'
            ' AND r.strings && %L::text[]', record_array(item));
    END LOOP;
    FOR item IN SELECT * FROM jsonb_array_elements(asked -> 'spans') LOOP
        wanted := wanted || ' AND '
            || record_span_test('r.clinical_at', 'r.clinical_until', item);
    END LOOP;
    FOR item IN SELECT * FROM jsonb_array_elements(asked -> 'updated') LOOP
        wanted := wanted || ' AND '
            || record_span_test('r.last_updated', 'r.last_updated', item);
    END LOOP;
    IF asked ? 'after' THEN
        wanted := wanted || format(' AND r.id > %L', asked ->> 'after');
    END IF;
    RETURN format(
        'SELECT r.person_id, r.type::text, r.id::text, r.version, r.institution_id,'
        ' r.clinical_at, r.clinical_until, r.status::text, r.last_updated, r.body'
        ' FROM record_resource r WHERE %s ORDER BY %s LIMIT %s', wanted,
        CASE WHEN asked ? 'newest_first' THEN 'r.clinical_at DESC NULLS LAST, r.id'
             ELSE 'r.id' END, most);
END $$;

CREATE FUNCTION record_search(types text[], person uuid, asked jsonb, most integer)
RETURNS TABLE (
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
            FROM unnest(types) AS name WHERE record_scope_needed(name) <= seen;
    END IF;
    IF cardinality(open_types) > 0 THEN
        RETURN QUERY EXECUTE record_search_sql(open_types, person, asked, most);
    END IF;
END $$;
"""

DROP = """
DROP FUNCTION record_search(text[], uuid, jsonb, integer);
DROP FUNCTION record_search_sql(text[], uuid, jsonb, integer);
DROP FUNCTION record_array(jsonb);
DROP FUNCTION record_span_test(text, text, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0002_functions")]
    operations = [migrations.RunSQL(CREATE, DROP)]
