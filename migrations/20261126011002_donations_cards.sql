-- What tells the cards apart by which payments just below the law's sum were made, so that parts of one donation are found
-- that came under several names. Asked of Stripe for those payments alone, and forgotten when they are not looked at any more.
create table donation_cards (
    line        uuid primary key references ledger,
    -- Null: it was no card.
    fingerprint text,
    asked_at    timestamptz not null
);
create index donation_cards_asked on donation_cards (asked_at);
