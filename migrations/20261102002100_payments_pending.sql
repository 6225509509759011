-- Debits on their way whose news may have been lost; looked at once a day.
create index checkouts_pending on checkouts (changed_at) where state = 'pending';
