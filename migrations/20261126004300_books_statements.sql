-- Lines of bank statements, as the treasurer uploaded them. One is there once, however often its statement is uploaded.
create table bank_lines (
    id          uuid primary key,
    day         date not null,
    -- Negative when it left the bank.
    pence       bigint not null check (pence <> 0),
    words       text not null,
    -- Among those of a day that are alike: 1, 2, 3.
    number      int not null check (number > 0),
    uploaded_at timestamptz not null,
    uploaded_by uuid not null references people,
    settled_at  timestamptz,
    settled_by  uuid references people,
    -- What it was settled as; null while it waits.
    settled_as  text check (settled_as <> ''),
    unique (day, pence, words, number),
    check (num_nulls(settled_at, settled_by, settled_as) in (0, 3))
);
create index bank_lines_waiting on bank_lines (day, id) where settled_at is null;
