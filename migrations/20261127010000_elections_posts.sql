-- Posts that members elect people to, and the elections for them.
create table election_posts (
    id          uuid primary key,
    slug        text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    title       text not null check (length(title) between 1 and 80),
    -- What whoever holds it does; Markdown.
    duties      text not null check (length(duties) between 1 and 5000),
    seats       int not null check (seats between 1 and 60),
    term_months int not null check (term_months between 1 and 120),
    -- Who elects it, of those whom the rules of membership let vote; null for everywhere and for every age.
    regions     text[] check (cardinality(regions) > 0),
    oldest      int check (oldest between 14 and 120),
    written_at  timestamptz not null
);

create table elections (
    id               uuid primary key,
    slug             text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    post_id          uuid not null references election_posts,
    -- Of these, so many are filled: all of them, or those that are vacant.
    seats            int not null check (seats between 1 and 60),
    fills_vacancy    boolean not null,
    -- By the rule book of the day on which it was written.
    seconders        int not null check (seconders between 0 and 1000),
    statement_length int not null check (statement_length between 1 and 20000),
    reopen           boolean not null,
    -- Who keeps the key to its papers: the site, or scrutineers in shares.
    held             text not null check (held in ('site', 'shares')),
    -- `elections::model::Timetable`: each step with its instant.
    timetable        jsonb not null,
    published_at     timestamptz,
    -- The stage that the clock's work has brought it to. What may be done goes by the clock alone.
    turned_to        text not null default 'draft',
    -- When its nominations were judged: who stands is fixed from then on.
    judged_at        timestamptz,
    ballot_id        uuid unique references ballots,
    outcome          text check (outcome in ('elected', 'unopposed', 'no_candidates', 'nobody', 'void')),
    settled_at       timestamptz,
    void_reason      text,
    written_by       uuid references people,
    written_at       timestamptz not null,
    check ((outcome is null) = (settled_at is null)),
    check ((outcome = 'void') = (void_reason is not null))
);
-- One at a time.
create unique index elections_under_way on elections (post_id) where settled_at is null;
create index elections_of_post on elections (post_id);
create index elections_written_by on elections (written_by);

-- Somebody who is nominated, by themselves or by another. One row for each, whatever becomes of it.
create table election_nominations (
    id           uuid primary key,
    election_id  uuid not null references elections,
    person_id    uuid not null references people,
    -- As it will stand on the ballot paper: theirs when they accepted.
    name         text not null,
    nominated_by uuid not null references people,
    nominated_at timestamptz not null,
    accepted_at  timestamptz,
    declined_at  timestamptz,
    -- Markdown.
    statement    text not null default '',
    -- The address of a picture of this site.
    portrait     text,
    -- Their part of the one email to all voters, in plain text.
    letter       text not null default '' check (length(letter) <= 2000),
    -- From their acceptance until the election is over for them.
    stands       boolean not null default false,
    ended_how    text check (ended_how in ('withdrawn', 'refused', 'seconders', 'barred', 'settled')),
    -- What the returning officer wrote, for them to read.
    ended_why    text,
    ended_at     timestamptz,
    unique (election_id, person_id),
    check (accepted_at is null or declined_at is null),
    check (not stands or (accepted_at is not null and ended_at is null)),
    check ((ended_how is null) = (ended_at is null))
);
-- For one post at a time.
create unique index election_candidates on election_nominations (person_id) where stands;
create index election_nominations_of_person on election_nominations (person_id);
create index election_nominations_by on election_nominations (nominated_by);

create table election_seconds (
    nomination_id uuid not null references election_nominations,
    person_id     uuid not null references people,
    seconded_at   timestamptz not null,
    primary key (nomination_id, person_id)
);
create index election_seconds_by_person on election_seconds (person_id);

-- What members ask all who stand. Every candidate has the same hours to answer, and all answers appear together.
create table election_questions (
    id          uuid primary key,
    election_id uuid not null references elections,
    asked_by    uuid not null references people,
    words       text not null check (length(words) between 1 and 500),
    asked_at    timestamptz not null,
    -- Until when they answer; null until an officer has let it through.
    answers_at  timestamptz,
    -- Why an officer did not.
    refused_why text,
    -- Written by the clock's work once they can be read.
    shown       boolean not null default false,
    check (answers_at is null or refused_why is null)
);
create index election_questions_of on election_questions (election_id, asked_at);
create index election_questions_by on election_questions (asked_by);

create table election_answers (
    question_id   uuid not null references election_questions,
    nomination_id uuid not null references election_nominations,
    words         text not null check (length(words) between 1 and 1000),
    answered_at   timestamptz not null,
    primary key (question_id, nomination_id)
);
create index election_answers_by on election_answers (nomination_id);

create trigger election_posts_changed after insert or update or delete or truncate on election_posts for each statement execute function notify_changed();
create trigger elections_changed after insert or update or delete or truncate on elections for each statement execute function notify_changed();
create trigger election_nominations_changed after insert or update or delete or truncate on election_nominations for each statement execute function notify_changed();
create trigger election_questions_changed after insert or update or delete or truncate on election_questions for each statement execute function notify_changed();
create trigger election_answers_changed after insert or update or delete or truncate on election_answers for each statement execute function notify_changed();
