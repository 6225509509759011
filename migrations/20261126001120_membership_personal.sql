-- What members say about themselves is one document, whose form `membership::Personal` says; what was answered at joining
-- holds it too (`membership::Answers`). An address that never had a postcode is kept as lines.
create function pg_temp.address(line1 text, line2 text, town text, postcode text) returns jsonb language sql as $$
    select case when postcode <> '' then
               jsonb_build_object('lives', 'uk', 'line1', line1, 'line2', line2, 'town', town, 'postcode', postcode)
           else jsonb_build_object('lives', 'abroad', 'country', 'United Kingdom',
                                   'lines', to_jsonb(array_remove(array[line1, line2, town], '')))
           end
$$;

alter table memberships add column personal jsonb check (jsonb_typeof(personal) = 'object');
update memberships m set personal = jsonb_build_object(
    'born_on', born_on, 'address', pg_temp.address(address_line1, address_line2, town, p.postcode))
from people p where p.id = m.person_id;
alter table memberships alter column personal set not null, drop column born_on, drop column address_line1,
    drop column address_line2, drop column town;

alter table applications add column answers jsonb check (jsonb_typeof(answers) = 'object');
update applications set answers = jsonb_build_object(
    'name', name, 'region', region, 'rate', rate, 'every', billing_interval, 'amount', amount_pence,
    'consents', to_jsonb(consents),
    'personal', jsonb_build_object(
        'born_on', born_on, 'address', pg_temp.address(address_line1, address_line2, town, postcode)));
alter table applications alter column answers set not null, drop column name, drop column born_on, drop column address_line1,
    drop column address_line2, drop column town, drop column postcode, drop column region, drop column rate,
    drop column billing_interval, drop column amount_pence, drop column consents;
