-- What was forgotten, what was read anew because of it, and whether anything is left. No words of it.

CREATE TABLE forgettings (seq BIGINT, happened_at DOUBLE, episodes BIGINT[], nights BIGINT[], "by" VARCHAR, why VARCHAR);
CREATE TABLE forgotten_for_good (seq BIGINT, happened_at DOUBLE, episodes BIGINT[], cortex VARCHAR);
CREATE TABLE rereads (
    seq BIGINT, happened_at DOUBLE, episode BIGINT, token_ids BIGINT[], pieces VARCHAR[], surprise DOUBLE[],
    code BIGINT[], novelty DOUBLE, corrects BIGINT
);
CREATE TABLE canaries (
    seq BIGINT, happened_at DOUBLE, episode BIGINT, "when" VARCHAR, "rank" BIGINT, "of" BIGINT, cortex VARCHAR
);
CREATE TABLE changes (
    seq BIGINT, happened_at DOUBLE, night BIGINT, delta VARCHAR, leave_out BIGINT[], scale DOUBLE, "by" VARCHAR,
    reason VARCHAR
);

CREATE VIEW forgotten AS SELECT DISTINCT unnest(episodes) AS episode FROM forgettings;

CREATE OR REPLACE VIEW episodes_now AS
    WITH said AS (
        SELECT * FROM feedback QUALIFY row_number() OVER (PARTITION BY episode ORDER BY seq DESC) = 1
    ), again AS (
        SELECT * FROM rereads QUALIFY row_number() OVER (PARTITION BY episode ORDER BY seq DESC) = 1
    ), latest AS (
        SELECT * FROM (
            SELECT seq, episode, token_ids, pieces, surprise, code FROM feedback
            UNION ALL SELECT seq, episode, token_ids, pieces, surprise, code FROM rereads
        ) QUALIFY row_number() OVER (PARTITION BY episode ORDER BY seq DESC) = 1
    )
    SELECT e.seq, e.happened_at, e.episode, e.text, e.speaker, e.session, e.lived_at, e.goal,
           coalesce(f.outcome, e.outcome) AS outcome, coalesce(f.because, e.because) AS because, e.source, e.line,
           coalesce(l.token_ids, e.token_ids) AS token_ids, coalesce(l.pieces, e.pieces) AS pieces,
           coalesce(l.surprise, e.surprise) AS surprise, coalesce(l.code, e.code) AS code,
           coalesce(a.novelty, e.novelty) AS novelty,
           CASE WHEN a.episode IS NULL THEN e.corrects ELSE a.corrects END AS corrects, f.happened_at AS feedback_at
    FROM episodes e LEFT JOIN said f USING (episode) LEFT JOIN again a USING (episode) LEFT JOIN latest l USING (episode)
    WHERE e.episode NOT IN (SELECT episode FROM forgotten);
