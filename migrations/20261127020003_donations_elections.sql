-- The same election period is entered once.
delete from election_periods e using election_periods f
where (e.starts_on, e.ends_on) = (f.starts_on, f.ends_on) and (e.entered_at, e.id) > (f.entered_at, f.id);
create unique index election_periods_once on election_periods (starts_on, ends_on);
