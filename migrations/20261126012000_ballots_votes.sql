-- Votes of members. A ballot asks one question. What ties a person to a paper is in none of these tables: see
-- `ballots/casting`, and the test that lists every column of them.
create table ballots (
    id               uuid primary key,
    -- Its address, which never changes.
    slug             text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    state            text not null check (state in ('draft', 'announced', 'open', 'closed', 'counted', 'declared', 'void')),
    title            text not null check (length(title) between 1 and 120),
    -- Markdown.
    question         text not null check (length(question) between 1 and 20000),
    -- `ballots::proof::Kind`
    kind             jsonb not null,
    -- [{"name": .., "statement": ..}], in the order of their numbers.
    options          jsonb not null check (jsonb_typeof(options) = 'array'),
    -- Who may vote beside the rules of membership; null for members everywhere.
    regions          text[] check (cardinality(regions) > 0),
    -- Years of age on the day of the roll; null for every age.
    oldest           int check (oldest between 14 and 120),
    -- The roll is of this day, at its end.
    roll_on          date not null,
    opens_at         timestamptz not null,
    closes_at        timestamptz not null check (closes_at > opens_at),
    -- Who can open the papers after the close: the site itself, or scrutineers with shares of a key.
    held             text not null check (held in ('site', 'shares')),
    -- `ballots::proof::CountKey`; null until there is one.
    count_key        jsonb,
    -- The secret key, sealed with the site's own: from the start if the site holds it, from the count on if not.
    count_secret     bytea,
    board_secret     bytea not null,
    roll_size        int check (roll_size >= 0),
    roll_fingerprint text,
    roll_frozen_at   timestamptz,
    -- What everything about it hangs from, once it is fixed: the words that were hashed, and the hash.
    manifest         text,
    manifest_hash    text,
    announced_at     timestamptz,
    opened_at        timestamptz,
    closed_at        timestamptz,
    counted_at       timestamptz,
    declared_at      timestamptz,
    -- Until when the result is provisional.
    complaints_until timestamptz,
    voided_at        timestamptz,
    void_reason      text,
    -- Papers that the count has opened so far.
    opened_papers    int not null default 0,
    -- `ballots::proof::Outcome`
    outcome          jsonb,
    written_by       uuid references people,
    written_at       timestamptz not null,
    check ((roll_size is null) = (roll_frozen_at is null) and (roll_size is null) = (roll_fingerprint is null)),
    check ((manifest is null) = (manifest_hash is null)),
    check (state not in ('open', 'closed', 'counted', 'declared') or (manifest is not null and roll_size is not null)),
    check (state not in ('counted', 'declared') or outcome is not null),
    check ((state = 'void') = (voided_at is not null)),
    check (state <> 'void' or void_reason is not null)
);
create index ballots_in_time on ballots (closes_at desc);
create index ballots_written_by on ballots (written_by);

-- Who may vote in it, made in one go and in an order that says nothing. No time, and nothing of a paper.
create table ballot_roll (
    ballot_id uuid not null references ballots,
    person_id uuid not null references people,
    salt      bytea not null,
    -- What the public roll says instead of a name: SHA-256 of the member's number and the salt.
    entry     bytea not null,
    voted     boolean not null default false,
    primary key (ballot_id, person_id)
);
create index ballot_roll_by_person on ballot_roll (person_id);
create unique index ballot_roll_entries on ballot_roll (ballot_id, entry);

-- Votes cast since the last lot, at least 32 of which go into the roll and the box together, each in an order of its own.
-- Until then the voter is named by a keyed hash, and by their id under the site's key: the database alone says nothing.
create table ballot_incoming (
    commitment  bytea primary key,
    ballot_id   uuid not null references ballots,
    -- Both null for a paper that takes the place of another.
    voter       bytea,
    person      bytea,
    sealed      bytea not null,
    change_hash bytea not null unique,
    unique (ballot_id, voter),
    check ((voter is null) = (person is null))
);

