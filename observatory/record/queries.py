"""The questions that may be put to the record, by name. Values are bound, never pasted into SQL.

A sort order is a word that stands for SQL written here. Who asks, and from which thread, is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import QueryRefused


@dataclass(frozen=True)
class Query:
    """`wants` names each parameter with its default; `...` means that it must be given."""

    sql: str
    wants: dict = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)


PAGE = 1000
"""Rows in one answer unless more are asked for; a table on the screen shows a hundred."""

EPISODE_ORDERS = {
    "episode": "episode", "newest": "episode DESC", "text": "lower(text), episode", "when": "lived_at, episode",
    "speaker": "speaker, episode", "session": "session, episode", "surprise": "mean_surprise DESC, episode",
    "novelty": "novelty DESC, episode", "outcome": "outcome NULLS LAST, episode", "tokens": "tokens DESC, episode",
    "nights": "len(nights) DESC, episode", "curiosity": "curiosity DESC NULLS LAST, episode",
    "focus": "focus DESC NULLS LAST, episode", "fear": "fear DESC NULLS LAST, episode",
}  # fmt: skip

EPISODES = """
    WITH taught AS (SELECT episode, list(night ORDER BY night) AS nights FROM learnt GROUP BY episode)
    SELECT e.episode, e.happened_at, e.text, e.speaker, e.session, e.lived_at, e.goal, e.outcome, e.because,
           e.source, e.line, e.novelty, e.corrects, len(e.token_ids) AS tokens, list_avg(e.surprise) AS mean_surprise,
           list_max(e.surprise) AS most_surprise, coalesce(t.nights, []) AS nights, r.hippocampal, r.cortical,
           coalesce(r.held, true) AS held, s.curiosity, s.focus, s.fear, s.value, s.twin_of, e.feedback_at,
           coalesce(m.pinned, false) AS pinned, coalesce(m.excluded, false) AS excluded
    FROM episodes_now e LEFT JOIN taught t USING (episode) LEFT JOIN retained r USING (episode)
         LEFT JOIN last_scores s USING (episode) LEFT JOIN marked m USING (episode)
