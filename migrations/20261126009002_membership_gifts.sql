-- A year of membership that somebody pays for somebody else. The giver's page is named by `id`, the receiver's link by
-- `key`, which the giver does not learn.
create table membership_gifts (
    id             uuid primary key,
    key            uuid not null unique,
    giver_name     text not null,
    giver_email    citext not null,
    receiver_name  text not null,
    -- Null once it is accepted or has gone back.
    receiver_email citext,
    message        text not null,
    send_on        date not null,
    amount_pence   bigint not null check (amount_pence >= 30),
    declaration    text not null,
    created_at     timestamptz not null,
    paid_at        timestamptz,
    sent_at        timestamptz,
    -- The last day.
    accept_by      date,
    -- Whoever said no is left alone. The giver does not learn of it.
    declined_at    timestamptz,
    accepted_at    timestamptz,
    person_id      uuid references people on delete set null,
    -- Since when the money is to go back, and when it had gone.
    returned_at    timestamptz,
    refunded_at    timestamptz,
    check (accepted_at is null or paid_at is not null),
    check ((sent_at is null) = (accept_by is null))
);
create index membership_gifts_to_send on membership_gifts (send_on) where paid_at is not null and sent_at is null and returned_at is null;
create index membership_gifts_sent on membership_gifts (accept_by) where accepted_at is null and returned_at is null;
create index membership_gifts_of on membership_gifts (person_id);

-- What others pay for a membership is dues as well.
create or replace function book_ledger(lines uuid[]) returns void language plpgsql as $$
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
              when l.purpose_kind in ('membership', 'gift_membership') then 'dues' when l.purpose_kind = 'donation' then 'donations'
              else 'other_income' end,
         -l.amount_pence)) as side(account, pence);
end $$;
