-- Everyone the party knows by name, how they sign in, what they agreed to, and which office they hold.
create table people (
    id                uuid primary key,
    email             citext not null unique,
    name              text not null check (name <> '' and length(name) <= 200),
    postcode          text,
    region            text,
    -- When the address was proved by using a link or code that was sent to it.
    email_verified_at timestamptz,
    password_hash     text,
    -- What the rooms above have told us: opens the members' pages without asking them at each request.
    standing          text not null default 'none' check (standing in ('none', 'supporter', 'member')),
    created_at        timestamptz not null,
    -- What officers search: everything about a person that they might remember.
    search            text not null generated always as
                          (plain_text(name || ' ' || email::text || ' ' || coalesce(postcode, '') || ' ' || replace(coalesce(postcode, ''), ' ', ''))) stored
);
create index people_search_trigrams on people using gin (search gin_trgm_ops);
create index people_search_words on people using gin (to_tsvector('simple', search));
create index people_by_name on people (plain_text(name), id);
create index people_by_region on people (region, id);
create index people_by_created on people (created_at desc, id);

create table officers (
    id         uuid primary key,
    person_id  uuid not null references people,
    role       text not null check (role in ('administrator', 'membership', 'treasurer', 'returning_officer', 'editor', 'communications', 'organiser')),
    -- Organisers act for one region.
    region     text check ((role = 'organiser') = (region is not null)),
    granted_by text not null,
    granted_at timestamptz not null,
    ended_at   timestamptz
);
create unique index officers_once on officers (person_id, role, coalesce(region, '')) where ended_at is null;

create table sessions (
    id           uuid primary key,
    token_hash   bytea not null unique,
    person_id    uuid not null references people on delete cascade,
    browser      text not null,
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at   timestamptz not null
);
create index sessions_by_person on sessions (person_id, last_seen_at desc);
create index sessions_by_expiry on sessions (expires_at);

-- Emailed ways to sign in: a link, or a code typed on the page that asked for it.
create table sign_in_requests (
    id         uuid primary key,
    -- Null when the address is not known: the page that follows is the same.
    person_id  uuid references people on delete cascade,
    link_hash  bytea not null unique,
    code_hash  bytea,
    tries      integer not null default 0,
    next_path  text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index sign_in_requests_by_expiry on sign_in_requests (expires_at);

-- What somebody agreed to, in which words, when and where. Never changed but for the day it ended.
create table consents (
    id             uuid primary key,
    person_id      uuid not null references people on delete cascade,
    purpose        text not null check (purpose in ('email_updates', 'organiser_contact')),
    wording        text not null,
    source         text not null,
    given_at       timestamptz not null,
    withdrawn_at   timestamptz,
    withdrawn_how  text,
    check ((withdrawn_at is null) = (withdrawn_how is null))
);
create unique index consents_once on consents (person_id, purpose) where withdrawn_at is null;
create index consents_by_purpose on consents (purpose, person_id) where withdrawn_at is null;
