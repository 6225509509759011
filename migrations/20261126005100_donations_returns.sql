-- Who is one source, signs of split gifts, and the returns to the Electoral Commission.

-- Records of one person that officers found to be one. A source is `person:` and an id, or `email:` and an address; what
-- it is merged into is never merged itself.
create table donor_merges (
    source      text primary key check (source ~ '^(person|email):.'),
    into_source text not null check (into_source ~ '^(person|email):.' and into_source <> source),
    reason      text not null check (reason <> ''),
    merged_by   uuid not null references people,
    merged_at   timestamptz not null
);
create index donor_merges_by_target on donor_merges (into_source);

-- One source is one legal person: whoever has the account, else the address.
create function donation_source(person uuid, email citext) returns text stable language sql as $$
    select coalesce((select into_source from donor_merges where source = own), own)
    from (select coalesce('person:' || coalesce(donation_source.person, (select id from people p where p.email = donation_source.email)),
                          'email:' || lower(donation_source.email::text)) as own) it
$$;

-- Signs of split gifts that an officer has looked at: the same payments are not shown again, one more is.
create table split_dismissals (
    lines        uuid[] primary key check (cardinality(lines) > 1),
    reason       text not null check (reason <> ''),
    dismissed_by uuid not null references people,
    dismissed_at timestamptz not null
);

-- While one runs, returns are due for each of its weeks.
create table election_periods (
    id         uuid primary key,
    name       text not null check (name <> ''),
    starts_on  date not null,
    ends_on    date not null check (ends_on >= starts_on),
    entered_by uuid not null references people,
    entered_at timestamptz not null
);

-- What was filed, as it was filed: added to and never changed.
create table donation_returns (
    id          uuid primary key,
    kind        text not null check (kind in ('quarterly', 'weekly')),
    starts_on   date not null,
    ends_on     date not null check (ends_on >= starts_on),
    -- 1, and one more for each that corrects it.
    version     integer not null check (version > 0),
    items       jsonb not null check (jsonb_typeof(items) = 'array'),
    -- The file, byte for byte, and its fingerprint.
    file        text not null,
    sha256      text not null check (sha256 = encode(sha256(convert_to(file, 'UTF8')), 'hex')),
    approved_by uuid not null references people,
    approved_at timestamptz not null,
    unique (kind, starts_on, ends_on, version)
);
create function donation_returns_are_frozen() returns trigger language plpgsql as $$
begin
    raise exception 'a return that was filed cannot be changed';
end $$;
create trigger donation_returns_frozen before update or delete on donation_returns
    for each row execute function donation_returns_are_frozen();
create trigger donation_returns_kept before truncate on donation_returns
    for each statement execute function donation_returns_are_frozen();

-- Payments of gifts that were heard of, each once. One above the cap is on its way back and counts for nothing.
create table gift_payments (
    line     uuid primary key references ledger,
    gift_id  uuid not null references gifts,
    over_cap boolean not null,
    heard_at timestamptz not null
);
create index gift_payments_by_gift on gift_payments (gift_id);
insert into gift_payments (line, gift_id, over_cap, heard_at)
select l.id, g.id, g.over_cap, g.paid_at from gifts g
join ledger l on l.purpose_kind = 'donation' and l.purpose_id = g.id and l.kind = 'payment'
where g.paid_at is not null;
alter table gifts drop column over_cap;
