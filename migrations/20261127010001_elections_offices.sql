-- Who holds a post, from when, until when.
alter table election_posts add column role text;
comment on column election_posts.role is 'The office of the site that comes with it, if any; codes of `accounts::Role`.';
-- Their place on the ballot paper, once the vote is made.
alter table election_nominations add column number int check (number > 0);
create unique index election_numbers on election_nominations (election_id, number);
-- Of a by-election: when the terms end that it fills the rest of.
alter table elections add column term_ends_on date;
-- Whether the one email with a text of each candidate has been handed to the sender.
alter table elections add column letters_sent boolean not null default false;

create table election_offices (
    id          uuid primary key,
    post_id     uuid not null references election_posts,
    election_id uuid not null references elections,
    person_id   uuid not null references people,
    -- As it stood on the ballot paper.
    name        text not null,
    portrait    text,
    how         text not null check (how in ('elected', 'unopposed', 'countback')),
    started_on  date not null,
    -- The first day on which it is held no more.
    ends_on     date not null check (ends_on > started_on),
    -- When it ended, at the end of its term or before.
    ended_on    date,
    ended_why   text,
    -- Whose rest of a term it is, after a countback; each office is filled so once.
    instead_of  uuid unique references election_offices,
    unique (election_id, person_id)
);
create index election_offices_of_post on election_offices (post_id, ended_on);
create index election_offices_by_person on election_offices (person_id);
create trigger election_offices_changed after insert or update or delete or truncate on election_offices for each statement execute function notify_changed();
