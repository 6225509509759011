-- Each table that a page kept in memory reads says when it changes; no other does.
create trigger content_slugs_changed after insert or update or delete or truncate on content_slugs
    for each statement execute function notify_changed();
create trigger ledger_changed after insert or update or delete or truncate on ledger
    for each statement execute function notify_changed();

-- No page for strangers reads who is a member: joining empties nothing.
drop trigger memberships_changed on memberships;
