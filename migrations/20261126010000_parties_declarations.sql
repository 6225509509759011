-- Other parties and organisations, what the party decided of membership in each, from which day on, and why. Nothing
-- is changed or taken away: the newest that has begun holds.
create table other_parties (
    id uuid primary key,
    name text not null check (length(name) between 1 and 100),
    -- By which it is known as well: NIP.
    other_names text[] not null default '{}',
    added_at timestamptz not null
);
create unique index other_parties_name on other_parties (lower(name));

create table other_party_rulings (
    -- The key of the form that it came by: sent twice, it is one.
    id uuid primary key,
    party_id uuid not null references other_parties,
    ruling text not null check (ruling in ('allowed', 'ask', 'barred')),
    starts_on date not null,
    -- Read by whoever cannot join.
    reason text not null check (reason <> ''),
    -- Of the party's rules: which version, and which clause.
    rule text not null check (rule <> ''),
    -- Null: came with the site.
    set_by uuid references people,
    set_at timestamptz not null
);
create index other_party_rulings_of on other_party_rulings (party_id, starts_on desc, set_at desc);
create index other_party_rulings_set_by on other_party_rulings (set_by);

-- What members answered. The newest of a person counts; political opinions, so only who decides on them reads them.
create table party_declarations (
    id uuid primary key,
    person_id uuid not null references people,
    -- As typed; empty for no other party.
    parties text not null check (length(parties) <= 200),
    source text not null check (source in ('join form', 'own page')),
    declared_at timestamptz not null,
    -- What the list said of it on that day; null without another party.
    ruling text check (ruling in ('allowed', 'ask', 'barred')),
    -- The last day on which officers can object to them as a new member; null if they are not new.
    decide_until date,
    outcome text check (outcome in ('admitted', 'refused')),
    decided_at timestamptz,
    decided_by uuid references people,
    reason text,
    rule text,
    replaced_on date,
    left_on date,
    check ((parties = '') = (ruling is null)),
    check ((outcome is null) = (decided_at is null)),
    check (outcome is null or (reason <> '' and rule <> ''))
);
create unique index party_declarations_current on party_declarations (person_id) where replaced_on is null;
create index party_declarations_person on party_declarations (person_id);
create index party_declarations_decided_by on party_declarations (decided_by);
create index party_declarations_open on party_declarations (decide_until)
    where ruling in ('ask', 'barred') and outcome is null and replaced_on is null and left_on is null;
create index party_declarations_over on party_declarations ((coalesce(left_on, replaced_on)))
    where coalesce(left_on, replaced_on) is not null;

-- The party's partners: joining them as well is possible, and is looked at.
with seed (number, name, other_names) as (
    values (1, 'Left Unity', '{}'::text[]),
           (2, 'Liverpool Community Independents', '{}'),
           (3, 'Northern Independence Party', '{NIP}')
), added as (
    insert into other_parties (id, name, other_names, added_at)
    select ('00000000-0000-4000-8000-00000000000' || number)::uuid, name, other_names, '2021-01-01T00:00:00Z' from seed
    returning id
)
insert into other_party_rulings (id, party_id, ruling, starts_on, reason, rule, set_at)
select id, id, 'ask', '2021-01-01', 'A partner of ours: we look at each person who is a member of both.',
       'Memorandum of Understanding with our partners', '2021-01-01T00:00:00Z'
from added;
