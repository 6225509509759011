-- Addresses that nothing is ever written to again: of people who have died.
create table mail_stops (
    email      citext primary key,
    stopped_at timestamptz not null
);
