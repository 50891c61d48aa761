"""A result is written once; what is over stays over."""

from django.db import migrations

from yilian.foundation.access.privileges import UpdateOnly

CREATE = """
CREATE FUNCTION whatif_scenario_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('done', 'failed') THEN
        RAISE EXCEPTION 'scenario_result_stays' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER whatif_scenario_stays BEFORE UPDATE ON whatif_scenario
    FOR EACH ROW EXECUTE FUNCTION whatif_scenario_stays();
"""
DROP = """
DROP TRIGGER whatif_scenario_stays ON whatif_scenario;
DROP FUNCTION whatif_scenario_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("whatif", "0001_initial")]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        UpdateOnly(
            "whatif_scenario",
            "state",
            "progress",
            "started_at",
            "finished_at",
            "fault",
            "result",
            "digest",
        ),
    ]
