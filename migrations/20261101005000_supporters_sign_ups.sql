-- Who supports the party without being a member, and who has asked to.
create table supporters (
    person_id uuid primary key references people on delete cascade,
    -- What she wants to help with; the codes of `supporters::Interest`.
    interests text[] not null,
    since     timestamptz not null,
    -- The page or list she came by.
    source    text not null
);
create index supporters_by_since on supporters (since desc, person_id);
create index supporters_by_interest on supporters using gin (interests);

-- Sign-ups that wait for the button in the mail. Nothing of them is in `people` before it is pressed.
create table supporter_sign_ups (
    id                uuid primary key,
    token_hash        bytea not null unique,
    email             citext not null,
    name              text not null,
    postcode          text not null,
    region            text,
    interests         text[] not null,
    organiser_contact boolean not null,
    asked_at          timestamptz not null,
    expires_at        timestamptz not null,
    confirmed_at      timestamptz
);
create index supporter_sign_ups_by_expiry on supporter_sign_ups (expires_at);
