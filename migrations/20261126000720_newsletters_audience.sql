-- Who gets an update, as a document of `people::Segment`: conditions by name, each with its values. What was chosen
-- until now, members or supporters and some regions, are two of them.
alter table updates add column audience jsonb;
update updates set audience = jsonb_build_object('version', 1, 'conditions',
    jsonb_build_array(jsonb_build_array('standing',
        case when to_members then '["member"]'::jsonb else '[]' end || case when to_supporters then '["supporter"]'::jsonb else '[]' end))
    || case when regions is null then '[]'::jsonb else jsonb_build_array(jsonb_build_array('region', to_jsonb(regions))) end);
alter table updates
    alter column audience set not null,
    add check ((audience -> 'version') = '1' and jsonb_typeof(audience -> 'conditions') = 'array'),
    drop column to_members,
    drop column to_supporters,
    drop column regions;
