-- The record that a donation is of: whoever has the account, else the address. It runs as its owner: the funding page, which counts
-- donors and is kept in memory, need not be dropped whenever somebody joins. Their number changes only with a payment, or with
-- records that are joined.
create function donor_record(person uuid, email citext) returns text stable language sql security definer set search_path = public as $$
    select coalesce('person:' || coalesce(donor_record.person, (select id from people p where p.email = donor_record.email)),
                    'email:' || lower(donor_record.email::text))
$$;
create or replace function donation_source(person uuid, email citext) returns text stable language sql as $$
    select coalesce((select into_source from donor_merges where source = own), own) from (select donor_record(person, email) as own) it
$$;

-- The funding page also reads which records are one donor, which donations are not kept, and what was entered as income.
create trigger donor_merges_changed after insert or update or delete or truncate on donor_merges
    for each statement execute function notify_changed();
create trigger donor_cases_changed after insert or update or delete or truncate on donor_cases
    for each statement execute function notify_changed();
create trigger above_limit_changed after insert or update or delete or truncate on above_limit
    for each statement execute function notify_changed();
create trigger book_entries_changed after insert or update or delete or truncate on book_entries
    for each statement execute function notify_changed();
create index book_entries_entered on book_entries (day) where source = 'entered';
