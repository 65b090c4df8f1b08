"""Ten questions to begin with, as SQL on the home's database. A test puts each of them to a record. Knows no Qt."""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    "What tables are there, and what do they hold?": (
        "SELECT table_name, list(column_name ORDER BY column_index) AS columns\n"
        "FROM duckdb_columns() WHERE NOT internal GROUP BY table_name ORDER BY table_name"
    ),
    "The nights, and what became of them": (
        "SELECT night, standing, episodes, steps, round(wall_s / 60, 1) AS minutes, decision, decided_by, reason\n"
        "FROM nights ORDER BY night"
    ),
    "Which episodes were replayed most, and what that did to their loss": (
        "SELECT r.episode, any_value(e.text) AS text, count(*) AS replays,\n"
        "       round(arg_min(r.loss, r.seq), 2) AS first_loss, round(arg_max(r.loss, r.seq), 2) AS last_loss\n"
        "FROM replays r JOIN episodes e USING (episode)\n"
        "GROUP BY r.episode ORDER BY replays DESC, r.episode LIMIT 50"
    ),
    "Which drive drew what, night by night": (
        "SELECT night, drive, count(*) AS draws, count(DISTINCT episode) AS episodes,\n"
        "       round(avg(loss), 3) AS mean_loss\n"
        "FROM replays WHERE drive <> '' GROUP BY night, drive ORDER BY night, draws DESC"
    ),
    "What a withheld cue still did not bring back at the end of each night": (
        "SELECT p.night, p.episode, e.text, round(p.worst, 2) AS worst_nats\n"
        "FROM probes p JOIN episodes e USING (episode)\n"
        "WHERE NOT p.recalled\n"
        "QUALIFY p.step = max(p.step) OVER (PARTITION BY p.night)\n"
        "ORDER BY p.night, p.worst DESC"
    ),
    "Exam scores before and after each night, the cortex alone": (
        'SELECT night, kind, max("right") FILTER ("when" = \'before\') AS before,\n'
        '       max("right") FILTER ("when" = \'after\') AS after, max(asked) AS asked\n'
        "FROM exam_scores WHERE memory = 'cortex' GROUP BY night, kind ORDER BY night, kind"
    ),
    "Exam questions that a night lost": (
        "SELECT a.night, a.kind, a.prompt, b.answer AS before, a.answer AS after\n"
        "FROM exam_answers a JOIN exam_answers b USING (night, memory, kind, prompt)\n"
        'WHERE a."when" = \'after\' AND b."when" = \'before\' AND b."right" AND NOT a."right"\n'
        "ORDER BY a.night, a.memory, a.kind"
    ),
    "How strong every episode is now, and its marks": (
        "SELECT e.episode, e.text, r.hippocampal, r.cortical, coalesce(r.held, true) AS held,\n"
        "       coalesce(m.pinned, false) AS pinned, coalesce(m.excluded, false) AS excluded\n"
        "FROM episodes e LEFT JOIN retained r USING (episode) LEFT JOIN marked m USING (episode)\n"
        "ORDER BY r.cortical DESC NULLS LAST, e.episode"
    ),
    "The most surprising words that were told": (
        "SELECT t.episode, trim(t.piece) AS piece, round(t.surprise, 1) AS bits, e.text\n"
        "FROM tokens t JOIN episodes e USING (episode)\n"
        "ORDER BY t.surprise DESC LIMIT 100"
    ),
    "Which layers each night moved most": (
        "SELECT night, place, round(100 * drift, 2) AS percent\n"
        "FROM drifts QUALIFY row_number() OVER (PARTITION BY night ORDER BY drift DESC) <= 10\n"
        "ORDER BY night, drift DESC"
    ),
}
"""What a menu says, and what is asked then."""

EPISODES = (
    "SELECT e.episode, e.text, e.speaker, e.session, e.lived_at, e.goal, e.outcome, e.because, e.source, e.novelty,\n"
    "       list_avg(e.surprise) AS mean_surprise, r.hippocampal, r.cortical, coalesce(r.held, true) AS held,\n"
    "       coalesce(m.pinned, false) AS pinned, coalesce(m.excluded, false) AS excluded,\n"
    "       (SELECT list(l.night ORDER BY l.night) FROM learnt l WHERE l.episode = e.episode) AS nights\n"
    "FROM episodes_now e LEFT JOIN retained r USING (episode) LEFT JOIN marked m USING (episode)\n"
    "WHERE list_contains($episodes, e.episode) ORDER BY e.episode"
)
"""What an export of chosen episodes holds."""
