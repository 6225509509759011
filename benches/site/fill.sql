-- A party of 100,000 people, or whatever stands in place of each 100000 below, made in a few strokes: members and
-- supporters, their payments and consents. For the test that watches the searches and for the benchmark. Indexes are put
-- back when the tables are full.
create temp table kept as
    select i.indexname, i.indexdef
    from pg_indexes i
    join pg_class c on c.relname = i.indexname
    join pg_index x on x.indexrelid = c.oid
    where i.schemaname = 'public' and i.tablename in ('people', 'memberships', 'membership_periods', 'membership_states', 'ledger', 'consents') and not x.indisunique;
do $$ declare name text; begin
    for name in select indexname from kept loop execute format('drop index %I', name); end loop;
end $$;
-- Foreign keys and triggers look at each row by itself.
set session_replication_role = replica;

create function pg_temp.id(kind int, n int) returns uuid language sql immutable as
    $$ select ('0000000' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

insert into people (id, email, name, postcode, region, standing, created_at)
select pg_temp.id(1, n), 'person' || n || '@example' || n % 50 || '.test',
       (array['Ana', 'Ben', 'Chidi', 'Dónal', 'Ewa', 'Farah', 'Gwen', 'Harriet', 'Iqbal', 'José', 'Kirsty', 'Liam', 'Maryam', 'Niamh',
              'Oluwaseun', 'Priya', 'Quentin', 'Róisín', 'Siân', 'Tomasz'])[1 + n % 20]
           || ' ' || initcap(translate(md5('s' || n % 5000), '0123456789', 'aeioulnrst')),
       (array['BL9 0ND', 'M1 1AE', 'SW1A 1AA', 'CF10 3NP', 'EH1 1YZ', 'LS1 4AP', 'B1 1BB', 'NE1 7RU'])[1 + n % 8],
       (array['north-west', 'north-west', 'london', 'wales', 'scotland', 'yorkshire-and-the-humber', 'west-midlands', 'north-east'])[1 + n % 8],
       case when n % 10 = 0 then 'supporter' else 'member' end,
       timestamptz '2020-01-01' + n * (interval '2083 days' / 100000)
from generate_series(1, 100000) n;

insert into memberships (id, person_id, joined_on, personal, rate, billing_interval, amount_pence, state, state_since, grace_until)
select pg_temp.id(2, n), pg_temp.id(1, n), date '2020-01-01' + (n * 2000.0 / 100000)::int,
       '{"born_on": "1980-01-01", "address": {"lives": "uk", "line1": "1 High Street", "line2": "", "town": "Bury", "postcode": "BL9 0ND"}}',
       (array['low_wage', 'standard', 'standard', 'solidarity'])[1 + n % 4], 'month', 500,
       case when n % 1000 = 1 then 'grace' else 'active' end, '2020-01-01',
       case when n % 1000 = 1 then date '2026-12-01' end
from generate_series(1, 100000) n where n % 10 <> 0;

insert into membership_periods (id, membership_id, started_on, joined_on)
select pg_temp.id(3, n), pg_temp.id(2, n), on_day, on_day
from generate_series(1, 100000) n cross join lateral (select date '2020-01-01' + (n * 2000.0 / 100000)::int as on_day) joined where n % 10 <> 0;

-- Three states each: the first payment on its way, paying, and what is now.
insert into membership_states (membership_id, state, until_on, starts_on, ends_on, recorded_at)
select pg_temp.id(2, n), was.state, was.until_on, was.starts_on, was.ends_on, now()
from generate_series(1, 100000) n
cross join lateral (select date '2020-01-01' + (n * 2000.0 / 100000)::int as on_day) joined
cross join lateral (values
    ('pending', null::date, on_day, on_day + 3),
    ('active', null, on_day + 3, on_day + 300),
    (case when n % 1000 = 1 then 'grace' else 'active' end, case when n % 1000 = 1 then date '2026-12-01' end, on_day + 300, null)
) was (state, until_on, starts_on, ends_on)
where n % 10 <> 0;

insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, person_id, method, recorded_at)
select pg_temp.id(4, n), 'payment', 'in_' || n, 500, timestamptz '2026-11-01' + n * interval '20 seconds', 'membership', pg_temp.id(2, n),
       pg_temp.id(1, n), 'card', '2026-11-01'
from generate_series(1, 20000) n where n % 10 <> 0;

insert into consents (id, person_id, purpose, wording, source, given_at)
select pg_temp.id(5, n), pg_temp.id(1, n), 'email_updates', 'words', 'test', '2020-01-01' from generate_series(1, 100000, 5) n;

set session_replication_role = origin;
do $$ declare definition text; begin
    for definition in select indexdef from kept loop execute definition; end loop;
end $$;
drop table kept;
select book_ledger((select array_agg(id) from ledger l where not exists (select from book_entries where line = l.id)));

-- What the triggers would have told.
truncate tallies;
insert into tallies select 'people', standing, coalesce(region, ''), count(*) from people group by 2, 3;
insert into tallies select 'memberships', state, '', count(*) from memberships group by 2;
insert into tallies select 'cohorts', to_char(joined_on, 'YYYY-MM-01'), '', count(*) from memberships group by 2;
insert into tallies select 'joined', to_char(started_on, 'YYYY-MM-01'), to_char(joined_on, 'YYYY-MM-01'), count(*) from membership_periods group by 2, 3;
insert into tallies select 'left', to_char(ended_on, 'YYYY-MM-01'), to_char(joined_on, 'YYYY-MM-01'), count(*) from membership_periods where ended_on is not null group by 2, 3;
insert into tallies select 'ended', to_char(starts_on, 'YYYY-MM-01'), coalesce(reason, ''), count(*) from membership_states where state = 'ended' group by 2, 3;
insert into tallies select 'income', to_char(at at time zone 'Europe/London', 'YYYY-MM-01'), purpose_kind, sum(amount_pence) from ledger group by 2, 3;
insert into tallies select 'stripe_balance', to_char(at at time zone 'Europe/London', 'YYYY-MM-01'), category, sum(amount_pence - fee_pence) from balance_transactions group by 2, 3;
insert into tallies select 'books', to_char(day, 'YYYY-MM-01'), account, sum(pence) from book_postings group by 2, 3;
