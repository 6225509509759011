-- Whom an answer goes to, where that is not the sender.
alter table outbox add column reply_to text;
