-- Every table is only ever appended to, and what changes over time (a night's standing, the accepted deltas) is a
-- view. No indexes: DuckDB's are what its write-ahead log has had trouble replaying, and appending needs none.

CREATE TABLE meta (key VARCHAR, value VARCHAR);

CREATE TABLE events (seq BIGINT, happened_at DOUBLE, kind VARCHAR, json VARCHAR, chain VARCHAR);

-- Waking

CREATE TABLE episodes (
    seq BIGINT, happened_at DOUBLE, episode BIGINT, text VARCHAR, speaker VARCHAR, session VARCHAR, lived_at VARCHAR,
    goal VARCHAR, outcome DOUBLE, because VARCHAR, source VARCHAR, line BIGINT,
    token_ids BIGINT[], pieces VARCHAR[], surprise DOUBLE[], code BIGINT[],
    novelty DOUBLE, corrects BIGINT, pass_ms DOUBLE, code_ms DOUBLE
);
CREATE VIEW tokens AS
    SELECT episode, unnest(range(len(token_ids))) AS position, unnest(token_ids) AS token,
           unnest(pieces) AS piece, unnest(surprise) AS surprise
    FROM episodes;
CREATE TABLE cues (
    seq BIGINT, happened_at DOUBLE, question BIGINT, cue VARCHAR, novelty DOUBLE, sure BOOLEAN, why VARCHAR,
    search_ms DOUBLE, read_ms DOUBLE
);
CREATE TABLE memory_reads (
    seq BIGINT, question BIGINT, episode BIGINT, match DOUBLE, mass DOUBLE, weight DOUBLE, used BOOLEAN
);
CREATE TABLE answers (
    seq BIGINT, happened_at DOUBLE, question BIGINT, prompt VARCHAR, answer VARCHAR, memory VARCHAR,
    pieces VARCHAR[], surprise DOUBLE[], wall_ms DOUBLE, tokens_per_s DOUBLE
);
CREATE TABLE lines_lived (seq BIGINT, happened_at DOUBLE, file_hash VARCHAR, line BIGINT, episode BIGINT, night BIGINT);

-- Night

CREATE TABLE openings (
    seq BIGINT, happened_at DOUBLE, night BIGINT, seed BIGINT, episodes BIGINT[], old_episodes BIGINT[], steps BIGINT,
    cortex VARCHAR, arm VARCHAR, why VARCHAR, resumed_from_step BIGINT
);
CREATE TABLE selections (
    seq BIGINT, night BIGINT, episode BIGINT, priority DOUBLE, bits_over_usual DOUBLE, why VARCHAR
);
CREATE TABLE stages (seq BIGINT, happened_at DOUBLE, night BIGINT, stage VARCHAR, text VARCHAR);
CREATE TABLE old_material (seq BIGINT, night BIGINT, item BIGINT, kind VARCHAR, text VARCHAR);
CREATE TABLE dreams (
    seq BIGINT, night BIGINT, dream BIGINT, episode BIGINT, prompt VARCHAR, target VARCHAR, kept BOOLEAN,
    support DOUBLE, why VARCHAR
);
CREATE TABLE replay_steps (
    seq BIGINT, happened_at DOUBLE, night BIGINT, step BIGINT, of BIGINT, loss DOUBLE, kl DOUBLE, rate DOUBLE, tokens BIGINT,
    step_s DOUBLE, grad_norm DOUBLE
);
CREATE TABLE replays (
    seq BIGINT, night BIGINT, step BIGINT, place BIGINT, kind VARCHAR, episode BIGINT, item BIGINT, cue VARCHAR,
    loss DOUBLE, worst DOUBLE, because VARCHAR
);
CREATE TABLE exams (seq BIGINT, happened_at DOUBLE, night BIGINT, "when" VARCHAR, memory VARCHAR, wall_s DOUBLE);
CREATE TABLE exam_scores (
    seq BIGINT, night BIGINT, "when" VARCHAR, memory VARCHAR, kind VARCHAR, "right" BIGINT, asked BIGINT
);
CREATE TABLE exam_answers (
    seq BIGINT, night BIGINT, "when" VARCHAR, memory VARCHAR, place BIGINT, kind VARCHAR, day BIGINT, style VARCHAR,
    prompt VARCHAR, answers VARCHAR[], answer VARCHAR, "right" BOOLEAN
);
CREATE TABLE measurements (
    seq BIGINT, happened_at DOUBLE, night BIGINT, "when" VARCHAR, perplexity DOUBLE, kl_from_base DOUBLE,
    perplexity_text VARCHAR
);
CREATE TABLE weighings (
    seq BIGINT, night BIGINT, scale DOUBLE, recall_loss DOUBLE, old_kl DOUBLE, objective DOUBLE, chosen BOOLEAN
);
CREATE TABLE proposals (
    seq BIGINT, happened_at DOUBLE, night BIGINT, delta VARCHAR, file VARCHAR, cortex_before VARCHAR, cortex_after VARCHAR,
    scale DOUBLE, rank BIGINT, norm DOUBLE, episodes BIGINT[], steps BIGINT, tokens BIGINT, bytes BIGINT,
    perplexity_before DOUBLE, perplexity_after DOUBLE, kl_before DOUBLE, kl_after DOUBLE
);
CREATE TABLE drifts (seq BIGINT, night BIGINT, place VARCHAR, drift DOUBLE);
CREATE TABLE decisions (
    seq BIGINT, happened_at DOUBLE, night BIGINT, delta VARCHAR, decision VARCHAR, "by" VARCHAR, reason VARCHAR
);
CREATE TABLE commits (
    seq BIGINT, happened_at DOUBLE, night BIGINT, delta VARCHAR, file VARCHAR, cortex_before VARCHAR, cortex_after VARCHAR,
    wall_s DOUBLE
);
CREATE TABLE closings (
    seq BIGINT, happened_at DOUBLE, night BIGINT, ended VARCHAR, cortex VARCHAR, why VARCHAR, wall_s DOUBLE, steps BIGINT,
    tokens BIGINT, peak_rss_mb DOUBLE
);
CREATE TABLE rollbacks (seq BIGINT, happened_at DOUBLE, to_night BIGINT, nights BIGINT[], cortex VARCHAR, why VARCHAR);

-- What stands now

CREATE VIEW accepted AS
    SELECT c.* FROM commits c
    WHERE NOT EXISTS (SELECT 1 FROM rollbacks r WHERE r.seq > c.seq AND c.night > r.to_night);

CREATE VIEW learnt AS
    SELECT DISTINCT night, unnest(episodes) AS episode FROM (
        SELECT o.night, o.episodes FROM openings o JOIN accepted a ON a.night = o.night AND o.seq < a.seq
        QUALIFY row_number() OVER (PARTITION BY o.night ORDER BY o.seq DESC) = 1
    );

CREATE VIEW nights AS
    WITH opened AS (
        SELECT night, min(happened_at) AS opened_at, arg_max(seq, seq) AS last_seq, arg_max(seed, seq) AS seed,
               arg_max(episodes, seq) AS episodes, arg_max(arm, seq) AS arm, arg_max(why, seq) AS why,
               arg_max(cortex, seq) AS cortex, arg_max(steps, seq) AS planned_steps, count(*) - 1 AS resumed
        FROM openings GROUP BY night
    ), closed AS (
        SELECT night, arg_max(seq, seq) AS seq, arg_max(happened_at, seq) AS closed_at, arg_max(ended, seq) AS ended,
               arg_max(why, seq) AS closed_why, arg_max(wall_s, seq) AS wall_s, arg_max(steps, seq) AS steps,
               arg_max(tokens, seq) AS tokens, arg_max(peak_rss_mb, seq) AS peak_rss_mb
        FROM closings GROUP BY night
    ), proposed AS (
        SELECT night, arg_max(delta, seq) AS delta, arg_max(file, seq) AS file, arg_max(scale, seq) AS scale,
               arg_max(norm, seq) AS norm, arg_max(rank, seq) AS rank,
               arg_max(cortex_after, seq) AS cortex_proposed
        FROM proposals GROUP BY night
    ), decided AS (
        SELECT night, arg_max(decision, seq) AS decision, arg_max("by", seq) AS decided_by,
               arg_max(reason, seq) AS reason, arg_max(happened_at, seq) AS decided_at
        FROM decisions GROUP BY night
    ), committed AS (
        SELECT night, arg_max(cortex_after, seq) AS cortex_after FROM commits GROUP BY night
    )
    SELECT o.night, o.opened_at, c.closed_at, o.arm, o.seed, len(o.episodes) AS episodes, o.why, o.resumed,
           CASE WHEN a.night IS NOT NULL THEN 'accepted'
                WHEN m.night IS NOT NULL THEN 'rolled back'
                WHEN c.seq > o.last_seq THEN c.ended
                ELSE 'open' END AS standing,
           d.decision, d.decided_by, d.reason, d.decided_at, p.delta, p.file, p.scale, p.norm, p.rank,
           o.cortex AS cortex_before, coalesce(m.cortex_after, o.cortex) AS cortex_after, p.cortex_proposed,
           o.planned_steps, c.closed_why, c.wall_s, c.steps, c.tokens, c.peak_rss_mb
    FROM opened o LEFT JOIN closed c USING (night) LEFT JOIN proposed p USING (night)
         LEFT JOIN decided d USING (night) LEFT JOIN committed m USING (night)
         LEFT JOIN (SELECT DISTINCT night FROM accepted) a USING (night);
