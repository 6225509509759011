-- What is asked about other parties, who sees it and for how long (UK GDPR, Articles 9(2)(d), 13 and 22). A page that
-- officers have changed is theirs and stays as it is.
create temporary table new_privacy on commit drop as
select id, words || jsonb_build_object('body', replace(replace(words ->> 'body',
$$We make no decisions about you by machine alone, and build no profile of you.$$,
$$**Other parties.** When you join we ask whether you are a member of another party, because our rules do not allow every combination. Only you and the officers who decide about new members see your answer. If you name a party that our rules bar, the form tells you at once and keeps nothing; write to us, and a person looks at it. Everything else is decided by people. We build no profile of you.$$),
$$- Supporters: until you tell us to stop$$,
$$- What you told us about other parties: for as long as you are a member. An answer that you changed, and the last one when you leave, goes after two years.
- Supporters: until you tell us to stop$$)) as words
from content_items
where kind = 'page' and slug = 'privacy' and version = 2;

update content_items i set words = n.words, version = 3, changed_at = '2026-11-21T09:00:00Z' from new_privacy n where i.id = n.id;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', i.slug, 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i join new_privacy n on n.id = i.id;
