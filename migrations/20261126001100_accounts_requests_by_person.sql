-- What was mailed to somebody to sign in, newest first: how many codes were tried within a day.
create index sign_in_requests_by_person on sign_in_requests (person_id, created_at desc) where person_id is not null;
