-- Double entry. An entry moves money between accounts: its lines, pence each, add up to nothing. What an account gets is
-- positive, what it gives is negative, so that income is negative, as credits are. Entries are added and never changed.
create table book_entries (
    number      bigint generated always as identity primary key,
    -- In the books. What is heard of a closed month stands on the first day after it.
    day         date not null,
    happened_on date not null,
    source      text not null check (source in ('line', 'entered')),
    -- A receipt, or what went back of one.
    line        uuid unique references ledger,
    -- What an officer entered: in their words, with the document that shows it, once for each form that they were given.
    words       text check (words <> ''),
    document    text check (document <> ''),
    entered_by  uuid references people,
    key         uuid unique,
    recorded_at timestamptz not null,
    unique (number, day),
    check (day >= happened_on),
    constraint book_entries_origin check (
        case source when 'line' then line is not null and num_nonnulls(words, document, entered_by, key) = 0
                    when 'entered' then line is null and num_nulls(words, entered_by, key) = 0 end)
);
create index book_entries_by_day on book_entries (day desc, number desc);

create table book_postings (
    entry   bigint not null,
    -- Of the entry.
    day     date not null,
    account text not null check (account in (
        'bank', 'stripe', 'hand', 'unexplained', 'opening',
        'dues', 'donations', 'other_income', 'refunds', 'disputes',
        'fees', 'campaigns', 'events', 'premises', 'staff', 'printing', 'tools', 'travel', 'bank_charges', 'other_spending')),
    pence   bigint not null check (pence <> 0),
    primary key (entry, account),
    foreign key (entry, day) references book_entries (number, day)
);
create index book_postings_by_account on book_postings (account, day desc, entry desc);
create index book_postings_by_day on book_postings (day, entry);

-- Months that are closed, one after the other: nothing is booked into them any more.
create table book_months (
    month     date primary key check (month = date_trunc('month', month)),
    closed_at timestamptz not null,
    closed_by uuid not null references people,
    -- Of all postings up to its end.
    lines     bigint not null
);

create function book_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the books are added to and never changed: correct an entry by another' using errcode = 'check_violation';
end $$;
create trigger book_entries_kept before update or delete or truncate on book_entries for each statement execute function book_refuse();
create trigger book_postings_kept before update or delete or truncate on book_postings for each statement execute function book_refuse();
create trigger book_months_kept before update or delete or truncate on book_months for each statement execute function book_refuse();

-- The day in the books of what happened on a day: the first open one, if its month is closed.
create function book_day(happened_on date) returns date language sql stable as $$
    select greatest(happened_on, (select (max(month) + interval '1 month')::date from book_months))
$$;

-- Whoever books shares this lock, whoever closes a month has it alone: so none books into a month that is just closed.
create function book_lock() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(7265005);
    return null;
end $$;
create trigger book_entries_lock before insert on book_entries for each statement execute function book_lock();

create function book_month_open() returns trigger language plpgsql as $$
begin
    if exists (select from added where day < (select max(month) + interval '1 month' from book_months)) then
        raise exception 'the month of this entry is closed' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger book_entries_open after insert on book_entries referencing new table as added
    for each statement execute function book_month_open();

-- All lines of an entry come in one statement and add up to nothing; none is added to it later. Planned anew each time:
-- one entry or a million.
create function book_adds_up() returns trigger language plpgsql as $$
declare
    wrong bool;
begin
    execute 'select exists (select from added group by entry having sum(pence) <> 0)
                 or (select count(*) from book_postings where entry in (select entry from added)) <> (select count(*) from added)'
        into wrong;
    if wrong then
        raise exception 'the lines of an entry add up to zero, and come together' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger book_postings_add_up after insert on book_postings referencing new table as added
    for each statement execute function book_adds_up();

create function book_has_lines() returns trigger language plpgsql as $$
begin
    if not exists (select from book_postings where entry = new.number) then
        raise exception 'an entry has lines' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger book_entries_have_lines after insert on book_entries deferrable initially deferred
    for each row execute function book_has_lines();

call keep_tally('books', 'book_postings', $$date_trunc('month', day)::date::text$$, 'account', 'pence');

-- Books lines of the ledger, in one statement and in the transaction that adds them.
create function book_ledger(lines uuid[]) returns void language plpgsql as $$
begin
    -- Before the statement that looks which month is open.
    perform pg_advisory_xact_lock_shared(7265005);
    with made as (
        insert into book_entries (day, happened_on, source, line, recorded_at)
        select book_day(on_day), on_day, 'line', id, recorded_at
        from (select id, at, recorded_at, (at at time zone 'Europe/London')::date as on_day from ledger where id = any(lines)) l
        order by at, id
        returning number, day, line)
    insert into book_postings (entry, day, account, pence)
    select made.number, made.day, side.account, side.pence
    from made join ledger l on l.id = made.line cross join lateral (values
        (case when l.method in ('cash', 'cheque') then 'hand' when l.method in ('transfer', 'standing_order') then 'bank' else 'stripe' end,
         l.amount_pence),
        (case when l.kind in ('refund', 'refund_failed') then 'refunds' when l.kind in ('dispute', 'dispute_won') then 'disputes'
              when l.purpose_kind = 'membership' then 'dues' when l.purpose_kind = 'donation' then 'donations' else 'other_income' end,
         -l.amount_pence)) as side(account, pence);
end $$;

create function book_added() returns trigger language plpgsql as $$
begin
    if exists (select from added) then
        perform book_ledger((select array_agg(id) from added));
    end if;
    return null;
end $$;
create trigger ledger_booked after insert on ledger referencing new table as added
    for each statement execute function book_added();

-- A line may be said to be somebody's later on; what it tells of the money stays.
create function ledger_refuse() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or (to_jsonb(new) - 'person_id') <> (to_jsonb(old) - 'person_id') then
        raise exception 'the books are added to and never changed: correct a line by another' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger ledger_kept before update or delete on ledger for each row execute function ledger_refuse();

select book_ledger((select array_agg(id) from ledger));
