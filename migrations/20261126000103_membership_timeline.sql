create view membership_timeline as
    select person_id, written_at as at, 'note' as source, 'written' as what, jsonb_build_object('words', words) as detail,
           author_id as actor, true as sensitive
    from membership_notes;
