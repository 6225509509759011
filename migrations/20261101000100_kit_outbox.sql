-- Mails that wait to be sent, or were. Bodies are emptied once they are out.
create table outbox (
    id         uuid primary key,
    occasion   text not null unique,
    recipient  citext not null,
    subject    text not null,
    text_body  text not null,
    html_body  text not null,
    written_at timestamptz not null,
    sent_at    timestamptz,
    refused    text,
    check (sent_at is null or refused is null)
);
create index outbox_waiting on outbox (written_at) where sent_at is null and refused is null;
create index outbox_by_recipient on outbox (recipient, written_at desc);
