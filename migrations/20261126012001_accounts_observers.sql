-- Whoever watches votes, and runs none.
alter table officers drop constraint officers_role_check;
alter table officers add check (role in
    ('administrator', 'membership', 'treasurer', 'returning_officer', 'observer', 'editor', 'communications', 'organiser'));
