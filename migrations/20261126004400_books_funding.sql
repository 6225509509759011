-- The funding page, which is kept in memory, also reads gifts and what was spent.
create trigger gifts_changed after insert or update or delete or truncate on gifts
    for each statement execute function notify_changed();
create trigger book_postings_changed after insert or update or delete or truncate on book_postings
    for each statement execute function notify_changed();
