-- Each question is about one kind, mostly from a month on.
create index tallies_by_what on tallies (what, key);
