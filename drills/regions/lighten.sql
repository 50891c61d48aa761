-- Keep the houses that somebody was in; the rest of a region's thousands only weigh.
CREATE TEMP TABLE kept AS WITH RECURSIVE used(id) AS (
    SELECT unnest(ARRAY[from_institution_id, to_institution_id]) FROM referral_referral
    UNION SELECT institution_id FROM reception_encounter
    UNION SELECT registered_by_id FROM population_person
    UNION SELECT institution_id FROM population_grant
    UNION SELECT institution_id FROM population_choseninstitution
    UNION SELECT institution_id FROM population_breakglass
    UNION SELECT institution_id FROM referral_referralstep
    UNION SELECT institution_id FROM referral_breach
    UNION SELECT institution_id FROM referral_followup
    UNION SELECT institution_id FROM directory_practitionerrole WHERE account_id IS NOT NULL
    UNION SELECT governing_authority_id FROM consortium_consortium),
above(id) AS (
    SELECT id FROM used WHERE id IS NOT NULL
    UNION SELECT i.administrative_parent_id FROM above a JOIN directory_institution i ON i.id = a.id
    WHERE i.administrative_parent_id IS NOT NULL)
SELECT DISTINCT id FROM above;
CREATE TEMP TABLE posts AS
    SELECT from_post_id AS id FROM referral_referral UNION SELECT assigned_to_id FROM referral_referral
    UNION SELECT doctor_id FROM population_choseninstitution
    UNION SELECT id FROM directory_practitionerrole WHERE account_id IS NOT NULL;
DELETE FROM directory_dutyshift WHERE institution_id NOT IN (TABLE kept);
DELETE FROM scheduling_slot s WHERE NOT EXISTS (SELECT FROM scheduling_hold h WHERE h.slot_id = s.id)
    AND (institution_id NOT IN (TABLE kept) OR starts_at > now() + interval '3 days');
DELETE FROM scheduling_bed b WHERE NOT EXISTS (SELECT FROM scheduling_hold h WHERE h.bed_id = b.id)
    AND (institution_id NOT IN (TABLE kept) OR right(id::text, 1) > '2');
DELETE FROM directory_equipment WHERE institution_id NOT IN (TABLE kept);
DELETE FROM consortium_agreementparty WHERE institution_id NOT IN (TABLE kept);
DELETE FROM consortium_membership WHERE institution_id NOT IN (TABLE kept);
DELETE FROM directory_practitionerrole r WHERE institution_id NOT IN (TABLE kept)
    AND NOT EXISTS (SELECT FROM directory_dutyshift d WHERE d.post_id = r.id)
    AND NOT EXISTS (SELECT FROM posts p WHERE p.id = r.id);
DELETE FROM directory_practitioner p WHERE NOT EXISTS (
    SELECT FROM directory_practitionerrole r WHERE r.practitioner_id = p.id);
DELETE FROM directory_department d WHERE institution_id NOT IN (TABLE kept);
DELETE FROM directory_institution WHERE id NOT IN (TABLE kept);
CREATE TEMP TABLE gone AS SELECT type, id FROM record_resource
    WHERE type IN ('PractitionerRole', 'Organization', 'Practitioner', 'Location')
    AND id::text NOT IN (
        SELECT id::text FROM directory_institution UNION SELECT id::text FROM directory_department
        UNION SELECT id::text FROM directory_practitioner UNION SELECT id::text FROM directory_practitionerrole);
DELETE FROM record_resource r USING gone g WHERE (r.type, r.id) = (g.type, g.id);
DELETE FROM record_version r USING gone g WHERE (r.type, r.id) = (g.type, g.id);
DELETE FROM record_locator r USING gone g WHERE (r.type, r.id) = (g.type, g.id);
