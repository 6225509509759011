-- From here on each line is sealed with a key that the database does not have: whoever can change the database can no
-- longer seal a changed log anew. Lines from before keep their unkeyed hash, over which the first keyed one is laid.
alter table audit_log add column keyed boolean not null default false;

-- The newest line's hash, to seal the next with. Every other writer waits from here to the commit; the second statement
-- sees what was committed before the lock was got.
create function audit_head() returns bytea language plpgsql as $$
begin
    perform pg_advisory_xact_lock(7265002);
    return (select hash from audit_log order by id desc limit 1);
end $$;
drop function audit_write(timestamptz, text, text, text, text, text);
drop function audit_write_all(timestamptz, text, text[], text[], text[], text[]);

-- Rows are held by `audit_log_append_only`; this holds the table.
create trigger audit_log_stays before truncate on audit_log
    for each statement execute function audit_log_is_append_only();
