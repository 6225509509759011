-- A person's consents, newest first: on her account page and in her record.
create index consents_by_person on consents (person_id, given_at desc);
