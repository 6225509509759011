-- Donations that were refused before they were in the books: cryptoassets, a company's cheque, goods. They are reported like
-- any other that was refused (PPERA 2000 Sch. 6 para. 6 and 7).
create table donation_refusals (
    id           uuid primary key,
    nature       text not null check (nature in ('crypto', 'organisation', 'unidentified', 'goods', 'money')),
    -- What it was and how it came, in the treasurer's words.
    words        text not null check (words <> ''),
    value_pence  bigint not null check (value_pence > 0),
    received_on  date not null,
    decide_by    date not null check (decide_by >= received_on),
    -- Null: not known.
    name         text check (name <> ''),
    address      jsonb check (jsonb_typeof(address) = 'object'),
    entered_by   uuid not null references people,
    entered_at   timestamptz not null,
    returned_on  date check (returned_on >= received_on),
    returned_how text check (returned_how <> ''),
    returned_to  text check (returned_to <> ''),
    check ((returned_on is null) = (returned_how is null) and (returned_on is null) = (returned_to is null))
);
create index donation_refusals_open on donation_refusals (decide_by) where returned_on is null;
