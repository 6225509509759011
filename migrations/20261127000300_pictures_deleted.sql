-- What was deleted can be brought back, until it is deleted for good.
alter table pictures add column deleted_at timestamptz;
alter table picture_files add column hidden boolean not null default false;