"""
"""Outcome, reason, tokens and surprise are those of the last feedback on an episode, if there was any."""

LATEST_STEPS = "SELECT max(seq) AS seq FROM replay_steps WHERE night = $night GROUP BY step"
"""A resumed night goes through some steps again; the later ones are what the delta was made of."""

LATEST_PAPERS = 'SELECT max(seq) AS seq FROM exams WHERE night = $night GROUP BY "when", memory'

QUERIES: dict[str, Query] = {
    "episodes": Query(
        f"SELECT * FROM ({EPISODES}) WHERE ($search = '' OR contains(lower(text || ' ' || speaker || ' ' || session "
        "|| ' ' || goal || ' ' || because), lower($search))) AND ($night::BIGINT IS NULL OR list_contains(nights, "
        "$night::BIGINT)) ORDER BY {order} LIMIT $limit OFFSET $offset",
        {"search": "", "night": None, "limit": PAGE, "offset": 0},
        EPISODE_ORDERS,
    ),
    "episode": Query(f"SELECT * FROM ({EPISODES}) WHERE episode = $episode", {"episode": ...}),
    "tokens": Query(
        "SELECT position, token, piece, surprise FROM tokens WHERE episode = $episode ORDER BY position",
        {"episode": ...},
    ),
    "selections": Query(
        "SELECT s.episode, s.priority, s.bits_over_usual, s.why, s.curiosity, s.focus, s.fear, s.chance, s.twin_of, "
        "e.text FROM selections s LEFT JOIN episodes e USING (episode) WHERE s.night = $night "
        "QUALIFY row_number() OVER (PARTITION BY s.episode ORDER BY s.seq DESC) = 1 "
        "ORDER BY s.priority DESC, s.episode",
        {"night": ...},
    ),
    "stages": Query("SELECT happened_at, stage, text FROM stages WHERE night = $night ORDER BY seq", {"night": ...}),
    "old_material": Query(
        "SELECT item, kind, text FROM old_material WHERE night = $night ORDER BY seq", {"night": ...}
    ),
    "dreams": Query(
        "SELECT dream, episode, prompt, target, kept, support, why, answer, with_bits, without_bits, gain, drawn "
        "FROM dreams WHERE night = $night ORDER BY seq",
        {"night": ...},
    ),
    "probes": Query(
        "SELECT step, episode, worst, recalled, need, gain FROM probes WHERE night = $night "
        "QUALIFY row_number() OVER (PARTITION BY step, episode ORDER BY seq DESC) = 1 ORDER BY step, episode",
        {"night": ...},
    ),
    "retention": Query(
        "SELECT r.episode, r.hippocampal, r.cortical, r.held, e.text FROM retention r LEFT JOIN episodes e "
        "USING (episode) WHERE r.night = $night "
        "QUALIFY row_number() OVER (PARTITION BY r.episode ORDER BY r.seq DESC) = 1 ORDER BY r.episode",
        {"night": ...},
    ),
    "strengths": Query(
        "SELECT night, hippocampal, cortical, held FROM retention WHERE episode = $episode "
        "QUALIFY row_number() OVER (PARTITION BY night ORDER BY seq DESC) = 1 ORDER BY seq",
        {"episode": ...},
    ),
    "scores": Query(
        "SELECT s.episode, s.goal, s.curiosity, s.focus, s.fear, s.why, s.bits_over, s.error, s.names, s.relevance, "
        "s.value, s.tail, s.twin_of, e.text FROM last_scores s LEFT JOIN episodes e USING (episode) ORDER BY s.episode"
    ),
    "scored": Query(
        "SELECT happened_at, goal, curiosity, focus, fear, why, bits_over, error, names, relevance, value, tail, "
        "twin_of FROM scores WHERE episode = $episode ORDER BY seq",
        {"episode": ...},
    ),
    "goals": Query("SELECT happened_at, goal FROM goals ORDER BY seq"),
    "feedback": Query(
        "SELECT happened_at, episode, outcome, because FROM feedback "
        "WHERE $episode::BIGINT IS NULL OR episode = $episode::BIGINT ORDER BY seq",
        {"episode": None},
    ),
    "states": Query(
        "SELECT happened_at, episode, session, turn, trained_by, place, expected, error, value, tail, fails, "
        "distribution FROM states WHERE $session::VARCHAR IS NULL OR session = $session::VARCHAR "
        "ORDER BY seq DESC LIMIT $limit",
        {"session": None, "limit": PAGE},
    ),
    "trainings": Query("SELECT * FROM trainings ORDER BY seq"),
    "choices": Query(
        "SELECT * FROM choices WHERE $choice = '' OR choice = $choice ORDER BY seq DESC LIMIT $limit",
        {"choice": "", "limit": PAGE},
    ),
    "observed": Query('SELECT happened_at, episode, "like", text, why FROM observed ORDER BY seq'),
    "traces": Query("SELECT night, episode, cue, answer FROM traces WHERE night = $night ORDER BY seq", {"night": ...}),
    "loss": Query(
        "SELECT happened_at, step, of, loss, kl, rate, tokens, step_s, grad_norm FROM replay_steps "
        f"WHERE seq IN ({LATEST_STEPS}) ORDER BY step",
        {"night": ...},
    ),
    "replays": Query(
        "SELECT r.step, r.place, r.kind, r.episode, r.item, r.cue, r.loss, r.worst, r.because, r.drive, e.text "
        f"FROM replays r LEFT JOIN episodes e USING (episode) WHERE r.seq IN ({LATEST_STEPS}) AND r.step > $after "
        "ORDER BY r.step, r.place LIMIT $limit",
        {"night": ..., "after": 0, "limit": 10_000},
    ),
    "replay_counts": Query(
        "SELECT r.episode, any_value(e.text) AS text, count(*) AS times, avg(r.loss) AS mean_loss, "
        "arg_max(r.loss, r.step) AS last_loss, max(r.worst) AS worst FROM replays r LEFT JOIN episodes e "
        f"USING (episode) WHERE r.seq IN ({LATEST_STEPS}) AND r.episode IS NOT NULL GROUP BY r.episode "
        "ORDER BY times DESC, r.episode",
        {"night": ...},
    ),
    "exam_answers": Query(
        'SELECT "when", memory, place, kind, day, style, prompt, answers, answer, "right" FROM exam_answers '
        f"WHERE seq IN ({LATEST_PAPERS}) AND ($when = '' OR \"when\" = $when) AND ($memory = '' OR memory = $memory) "
        'ORDER BY "when" DESC, memory, place',
        {"night": ..., "when": "", "memory": ""},
    ),
    "exam_scores": Query(
        f'SELECT "when", memory, kind, "right", asked FROM exam_scores WHERE seq IN ({LATEST_PAPERS}) '
        'ORDER BY "when" DESC, memory, kind',
        {"night": ...},
    ),
    "measurements": Query(
        'SELECT happened_at, "when", perplexity, kl_from_base, perplexity_text FROM measurements WHERE night = $night '
        "ORDER BY seq",
        {"night": ...},
    ),
    "weighings": Query(
        'SELECT scale, recall_loss, old_kl, text_rise, objective, chosen, search, kept, "of", bits FROM weighings '
        "WHERE night = $night ORDER BY seq",
        {"night": ...},
    ),
    "drift": Query(
        "SELECT place, drift FROM drifts WHERE seq = (SELECT max(seq) FROM proposals WHERE night = $night) "
        "ORDER BY place",
        {"night": ...},
    ),
    "proposals": Query("SELECT * FROM proposals WHERE night = $night ORDER BY seq", {"night": ...}),
    "decisions": Query(
        'SELECT seq, happened_at, night, delta, decision, "by", reason FROM decisions '
        "WHERE $night::BIGINT IS NULL OR night = $night::BIGINT ORDER BY seq",
        {"night": None},
    ),
    "commits": Query("SELECT * FROM commits ORDER BY seq"),
    "nights": Query("SELECT * FROM nights ORDER BY night"),
    "night": Query("SELECT * FROM nights WHERE night = $night", {"night": ...}),
    "questions": Query(
        "SELECT a.happened_at, a.question, a.prompt, a.answer, a.memory, a.wall_ms, a.tokens_per_s, c.sure, c.why "
        "FROM answers a LEFT JOIN cues c USING (question) ORDER BY a.seq DESC LIMIT $limit",
        {"limit": PAGE},
    ),
    "memory_reads": Query(
        "SELECT m.episode, m.match, m.mass, m.weight, m.used, e.text FROM memory_reads m "
        "LEFT JOIN episodes e USING (episode) WHERE m.question = $question ORDER BY m.used DESC, m.match DESC",
        {"question": ...},
    ),
    "days": Query(
        "SELECT file_hash, arg_max(line, seq) AS line, max(happened_at) AS happened_at, count(episode) AS episodes "
        "FROM lines_lived GROUP BY file_hash ORDER BY happened_at"
    ),
    "events": Query(
        "SELECT seq, happened_at, kind, json FROM events WHERE seq > $after AND ($kind = '' OR kind = $kind) "
        "ORDER BY seq LIMIT $limit",
        {"after": 0, "kind": "", "limit": PAGE},
    ),
    "counts": Query(
        "SELECT kind, count(*) AS count, max(happened_at) AS last_at FROM events GROUP BY kind ORDER BY kind"
    ),
}


def ask(cursor, name: str, params: dict) -> list[dict]:
    """Rows as dictionaries."""
    query = QUERIES.get(name)
    if query is None:
        raise QueryRefused(f"The record knows no query “{name}”. It knows: {', '.join(sorted(QUERIES))}.")
    sql, bound = _checked(name, query, dict(params))
    found = cursor.execute(sql, bound)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _checked(name: str, query: Query, params: dict) -> tuple[str, dict]:
    sql = query.sql
    if query.orders:
        sort = params.pop("sort", next(iter(query.orders)))
        if sort not in query.orders:
            raise QueryRefused(f"“{name}” cannot be sorted by “{sort}”. It can by: {', '.join(query.orders)}.")
        sql = sql.replace("{order}", query.orders[sort])
    unknown = sorted(params.keys() - query.wants.keys())
    missing = [key for key, default in query.wants.items() if default is ... and key not in params]
    if unknown or missing:
        wrong = f"has no parameter “{unknown[0]}”" if unknown else f"needs the parameter “{missing[0]}”"
        raise QueryRefused(f"The query “{name}” {wrong}. It takes: {', '.join(query.wants) or 'none'}.")
    return sql, {**{key: default for key, default in query.wants.items() if default is not ...}, **params}
