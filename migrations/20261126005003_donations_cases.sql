-- Receipts that are donations in law: who gave, how long there is to decide, and what was decided. The money itself, and
-- whether a refund has gone through, is in the books.
create table donor_cases (
    -- The payment in the books: however often it is told of, there is one case.
    line             uuid primary key references ledger,
    -- London's day of receipt, and the last day to decide, by the law of that day.
    received_on      date not null,
    decide_by        date not null check (decide_by >= received_on),
    opened_at        timestamptz not null,
    -- Who gave, as they said it themselves.
    name             text not null check (name <> ''),
    email            citext,
    address          jsonb check (jsonb_typeof(address) = 'object'),
    -- Null: nobody has decided.
    outcome          text check (outcome in ('accepted', 'refused')),
    decided_on       date,
    -- Null: the site itself.
    decided_by       uuid references people,
    -- Why it was decided after the last day.
    late_reason      text check (late_reason <> ''),
    -- What was found on the register that was in force on the day of receipt (PPERA 2000 Sch. 6 para. 2). Null for
    -- checks from before it was kept.
    register_on      date check (register_on <= received_on),
    register_name    text,
    register_address jsonb check (jsonb_typeof(register_address) = 'object'),
    elector_number   text,
    -- Why it was refused.
    why              text check (why in ('not_on_register', 'unidentified', 'not_permissible', 'above_cap', 'party_rules', 'went_back')),
    -- Sent back by hand: when, how, and to whom. Otherwise it goes back the way it came.
    returned_on      date,
    returned_how     text,
    returned_to      text,
    check ((outcome is null) = (decided_on is null)),
    check ((outcome is not distinct from 'refused') = (why is not null)),
    check (outcome is not distinct from 'accepted' or register_on is null),
    check ((register_on is null) = (register_name is null) and (register_on is null) = (register_address is null)
           and (register_on is null) = (elector_number is null)),
    check (returned_on is null or outcome = 'refused'),
    check ((returned_on is null) = (returned_how is null) and (returned_on is null) = (returned_to is null))
);
create index donor_cases_open on donor_cases (decide_by, line) where outcome is null;
create index donor_cases_refused on donor_cases (decided_on) where outcome = 'refused';
create index donor_cases_by_decision on donor_cases (decided_on desc, line) where outcome is not null;

-- Officers are told of a case on certain days of it, each once.
create table donor_case_warnings (
    line uuid not null references donor_cases on delete cascade,
    day  integer not null,
    primary key (line, day)
);

-- Large sums are few: they are found without walking through all.
create index ledger_by_amount on ledger (amount_pence) where kind = 'payment';

insert into donor_cases (line, received_on, decide_by, opened_at, name, email, address, outcome, decided_on, decided_by, why)
select l.id, day, day + 30, g.paid_at, g.name, g.email, g.address,
       case when g.checked_at is not null then case when g.returned then 'refused' else 'accepted' end end,
       (g.checked_at at time zone 'Europe/London')::date,
       g.checked_by,
       case when g.checked_at is not null and g.returned then case when g.checked_by is null then 'went_back' else 'not_on_register' end end
from gifts g
join ledger l on l.purpose_kind = 'donation' and l.purpose_id = g.id and l.kind = 'payment'
cross join lateral (select (l.at at time zone 'Europe/London')::date as day) d
where g.needs_check and g.paid_at is not null;

drop index gifts_to_check;
alter table gifts drop column checked_at, drop column checked_by, drop column returned;
