-- The list that a mail to many belongs to, for its List-Id; until now there was one.
alter table outbox add column list text;
update outbox set list = 'updates' where unsubscribe is not null;
alter table outbox add check (unsubscribe is null or list is not null);
