-- What the drives see, what was said afterwards, where the latent state went and what the governor chose. Events of
-- these kinds may be in the home already, told before there was a place for their rows: they are read from `events`.

CREATE TABLE scores (
    seq BIGINT, happened_at DOUBLE, goal VARCHAR, episode BIGINT, curiosity DOUBLE, focus DOUBLE, fear DOUBLE,
    why VARCHAR, bits_over DOUBLE, error DOUBLE, names VARCHAR[], relevance DOUBLE, value DOUBLE, tail DOUBLE,
    twin_of BIGINT
);
INSERT INTO scores
    SELECT seq, happened_at, goal, one.episode, one.curiosity, one.focus, one.fear, one.why, one.bits_over, one.error,
           one.names, one.relevance, one.value, one.tail, one.twin_of
    FROM (
        SELECT seq, happened_at, json ->> '$.goal' AS goal,
               unnest(from_json(json -> '$.episodes', '[{"episode": "BIGINT", "curiosity": "DOUBLE", "focus": "DOUBLE", "fear": "DOUBLE", "why": "VARCHAR", "bits_over": "DOUBLE", "error": "DOUBLE", "names": ["VARCHAR"], "relevance": "DOUBLE", "value": "DOUBLE", "tail": "DOUBLE", "twin_of": "BIGINT"}]')) AS one
        FROM events WHERE kind = 'EpisodesScored'
    );

CREATE TABLE goals (seq BIGINT, happened_at DOUBLE, goal VARCHAR);
INSERT INTO goals SELECT seq, happened_at, json ->> '$.goal' FROM events WHERE kind = 'GoalSet';

CREATE TABLE feedback (
    seq BIGINT, happened_at DOUBLE, episode BIGINT, outcome DOUBLE, because VARCHAR, token_ids BIGINT[],
    pieces VARCHAR[], surprise DOUBLE[], code BIGINT[]
);
INSERT INTO feedback
    SELECT seq, happened_at, (json ->> '$.episode')::BIGINT, (json ->> '$.outcome')::DOUBLE, json ->> '$.because',
           from_json(json -> '$.tokens', '["BIGINT"]'), from_json(json -> '$.pieces', '["VARCHAR"]'),
           from_json(json -> '$.surprise', '["DOUBLE"]'), from_json(json -> '$.code', '["BIGINT"]')
    FROM events WHERE kind = 'FeedbackGiven';

CREATE TABLE states (
    seq BIGINT, happened_at DOUBLE, episode BIGINT, session VARCHAR, turn BIGINT, trained_by BIGINT, place DOUBLE[],
    expected DOUBLE[], error DOUBLE, value DOUBLE, tail DOUBLE, fails DOUBLE, distribution DOUBLE[], took_ms DOUBLE
);
INSERT INTO states
    SELECT seq, happened_at, (json ->> '$.episode')::BIGINT, json ->> '$.session', (json ->> '$.turn')::BIGINT,
           (json ->> '$.trained_by')::BIGINT, from_json(json -> '$.place', '["DOUBLE"]'),
           from_json(json -> '$.expected', '["DOUBLE"]'), (json ->> '$.error')::DOUBLE, (json ->> '$.value')::DOUBLE,
           (json ->> '$.tail')::DOUBLE, (json ->> '$.fails')::DOUBLE, from_json(json -> '$.distribution', '["DOUBLE"]'),
           (json ->> '$.took_ms')::DOUBLE
    FROM events WHERE kind = 'StateMoved';

CREATE TABLE trainings (
    seq BIGINT, happened_at DOUBLE, night BIGINT, sessions BIGINT, turns BIGINT, outcomes BIGINT, steps BIGINT,
    next_before DOUBLE, next_after DOUBLE, value_before DOUBLE, value_after DOUBLE, state VARCHAR, file VARCHAR,
    wall_s DOUBLE
);
INSERT INTO trainings
    SELECT seq, happened_at, (json ->> '$.night')::BIGINT, (json ->> '$.sessions')::BIGINT, (json ->> '$.turns')::BIGINT,
           (json ->> '$.outcomes')::BIGINT, (json ->> '$.steps')::BIGINT, (json ->> '$.next_before')::DOUBLE,
           (json ->> '$.next_after')::DOUBLE, (json ->> '$.value_before')::DOUBLE, (json ->> '$.value_after')::DOUBLE,
           json ->> '$.state', json ->> '$.file', (json ->> '$.wall_s')::DOUBLE
    FROM events WHERE kind = 'StateTrained';

