-- Where a mail of the outbox can be stopped, if it is not a service mail.
alter table outbox add column unsubscribe text;
