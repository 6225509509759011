create view newsletters_timeline as
    select d.person_id, d.settled_at as at, 'update' as source, d.state as what, jsonb_build_object('subject', u.subject) as detail,
           null::uuid as actor, true as sensitive
    from deliveries d join updates u on u.id = d.update_id
    where d.state in ('sent', 'refused', 'uncertain') and d.settled_at is not null and d.person_id is not null;