-- The box. No number, no time, no person.
create table ballot_papers (
    commitment  bytea primary key,
    ballot_id   uuid not null references ballots,
    sealed      bytea not null,
    change_hash bytea not null unique
);
create index ballot_papers_of on ballot_papers (ballot_id, commitment);

-- Papers that were on the board and that their voters have replaced; gone with the next lot.
create table ballot_withdrawn (
    commitment bytea primary key,
    ballot_id  uuid not null references ballots
);
create index ballot_withdrawn_of on ballot_withdrawn (ballot_id);

-- Papers that were shown in full to be checked: none of them can be cast.
create table ballot_spoilt (
    commitment bytea primary key,
    ballot_id  uuid not null references ballots
);
create index ballot_spoilt_of on ballot_spoilt (ballot_id);

-- The public board: signed entries, each chained to the one before, as they are published.
create table ballot_board (
    ballot_id uuid not null references ballots,
    n         int not null,
    line      text not null,
    primary key (ballot_id, n)
);

-- Who of a lot is still to be told that their vote was recorded.
create table ballot_confirmations (
    ballot_id uuid not null references ballots,
    lot       int not null,
    person_id uuid not null references people,
    primary key (ballot_id, person_id)
);
create index ballot_confirmations_by_person on ballot_confirmations (person_id);

-- What was counted: the paper behind each code.
create table ballot_openings (
    ballot_id uuid not null references ballots,
    code      text not null,
    mark      text not null,
    choices   int[] not null
);
-- Not unique: a code has 50 bits, and the six digits tell two of them apart.
create index ballot_openings_by_code on ballot_openings (ballot_id, code);

-- What everybody can download.
create table ballot_files (
    ballot_id uuid not null references ballots,
    name      text not null,
    body      bytea not null,
    primary key (ballot_id, name)
);

-- Two people for each step that cannot be taken back.
create table ballot_approvals (
    ballot_id   uuid not null references ballots,
    step        text not null check (step in ('open', 'count', 'declare', 'void')),
    person_id   uuid not null references people,
    approved_at timestamptz not null,
    primary key (ballot_id, step, person_id)
);
create index ballot_approvals_by_person on ballot_approvals (person_id);

-- What the returning officer decided that the rules leave open, and why; for everybody to read.
create table ballot_rulings (
    id        uuid primary key,
    ballot_id uuid not null references ballots,
    words     text not null check (length(words) between 1 and 5000),
    made_by   uuid not null references people,
    made_at   timestamptz not null
);
create index ballot_rulings_of on ballot_rulings (ballot_id, made_at);
create index ballot_rulings_by on ballot_rulings (made_by);

-- Objections to the roll and complaints, answered in writing, with one appeal.
create table ballot_complaints (
    id           uuid primary key,
    ballot_id    uuid not null references ballots,
    person_id    uuid not null references people,
    about        text not null check (about in ('roll', 'conduct', 'result')),
    words        text not null check (length(words) between 1 and 5000),
    made_at      timestamptz not null,
    reply        text check (length(reply) between 1 and 5000),
    replied_by   uuid references people,
    replied_at   timestamptz,
    appeal       text check (length(appeal) between 1 and 5000),
    appealed_at  timestamptz,
    appeal_reply text check (length(appeal_reply) between 1 and 5000),
    decided_by   uuid references people,
    decided_at   timestamptz,
    check ((reply is null) = (replied_at is null) and (reply is null) = (replied_by is null)),
    check ((appeal is null) = (appealed_at is null)),
    check (appeal is null or reply is not null),
    check ((appeal_reply is null) = (decided_at is null) and (appeal_reply is null) = (decided_by is null)),
    check (appeal_reply is null or appeal is not null)
);
create index ballot_complaints_of on ballot_complaints (ballot_id, made_at);
create index ballot_complaints_by on ballot_complaints (person_id);
create index ballot_complaints_replied_by on ballot_complaints (replied_by);
create index ballot_complaints_decided_by on ballot_complaints (decided_by);

create trigger ballots_changed after insert or update or delete or truncate on ballots for each statement execute function notify_changed();
create trigger ballot_rulings_changed after insert or update or delete or truncate on ballot_rulings for each statement execute function notify_changed();
