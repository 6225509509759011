-- The code stood in the subject once, and subjects are kept and shown to officers.
update outbox set subject = 'Your sign-in code' where subject ~ '^[0-9]{6} is your sign-in code$';
-- Whom a mail went to and what it was called are forgotten after a time; the occasion stays, so that it is not sent again.
create index outbox_remembered on outbox (written_at) where recipient <> '';
