-- That an officer looked at a record is in the audit log, and no part of that person's story.
create or replace view accounts_timeline as
    select id as person_id, created_at as at, 'record' as source, 'created' as what, '{}'::jsonb as detail, null::uuid as actor,
           false as sensitive
    from people
    union all
    select person_id, given_at, 'consent', 'given', jsonb_build_object('purpose', purpose, 'where', source), null, false
    from consents
    union all
    select person_id, withdrawn_at, 'consent', 'withdrawn', jsonb_build_object('purpose', purpose, 'where', withdrawn_how), null,
           false
    from consents where withdrawn_at is not null
    union all
    select p.id, l.at, 'audit', l.action, l.detail, case when l.actor ~ '^[0-9a-f-]{36}$' then l.actor::uuid end, true
    from people p join audit_log l on l.subject_kind = 'person' and l.subject_id = p.id::text and l.action <> 'record.seen'
    union all
    select p.id, coalesce(o.sent_at, o.written_at), 'mail',
           case when o.sent_at is not null then 'sent' when o.refused is not null then 'refused' else 'waiting' end,
           jsonb_build_object('subject', o.subject), null, true
    from people p join outbox o on o.recipient = p.email and o.occasion not like 'sign-in:%';
