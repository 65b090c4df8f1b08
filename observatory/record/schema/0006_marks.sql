-- What people marked episodes with, and what of it stands now: of each mark the last word on an episode.

CREATE TABLE marks (seq BIGINT, happened_at DOUBLE, episode BIGINT, mark VARCHAR, "on" BOOLEAN, "by" VARCHAR);

CREATE VIEW marked AS
    SELECT episode, coalesce(arg_max("on", seq) FILTER (WHERE mark = 'pinned'), false) AS pinned,
           coalesce(arg_max("on", seq) FILTER (WHERE mark = 'excluded'), false) AS excluded
    FROM marks GROUP BY episode;
