-- What officers write: questions and their groups, pages, people, allies, news. Each is a document with versions.
-- The shape of `words` is the struct of that kind in src/content/words.rs.
create table content_items (
    id           uuid primary key,
    kind         text not null check (kind in ('group', 'question', 'page', 'person', 'ally', 'article')),
    -- A question stands in a group.
    parent_id    uuid references content_items,
    slug         text check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
    position     integer not null,
    version      integer not null default 1 check (version > 0),
    words        jsonb not null check (jsonb_typeof(words) = 'object'),
    -- Null is a draft.
    published_at timestamptz,
    changed_at   timestamptz not null,
    deleted_at   timestamptz,
    -- What the search of the questions looks through; empty for other kinds.
    search       text not null generated always as
                     (plain_text(coalesce(words ->> 'question', '') || ' ' || coalesce(words ->> 'answer', ''))) stored,
    check ((kind in ('question', 'page', 'article')) = (slug is not null)),
    check ((kind = 'question') = (parent_id is not null))
);
create index content_items_listed on content_items (kind, position, id) where deleted_at is null;
create index content_items_by_parent on content_items (parent_id) where parent_id is not null;
create index content_items_news on content_items (published_at desc, id desc)
    where kind = 'article' and deleted_at is null and published_at is not null;
create unique index content_items_by_slug on content_items (kind, slug) where slug is not null;
create index content_items_search on content_items using gin (to_tsvector('english', search)) where kind = 'question';
create index content_items_search_trigrams on content_items using gin (search gin_trgm_ops) where kind = 'question';

-- Every address an item ever had, so that old links lead to it.
create table content_slugs (
    kind    text not null,
    slug    text not null,
    item_id uuid not null references content_items,
    primary key (kind, slug)
);

-- Each version as it was saved, by whom.
create table content_revisions (
    item_id  uuid not null references content_items,
    kind     text not null,
    version  integer not null,
    snapshot jsonb not null,
    -- A person's id, or 'system'.
    author   text not null,
    at       timestamptz not null,
    primary key (item_id, version)
);

create trigger content_items_changed after insert or update or delete on content_items
    for each statement execute function notify_changed();
