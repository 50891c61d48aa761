"""The one sight function (decisions 1), used by querysets, row security, search."""

from django.db import migrations

CREATE = """
CREATE FUNCTION population_sight(
    person uuid, reach text, institution text, account text, persons text
) RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN person = '00000000-0000-0000-0000-000000000000' THEN 3
        WHEN reach = 'system' THEN 3
        WHEN reach = 'self' THEN
            CASE WHEN person = ANY (persons::uuid[]) THEN 3 ELSE 0 END
        WHEN reach IN ('institution', 'department') THEN COALESCE((
            SELECT max(g.scope) FROM population_grant g
            WHERE g.person_id = person
              AND g.institution_id = NULLIF(institution, '')::uuid
              AND g.period @> statement_timestamp()
              AND g.sole_account_id IS DISTINCT FROM NULLIF(account, '')::uuid
              AND (g.only_account_id IS NULL
                   OR g.only_account_id = NULLIF(account, '')::uuid)
        ), 0)
        ELSE 0
    END::smallint
$$;

-- What the acting connection has said of itself (`access.database.acting_as`).
CREATE FUNCTION population_sight_here(person uuid)
RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT population_sight(
        person,
        COALESCE(current_setting('yilian.reach', true), ''),
        COALESCE(current_setting('yilian.institution', true), ''),
        COALESCE(current_setting('yilian.account', true), ''),
        COALESCE(NULLIF(current_setting('yilian.persons', true), ''), '{}')
    )
$$;
"""

DROP = """
DROP FUNCTION population_sight_here(uuid);
DROP FUNCTION population_sight(uuid, text, text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("population", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
