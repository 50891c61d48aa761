"""Numbers of transactions that go on where they were, when a region is restored.

Rows carry the number of their transaction, so that readers of what is new stop
before those still running (decisions 11). A new server counts from the beginning:
restoring replaces `yilian_transactions_before`, and every number stays larger than
those of before.
"""

import django.db.models.expressions
from django.db import migrations, models

CREATE = """
DO $$ BEGIN
    -- Restoring an older backup has made this one already.
    IF to_regprocedure('yilian_transactions_before()') IS NULL THEN
        CREATE FUNCTION yilian_transactions_before() RETURNS bigint
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 0::bigint';
    END IF;
END $$;

CREATE FUNCTION yilian_transaction() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT pg_current_xact_id()::text::bigint + yilian_transactions_before()
$$;

-- Every transaction with a smaller number has ended.
CREATE FUNCTION yilian_transactions_ended() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        + yilian_transactions_before()
$$;
"""
DROP = """
DROP FUNCTION yilian_transactions_ended();
DROP FUNCTION yilian_transaction();
DROP FUNCTION yilian_transactions_before();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seal_leaves")]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.AlterField(
            model_name="auditentry",
            name="xid",
            field=models.BigIntegerField(
                db_default=django.db.models.expressions.RawSQL(
                    "(yilian_transaction())", []
                )
            ),
        ),
    ]
