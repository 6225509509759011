-- Writes the lines of one change and seals each with the one before. It is called last in a transaction: from here to
-- the commit every other writer waits for the lock, and whoever waited finds the newest line. The formula of the seal is
-- that of `audit_write`, which stays for programs of an earlier version that still run beside this one.
create function audit_write_all(at timestamptz, actor text, actions text[], subject_kinds text[], subject_ids text[], details text[])
    returns void language plpgsql as $$
declare
    seal bytea;
    part text;
begin
    perform pg_advisory_xact_lock(7265002);
    select hash into seal from audit_log order by id desc limit 1;
    seal := coalesce(seal, '');
    for i in 1 .. cardinality(actions) loop
        foreach part in array array[(extract(epoch from at) * 1000000)::bigint::text, actor, actions[i], subject_kinds[i], subject_ids[i], details[i]] loop
            seal := seal || int8send(octet_length(convert_to(part, 'UTF8'))) || convert_to(part, 'UTF8');
        end loop;
        seal := sha256(seal);
        insert into audit_log (at, actor, action, subject_kind, subject_id, detail, hash)
        values (audit_write_all.at, audit_write_all.actor, actions[i], subject_kinds[i], subject_ids[i], details[i]::jsonb, seal);
    end loop;
end $$;
