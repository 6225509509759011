-- Fees and payouts, and what Stripe moved that we have no receipt of.
alter table book_entries add column transaction text references balance_transactions;
alter table book_entries add constraint book_entries_transaction_key unique (source, transaction);
alter table book_entries drop constraint book_entries_source_check;
-- `balance`: what a movement at Stripe means beside its receipt. `matched`: the receipt came later and explains it.
alter table book_entries add constraint book_entries_source_check check (source in ('line', 'balance', 'matched', 'entered'));
alter table book_entries drop constraint book_entries_origin;
alter table book_entries add constraint book_entries_origin check (
    case when source = 'line' then line is not null and num_nonnulls(transaction, words, document, entered_by, key) = 0
         when source in ('balance', 'matched') then transaction is not null and num_nonnulls(line, words, document, entered_by, key) = 0
         else num_nonnulls(line, transaction) = 0 and num_nulls(words, entered_by, key) = 0 end
);

create trigger balance_transactions_kept before update or delete or truncate on balance_transactions
    for each statement execute function book_refuse();

-- The kind of receipt that a movement belongs to.
create function book_kind(category text) returns text language sql immutable as $$
    select case category when 'charge' then 'payment' when 'refund' then 'refund' when 'refund_failure' then 'refund_failed'
                         when 'dispute' then 'dispute' when 'dispute_reversal' then 'dispute_won' end
$$;

create function book_balance(transactions text[]) returns void language plpgsql as $$
begin
    -- Alone: a receipt that is just being booked is either seen here, or sees the movement.
    perform pg_advisory_xact_lock(7265005);
    with parts as (
        select t.id, t.recorded_at, (t.at at time zone 'Europe/London')::date as on_day, side.account, sum(side.pence) as pence
        from balance_transactions t
        cross join lateral (select coalesce(sum(l.amount_pence), 0)::bigint as pence from (
            select amount_pence from ledger
            where t.category = 'charge' and kind = 'payment' and payment_intent = t.payment_intent
            union all
            select amount_pence from ledger
            where t.category <> 'charge' and kind = book_kind(t.category) and stripe_id = t.source) l) booked
        cross join lateral (values
            ('stripe', t.amount_pence - booked.pence - t.fee_pence),
            ('fees', t.fee_pence),
            (case when t.category in ('payout', 'payout_reversal') then 'bank' when t.category in ('fee', 'tax', 'network_cost') then 'fees'
                  else 'unexplained' end, booked.pence - t.amount_pence)) as side(account, pence)
        where t.id = any(transactions)
        group by t.id, side.account having sum(side.pence) <> 0),
    made as (
        insert into book_entries (day, happened_on, source, transaction, recorded_at)
        select book_day(on_day), on_day, 'balance', id, recorded_at
        from (select distinct id, on_day, recorded_at from parts) t order by on_day, id
        returning number, day, transaction)
    insert into book_postings (entry, day, account, pence)
    select made.number, made.day, parts.account, parts.pence from made join parts on parts.id = made.transaction;
end $$;

create function book_moved() returns trigger language plpgsql as $$
begin
    if exists (select from added) then
        perform book_balance((select array_agg(id) from added));
    end if;
    return null;
end $$;
create trigger balance_transactions_booked after insert on balance_transactions referencing new table as added
    for each statement execute function book_moved();

-- A receipt whose movement was booked before it, as unexplained.
create function book_matched(lines uuid[]) returns void language sql as $$
    with found as (
        select t.id, l.amount_pence, l.recorded_at, (l.recorded_at at time zone 'Europe/London')::date as on_day
        from ledger l join balance_transactions t on t.payment_intent = l.payment_intent and t.category = 'charge'
        where l.id = any(lines) and l.kind = 'payment'
        union all
        select t.id, l.amount_pence, l.recorded_at, (l.recorded_at at time zone 'Europe/London')::date
        from ledger l join balance_transactions t on t.source = l.stripe_id and book_kind(t.category) = l.kind and t.category <> 'charge'
        where l.id = any(lines)),
    made as (
        insert into book_entries (day, happened_on, source, transaction, recorded_at)
        select book_day(on_day), on_day, 'matched', id, recorded_at from found
        on conflict (source, transaction) do nothing
        returning number, day, transaction)
    insert into book_postings (entry, day, account, pence)
    select made.number, made.day, side.account, side.pence
    from made join found on found.id = made.transaction
    cross join lateral (values ('unexplained', found.amount_pence), ('stripe', -found.amount_pence)) as side(account, pence)
$$;

create or replace function book_added() returns trigger language plpgsql as $$
begin
    if exists (select from added) then
        perform book_ledger((select array_agg(id) from added));
        perform book_matched((select array_agg(id) from added where stripe_id is not null));
    end if;
    return null;
end $$;
