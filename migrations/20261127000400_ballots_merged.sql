-- A roll keeps its size and its fingerprint when two records of one person become one: an entry may be nobody's any more.
alter table ballot_roll drop constraint ballot_roll_pkey;
drop index ballot_roll_entries;
alter table ballot_roll add primary key (ballot_id, entry);
alter table ballot_roll alter column person_id drop not null;
create unique index ballot_roll_voters on ballot_roll (ballot_id, person_id);
