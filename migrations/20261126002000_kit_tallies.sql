-- How many there are of something, kept by triggers: to count a million rows for the head of a list costs more than the
-- list. A statement adds what it changed as lines of their own, so that nobody waits for anybody; the number is the sum
-- of the lines. Now and then whoever adds one puts all lines of a kind together.
create table tallies (
    what   text not null,
    -- What is told apart, like a standing and a region; '' where there is nothing.
    key    text not null,
    part   text not null,
    number bigint not null
);

-- tally(what, key, part, number, condition): what a row of the trigger's table counts as, in SQL.
create function tally() returns trigger language plpgsql as $$
declare
    rows text;
    told int;
begin
    if tg_op = 'TRUNCATE' then
        delete from tallies where what = tg_argv[0];
        return null;
    end if;
    if tg_op <> 'DELETE' then
        rows := format('select %s as key, %s as part, %s as number from added where %s', tg_argv[1], tg_argv[2], tg_argv[3], tg_argv[4]);
    end if;
    if tg_op <> 'INSERT' then
        rows := concat_ws(' union all ', rows,
            format('select %s as key, %s as part, -(%s) as number from removed where %s', tg_argv[1], tg_argv[2], tg_argv[3], tg_argv[4]));
    end if;
    execute format('insert into tallies select $1, key, part, sum(number) from (%s) changed group by 2, 3 having sum(number) <> 0', rows)
        using tg_argv[0];
    get diagnostics told = row_count;
    -- Once in some hundred times, where no other is at it. A snapshot that is older than its statement could miss lines.
    if told > 0 and random() < 0.005 and current_setting('transaction_isolation') = 'read committed'
       and pg_try_advisory_xact_lock(7265004, hashtext(tg_argv[0])) then
        with lines as (delete from tallies where what = tg_argv[0] returning key, part, number)
        insert into tallies select tg_argv[0], key, part, sum(number) from lines group by 2, 3 having sum(number) <> 0;
    end if;
    return null;
end $$;

-- Counts what is there, and has it kept from now on.
create procedure keep_tally(what text, source regclass, key text, part text, number text default '1', condition text default 'true')
language plpgsql as $$
begin
    execute format('lock table %s in share row exclusive mode', source);
    execute format('create trigger %I after insert on %s referencing new table as added for each statement execute function tally(%L, %L, %L, %L, %L)',
                   what || '_tallied_in', source, what, key, part, number, condition);
    execute format('create trigger %I after delete on %s referencing old table as removed for each statement execute function tally(%L, %L, %L, %L, %L)',
                   what || '_tallied_out', source, what, key, part, number, condition);
    execute format('create trigger %I after update on %s referencing old table as removed new table as added for each statement execute function tally(%L, %L, %L, %L, %L)',
                   what || '_tallied_over', source, what, key, part, number, condition);
    execute format('create trigger %I after truncate on %s for each statement execute function tally(%L)', what || '_tallied_none', source, what);
    execute format('insert into tallies select $1, %s, %s, sum(%s) from %s where %s group by 2, 3', key, part, number, source, condition) using what;
end $$;
