-- Two records of one person: pairs to look at, pairs that are two people, and records that were merged.

-- Addresses that reach the same mailbox look the same here: what stands after a + does not count at providers that know
-- it, nor do full stops at Google.
create function same_mailbox(email text) returns text language sql immutable strict parallel safe as $$
    select case
        when domain in ('gmail.com', 'googlemail.com') then replace(split_part(local, '+', 1), '.', '') || '@gmail.com'
        when domain in ('outlook.com', 'hotmail.com', 'hotmail.co.uk', 'live.co.uk', 'icloud.com', 'me.com', 'fastmail.com',
                        'proton.me', 'protonmail.com') then split_part(local, '+', 1) || '@' || domain
        else local || '@' || domain end
    from (select split_part(lower(email), '@', 1) as local, split_part(lower(email), '@', 2) as domain) parts
$$;

-- Found each night. The smaller id first.
create table duplicate_pairs (
    a     uuid not null references people on delete cascade,
    b     uuid not null references people on delete cascade,
    score integer not null,
    -- Codes of `duplicates::Why`.
    why   text[] not null,
    primary key (a, b),
    check (a < b)
);
create index duplicate_pairs_by_score on duplicate_pairs (score desc, a, b);
create index duplicate_pairs_by_b on duplicate_pairs (b);

-- What an officer said of a pair for good.
create table not_duplicates (
    a          uuid not null references people on delete cascade,
    b          uuid not null references people on delete cascade,
    officer_id uuid not null references people,
    said_at    timestamptz not null,
    primary key (a, b),
    check (a < b)
);
create index not_duplicates_by_b on not_duplicates (b);
create index not_duplicates_by_officer on not_duplicates (officer_id);

-- A record that became part of another. What is needed to part them again is kept for some days, and then only where it
-- went.
create table merges (
    id         uuid primary key,
    gone_id    uuid not null,
    kept_id    uuid not null references people,
    officer_id uuid not null references people,
    merged_at  timestamptz not null,
    -- Both records as they were, what was carried over, and what the rooms did with theirs.
    undo       jsonb,
    undone_at  timestamptz
);
create unique index merges_once on merges (gone_id) where undone_at is null;
create index merges_by_kept on merges (kept_id, merged_at desc);
create index merges_by_officer on merges (officer_id);
create index merges_to_undo on merges (merged_at desc) where undo is not null;

-- What the audit log says of the record that is gone belongs to the one that stays.
create view duplicates_timeline as
    select m.kept_id as person_id, l.at, 'audit' as source, l.action as what, l.detail,
           case when l.actor ~ '^[0-9a-f-]{36}$' then l.actor::uuid end as actor, true as sensitive
    from merges m join audit_log l on l.subject_kind = 'person' and l.subject_id = m.gone_id::text
    where m.undone_at is null;
