-- The overview counts refused mails at each view, and officers list them.
create index outbox_refused on outbox (written_at desc) where refused is not null;