CREATE TABLE choices (
    seq BIGINT, happened_at DOUBLE, "on" VARCHAR, choice VARCHAR, rule VARCHAR, why VARCHAR, "table" VARCHAR,
    lived_at VARCHAR, episode BIGINT, question BIGINT, preset VARCHAR,
    uncertainty DOUBLE, prediction_error DOUBLE, novelty DOUBLE, trust DOUBLE, pressure DOUBLE, surprise_load DOUBLE,
    capacity DOUBLE, rhythm DOUBLE, relevance DOUBLE, fear DOUBLE, idle DOUBLE
);
INSERT INTO choices
    SELECT seq, happened_at, json ->> '$.on', json ->> '$.choice', json ->> '$.rule', json ->> '$.why',
           json ->> '$.table', json ->> '$.lived_at', (json ->> '$.episode')::BIGINT, (json ->> '$.question')::BIGINT,
           json ->> '$.preset', seen.uncertainty, seen.prediction_error, seen.novelty, seen.trust, seen.pressure,
           seen.surprise_load, seen.capacity, seen.rhythm, seen.relevance, seen.fear, seen.idle
    FROM (
        SELECT seq, happened_at, json,
               from_json(json -> '$.states', '{"uncertainty": "DOUBLE", "prediction_error": "DOUBLE", "novelty": "DOUBLE", "trust": "DOUBLE", "pressure": "DOUBLE", "surprise_load": "DOUBLE", "capacity": "DOUBLE", "rhythm": "DOUBLE", "relevance": "DOUBLE", "fear": "DOUBLE", "idle": "DOUBLE"}') AS seen
        FROM events WHERE kind = 'GovernorDecided'
    );

CREATE TABLE observed (seq BIGINT, happened_at DOUBLE, episode BIGINT, "like" BIGINT, text VARCHAR, why VARCHAR);
INSERT INTO observed
    SELECT seq, happened_at, (json ->> '$.episode')::BIGINT, (json ->> '$.like')::BIGINT, json ->> '$.text',
           json ->> '$.why'
    FROM events WHERE kind = 'EpisodeObserved';

-- The defaults are those of the events' own fields, which older events do not have.
ALTER TABLE openings ADD COLUMN drives VARCHAR DEFAULT '';
UPDATE openings SET drives = coalesce(e.json ->> '$.drives', '') FROM events e WHERE e.seq = openings.seq;

ALTER TABLE selections ADD COLUMN curiosity DOUBLE DEFAULT 0;
ALTER TABLE selections ADD COLUMN focus DOUBLE DEFAULT 0;
ALTER TABLE selections ADD COLUMN fear DOUBLE DEFAULT 0;
ALTER TABLE selections ADD COLUMN chance DOUBLE DEFAULT 0;
ALTER TABLE selections ADD COLUMN twin_of BIGINT;
UPDATE selections SET
    curiosity = coalesce((e.json ->> '$.curiosity')::DOUBLE, 0), focus = coalesce((e.json ->> '$.focus')::DOUBLE, 0),
    fear = coalesce((e.json ->> '$.fear')::DOUBLE, 0), chance = coalesce((e.json ->> '$.chance')::DOUBLE, 0),
    twin_of = (e.json ->> '$.twin_of')::BIGINT
    FROM events e WHERE e.seq = selections.seq;

-- A step's JSON is long and has many rows: only those are opened that say of a drive at all.
ALTER TABLE replays ADD COLUMN drive VARCHAR DEFAULT '';
UPDATE replays SET drive = coalesce(e.json ->> ('$.items[' || replays.place || '].drive'), '')
    FROM events e WHERE e.seq = replays.seq AND e.kind = 'ReplayStep' AND contains(e.json, '"drive":');

ALTER TABLE proposals ADD COLUMN state VARCHAR DEFAULT '';
ALTER TABLE proposals ADD COLUMN state_file VARCHAR DEFAULT '';
UPDATE proposals SET
    state = coalesce(e.json ->> '$.proposal.state', ''), state_file = coalesce(e.json ->> '$.proposal.state_file', '')
    FROM events e WHERE e.seq = proposals.seq;

-- What stands now: the last score of every episode, and every episode as it was read last.

CREATE VIEW last_scores AS SELECT * FROM scores QUALIFY row_number() OVER (PARTITION BY episode ORDER BY seq DESC) = 1;

CREATE VIEW episodes_now AS
    WITH said AS (
        SELECT * FROM feedback QUALIFY row_number() OVER (PARTITION BY episode ORDER BY seq DESC) = 1
    )
    SELECT e.seq, e.happened_at, e.episode, e.text, e.speaker, e.session, e.lived_at, e.goal,
           coalesce(f.outcome, e.outcome) AS outcome, coalesce(f.because, e.because) AS because, e.source, e.line,
           coalesce(f.token_ids, e.token_ids) AS token_ids, coalesce(f.pieces, e.pieces) AS pieces,
           coalesce(f.surprise, e.surprise) AS surprise, coalesce(f.code, e.code) AS code, e.novelty, e.corrects,
           f.happened_at AS feedback_at
    FROM episodes e LEFT JOIN said f USING (episode);

CREATE OR REPLACE VIEW tokens AS
    SELECT episode, unnest(range(len(token_ids))) AS position, unnest(token_ids) AS token,
           unnest(pieces) AS piece, unnest(surprise) AS surprise
    FROM episodes_now;
