-- Those who act for the party have profiles here; the people of the members' list are others.
alter table content_items drop constraint content_items_kind_check;
update content_items set kind = 'profile' where kind = 'person';
update content_revisions set kind = 'profile' where kind = 'person';
alter table content_items add constraint content_items_kind_check
    check (kind in ('group', 'question', 'page', 'profile', 'ally', 'article'));
