-- How long data is kept, as it is kept: the site deletes by itself what was never finished, and the party removes the
-- rest when it is asked, or when it is needed no more (UK GDPR, Articles 5(1)(e), 13(2)(a) and 17). A page that officers
-- have changed is theirs and stays as it is.
create temporary table new_privacy on commit drop as
select id, words || jsonb_build_object('body', replace(replace(replace(words ->> 'body',
$$- Membership records: for two years after a membership ends, then we remove what identifies you.
- Supporters: until you ask us to stop, or after two years in which you opened nothing and answered nothing.
- Donations: six years, as the law requires.
- Complaints: six years. Messages: two years.
- Technical logs: 30 days.
- If you tell us never to write again, we keep a coded form of your email address, so that we do not.$$,
$$- Membership records: for as long as you are a member. After that we keep that you were one, from when to when, and what you paid, until you ask us to remove what identifies you.
- Supporters: until you tell us to stop, or ask us to remove you.
- Donations: six years, as the law requires, even if you ask us to remove the rest.
- Forms that were begun and never finished: a sign-up that was not confirmed goes after 7 days, an application to join or a gift that was not paid after 30 days.
- Messages that you send us: as emails in our mailbox, until what they are about is settled. Complaints: six years.
- Which emails we sent you, and when: as long as your record. The words of an email are deleted here once it is sent.
- What officers changed, and who opened your record: in a log that nobody can alter, so this stays when the rest is removed.
- If you stop our emails, we keep the day you did, so that we do not write again.

We look at nothing you open or click. You can ask us at any time to remove what we no longer need.$$),
$$we keep a record of what officers change, and count tries at signing in$$,
$$we keep a record of what officers change and whose record they open, and count tries at signing in$$),
$$**If you write to us** we keep your message and our answer: to reply, and to remember what we said$$,
$$**If you write to us** your message reaches us as an email, and we keep it with our answer: to reply, and to remember what we said$$)) as words
from content_items
where kind = 'page' and slug = 'privacy' and version = 1;

update content_items i set words = n.words, version = 2, changed_at = '2026-11-21T09:00:00Z' from new_privacy n where i.id = n.id;
insert into content_revisions (item_id, kind, version, snapshot, author, at)
select i.id, i.kind, i.version, jsonb_build_object('slug', i.slug, 'parent', i.parent_id, 'words', i.words), 'system', i.changed_at
from content_items i join new_privacy n on n.id = i.id;
