-- Notices: mail to people because of a right of theirs. They have no audience and no draft: a higher room says who gets
-- them, and sends each once.
alter table updates
    -- Null for updates. A second notice of the same key is never sent.
    add column notice_key  text unique check (notice_key <> ''),
    -- Why its readers get it, in words for them.
    add column reason      text check (reason <> ''),
    -- Who gets a reminder tells what they have not done yet: nobody reads their names.
    add column is_reminder boolean not null default false,
    -- How many mails ended how, once it was forgotten who got them.
    add column sums        jsonb check (jsonb_typeof(sums) = 'object'),
    alter column audience drop not null,
    -- The site itself may send a notice.
    alter column written_by drop not null,
    add constraint update_or_notice check (case when notice_key is null
        then audience is not null and written_by is not null and reason is null and not is_reminder and sums is null
        else audience is null and reason is not null and state <> 'draft' end);
create index updates_notices_by_created on updates (created_at desc, id) where notice_key is not null;

-- Those left alone or left out did not get a notice either.
drop index deliveries_to_look_at;
create index deliveries_to_look_at on deliveries (update_id, state, person_id)
    where state in ('sending', 'uncertain', 'refused', 'left', 'skipped');

create or replace view newsletters_timeline as
    select d.person_id, d.settled_at as at, case when u.notice_key is null then 'update' else 'notice' end as source, d.state as what,
           jsonb_build_object('subject', u.subject) as detail, null::uuid as actor, true as sensitive
    from deliveries d join updates u on u.id = d.update_id
    where d.state in ('sent', 'refused', 'uncertain') and d.settled_at is not null and d.person_id is not null and not u.is_reminder;
