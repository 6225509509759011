-- Pictures that officers uploaded, as they are shown: written anew, in each width that pages ask for.
create table pictures (
    id       uuid primary key,
    -- Of the widest size, so that the same picture is kept once.
    hash     text not null unique check (hash ~ '^[0-9a-f]{32}$'),
    width    integer not null check (width > 0),
    height   integer not null check (height > 0),
    ending   text not null check (ending in ('jpg', 'png')),
    -- What it shows, for people who do not see it.
    alt      text not null check (alt <> ''),
    added_at timestamptz not null
);
create index pictures_by_time on pictures (added_at desc, id);

create table picture_files (
    hash   text not null references pictures (hash) on delete cascade,
    width  integer not null,
    height integer not null,
    ending text not null,
    bytes  bytea not null,
    primary key (hash, width)
);
-- They are compressed as they come.
alter table picture_files alter column bytes set storage external;
create trigger picture_files_changed after insert or update or delete or truncate on picture_files
    for each statement execute function notify_changed();
