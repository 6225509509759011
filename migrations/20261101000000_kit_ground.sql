-- What every room stands on: text search, settings, limits on tries, and news of changes.
create extension if not exists citext;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

-- unaccent() depends on a dictionary and is therefore only "stable"; an index needs "immutable". Naming the
-- dictionary makes that true as long as its rules file stays, which upgrades of Postgres keep.
create function plain_text(text) returns text
    language sql immutable strict parallel safe
    as $$ select lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$;

create function notify_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('changed', tg_table_name);
    return null;
end $$;

create table settings (
    key        text not null check (key ~ '^[a-z_]{1,60}$'),
    value      text not null check (length(value) <= 4000),
    valid_from date not null,
    source     text not null,
    primary key (key, valid_from)
);
create trigger settings_changed after insert or update or delete on settings
    for each statement execute function notify_changed();

insert into settings (key, value, valid_from, source) values
    ('site_name', 'Breakthrough Party', '2021-01-01', 'founding'),
    ('imprint', 'Promoted by the Breakthrough Party, 151 The Rock, Bury, Greater Manchester, BL9 0ND', '2021-01-01', 'founding'),
    ('contact_email', 'hello@breakthrough.test', '2021-01-01', 'founding'),
    ('member_min_age', '14', '2021-01-01', 'party rules'),
    ('supporter_min_age', '13', '2021-01-01', 'party rules'),
    ('donation_cap_pence', '500000', '2021-01-01', 'party rules: no super-rich'),
    ('donation_min_pence', '100', '2021-01-01', 'cost of a card payment'),
    ('donation_check_pence', '50000', '2010-01-01', 'PPERA 2000 s.52(2)(b) as amended by PPEA 2009 s.20: more than £500 is a donation');

-- Tries in a window of time. Lost in a crash without harm.
create unlogged table rate_limits (
    key          bytea not null,
    window_start timestamptz not null,
    tries        integer not null,
    primary key (key, window_start)
);
create index rate_limits_by_window on rate_limits (window_start);
