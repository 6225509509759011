-- Whoever stands in an election does not use their officers' tools meanwhile. `elections` says so.
alter table people add column offices_paused boolean not null default false;
