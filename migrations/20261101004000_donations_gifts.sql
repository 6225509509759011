-- Single gifts of people. The id is opaque: it stands in addresses. Those that came to nothing are deleted.
create table gifts (
    id            uuid primary key,
    name          text not null check (length(name) between 1 and 200),
    email         citext not null,
    -- Asked for above the sum from which the law wants donors checked.
    address_line1 text not null default '',
    address_line2 text not null default '',
    town          text not null default '',
    postcode      text not null default '',
    amount_pence  bigint not null check (amount_pence >= 30),
    declaration   text not null,
    person_id     uuid references people on delete set null,
    created_at    timestamptz not null,
    paid_at       timestamptz,
    -- More than the sum of PPERA 2000 s.52(2)(b): the treasurer checks the electoral register within 30 days.
    needs_check   boolean not null,
    checked_at    timestamptz,
    checked_by    uuid references people,
    -- Arrived above the year's cap, by two payments at once: to be paid back.
    over_cap      boolean not null default false
);
create index gifts_by_email on gifts (email, paid_at) where paid_at is not null;
create index gifts_to_check on gifts (paid_at) where needs_check and checked_at is null and paid_at is not null;
create index gifts_by_age on gifts (created_at) where paid_at is null;
