"""The latent state, what the drives see, and feedback: on a tiny model, from telling to the gate and back."""

from __future__ import annotations

import pytest

from observatory import resources
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from observatory.protocol.drives import BY_CHANCE, PRESETS, Drives
from tests.mind.tiny import TEXTS, a_night, accepted, of, woken

MORE = {
    5: "The ferry to Corran Skerry leaves at six.",
    6: "Odile repaired the barometer of Quill Lodge.",
    7: "Odile repaired the barometer of Quill Lodge again.",
    8: "Radishes grow well behind the rope factory.",
}


def tell(mind, episode, text, **more):
    return list(mind.tell(cmd.Tell(episode=episode, text=text, session="harbour", **more)))


@pytest.fixture
def many(told):
    for episode, text in MORE.items():
        tell(told, episode, text, outcome=-1.0 if episode == 6 else None, because="it fell" if episode == 6 else "")
    return told


def score(events) -> ev.EpisodeScore:
    return of(events, ev.EpisodesScored)[-1].episodes[-1]


def test_every_turn_moves_the_state_of_its_session_and_says_what_the_drives_see(told):
    events = tell(told, 5, MORE[5])
    moved, scored = of(events, ev.StateMoved)[0], score(events)
    assert (moved.episode, moved.session, moved.turn, moved.trained_by) == (5, "harbour", 1, 0)
    assert len(moved.distribution) == ev.VALUE_BINS
    assert sum(moved.distribution) == pytest.approx(1, abs=1e-2)
    assert scored.curiosity > 0
    assert scored.focus == scored.fear == 0.0, "there is no goal, and nothing is known to have gone badly"
    assert scored.why
    assert of(tell(told, 6, MORE[6]), ev.StateMoved)[0].turn == 2


def test_what_went_badly_is_feared_even_before_any_night(told):
    scored = score(tell(told, 6, MORE[6], outcome=-1.0, because="it fell from the wall"))
    assert scored.fear == pytest.approx(1.0)
    assert "it went badly" in scored.why.lower()
    assert "it fell from the wall" in scored.why
    assert score(tell(told, 8, MORE[8], outcome=1.0)).fear == 0.0


def test_the_goal_decides_what_focus_sees_and_a_new_one_scores_all_anew(many):
    events = list(many.aim(cmd.SetGoal(goal="Repair the barometer.")))
    assert of(events, ev.GoalSet)[0].goal == "Repair the barometer."
    scores = {s.episode: s for s in of(events, ev.EpisodesScored)[0].episodes}
    assert set(scores) == {*TEXTS, *MORE}
    assert scores[7].focus > max(scores[e].focus for e in (1, 3, 5, 8))
    gone = {s.episode: s for s in of(list(many.aim(cmd.SetGoal())), ev.EpisodesScored)[0].episodes}
    assert all(s.focus == 0.0 and s.relevance is None for s in gone.values())


def test_a_near_repetition_shares_the_draws_of_what_it_repeats(many):
    scores = many.parts.inner.feelings
    assert scores.felt[7].twin_of == 6
    shares = many.parts.inner.shares([1, 6, 7], Drives(curiosity=1.0, focus=0.0, fear=0.0))
    assert shares[6][3] + shares[7][3] == pytest.approx(shares[1][3]), "chance gives the two as much as any one"


def test_a_night_trains_the_states_model_and_it_is_adopted_only_when_committed(many):
    vetoed = a_night(many, decision="veto")
    trained = of(vetoed, ev.StateTrained)[0]
    assert (trained.sessions, trained.turns, trained.outcomes) == (2, 8, 1)
    assert many.parts.inner.latent.trained_by == 0
    events = a_night(many, number=2)
    again, proposal = of(events, ev.StateTrained)[0], of(events, ev.Proposed)[0].proposal
    assert (again.state, again.file) == (proposal.state, proposal.state_file)
    assert many.parts.inner.latent.trained_by == 2
    assert of(tell(many, 9, "Bartholomew slept."), ev.StateMoved)[0].trained_by == 2


def test_rolling_back_takes_the_states_model_back_too(many, settings):
    entry = accepted(a_night(many))
    assert many.parts.inner.latent.trained_by == 1
    again = woken(cmd.Settings(**{**as_dict(settings), "accepted": [entry]}))
    assert again.parts.inner.latent.trained_by == 1
    list(many.roll_back(cmd.RollBack(to_night=0, accepted=[], why="a test")))
    assert many.parts.inner.latent.trained_by == 0


def test_a_changed_file_of_the_states_model_is_named_and_not_used(many, settings):
    entry = accepted(a_night(many))
    path = many.parts.states / entry.state_file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    again = woken(cmd.Settings(**{**as_dict(settings), "accepted": [entry]}))
    assert again.parts.inner.latent.trained_by == 0
    assert entry.state_file in of(again.events, ev.Notice)[0].text
    assert again.hash == many.hash, "the cortex is whole all the same"


def test_a_state_that_is_gone_when_its_night_is_committed_does_not_undo_the_commit(many):
    before, order = many.hash, cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=4, rank=4))
    events = []
    for event in many.sleep(order):
        if event is None:
            proposal = many.night.proposal
            (many.parts.states / proposal.state_file).unlink()
            many.decide(
                cmd.Decide(night=1, delta=proposal.delta, decision="approve", by="test", reason="why", recorded=9)
            )
        else:
            events.append(event)
    assert of(events, ev.NightClosed)[0].ended == "committed"
    assert many.hash != before
    assert of(events, ev.Notice)[0].title == "The latent state starts untrained"
    assert many.parts.inner.latent.trained_by == 0


def test_after_a_restart_states_and_scores_are_as_they_were(many, settings):
    stored = [
        cmd.StoredEpisode(
            episode=e, text=many.parts.inner.told_of[e].text, speaker="user", session=told.session, lived_at="",
            outcome=told.outcome, because="it fell" if e == 6 else "", tokens=many.parts.hippocampus.traces[e].tokens,
            surprise=many.parts.lived[e].bits, twin_of=many.parts.inner.feelings.felt[e].twin_of,
        )
        for e, told in many.parts.inner.told_of.items()
    ]  # fmt: skip
    again = woken(settings)
    list(again.restore(stored))
    every = [*TEXTS, *MORE]
    assert again.parts.inner.feelings.scores(every).tolist() == many.parts.inner.feelings.scores(every).tolist()
    first, second = (of(tell(m, 9, "Bartholomew slept."), ev.StateMoved)[0] for m in (many, again))
    assert first.place == second.place
    assert first.error == second.error


def test_what_a_roll_back_hands_back_takes_its_old_place_in_its_session_and_the_goal_stays(many):
    list(many.aim(cmd.SetGoal(goal="Repair the barometer.")))
    inner, tokens = many.parts.inner, many.parts.hippocampus.traces[6].tokens
    felt = inner.feelings.felt[6]
    many.parts.hippocampus.forget(6)
    inner.forget(6)
    assert inner.sessions["harbour"] == [5, 7, 8]
    again = cmd.StoredEpisode(
        episode=6, text=MORE[6], speaker="user", session="harbour", lived_at="", outcome=-1.0, because="it fell",
        tokens=tokens, surprise=many.parts.lived[6].bits,
    )  # fmt: skip
    list(many.restore([again]))
    assert inner.sessions["harbour"] == [5, 6, 7, 8]
    assert inner.goal == "Repair the barometer."
    assert inner.feelings.felt[6].relevance == pytest.approx(felt.relevance)


def test_feedback_is_read_with_the_episode_and_recalled_as_what_it_was(many):
    before = many.hash
    events = list(many.feel(cmd.Feedback(episode=5, outcome=-0.5, because="nobody was at the pier")))
    given = of(events, ev.FeedbackGiven)[0]
    assert many.parts.speech.decode(given.tokens) == f"{MORE[5]} It went wrong: nobody was at the pier."
    assert many.parts.lived[5].outcome == -0.5
    assert score(events).fear > 0
    assert of(events, ev.CortexChecked)[0].unchanged
    events = list(many.feel(cmd.Feedback(episode=5, outcome=1.0)))
    assert many.parts.speech.decode(of(events, ev.FeedbackGiven)[0].tokens) == f"{MORE[5]} It worked."
    assert score(events).fear == 0.0
    assert many.hash == before


def test_dials_are_told_with_the_night_and_every_draw_names_its_drive(many):
    drives = PRESETS["careful"]
    events = a_night(many, drives=drives)
    assert of(events, ev.NightOpened)[0].drives == drives.said()
    for proposed in of(events, ev.EpisodeProposed):
        parts = proposed.curiosity + proposed.focus + proposed.fear + proposed.chance
        assert proposed.priority == pytest.approx(parts * len(TEXTS))
        assert proposed.chance >= BY_CHANCE / len(TEXTS) - 1e-9
    drawn = {i.drive for s in of(events, ev.ReplayStep) for i in s.items if i.kind in ("episode", "dream")}
    assert drawn <= {"curiosity", "focus", "fear", "chance"}
    assert "curiosity" in drawn
    assert "chance" in drawn


def as_dict(settings: cmd.Settings) -> dict:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


def test_the_very_same_words_are_read_and_not_stored_unless_something_new_is_said_of_how_it_went(told):
    events = tell(told, 5, TEXTS[3])
    observed = of(events, ev.EpisodeObserved)[0]
    assert (observed.episode, observed.like) == (5, 3)
    assert not of(events, ev.EpisodeEncoded)
    assert 5 not in told.parts.hippocampus.traces
    assert 5 not in told.fading.known
    assert of(events, ev.GovernorDecided)[0].choice == "observe"
    events = tell(told, 6, TEXTS[3], outcome=-1.0)
    assert of(events, ev.EpisodeEncoded)
    assert of(events, ev.GovernorDecided)[0].choice == "encode"


def test_a_goal_that_comes_with_a_repetition_is_said_all_the_same(told):
    events = tell(told, 5, TEXTS[3], goal="Feed the goat.")
    assert of(events, ev.EpisodeObserved)
    assert of(events, ev.GoalSet)[0].goal == told.parts.inner.goal == "Feed the goat."


def test_the_governor_sees_pressure_rise_by_day_and_fall_with_a_night(many):
    def pressure(events) -> float:
        return of(events, ev.GovernorDecided)[-1].states.pressure

    before = pressure(tell(many, 9, "The pier was closed for the storm."))
    assert pressure(tell(many, 10, "A blue kite hung in the mast.")) > before > 0
    events = a_night(many)
    woke = of(events, ev.GovernorDecided)[-1]
    assert (woke.on, woke.choice) == ("night over", "wake")
    assert woke.states.pressure < before, "four of ten episodes are in the cortex now"
    assert of(a_night(many, number=2, decision="veto"), ev.GovernorDecided)[-1].states.pressure == pytest.approx(
        woke.states.pressure
    )


def test_a_table_that_never_reads_memory_makes_the_cortex_answer_alone(told, settings):
    table = (resources.folder() / "governor.toml").read_text("utf-8")
    table = table.replace('then = "read memory"', 'then = "answer alone"')
    aloof = woken(cmd.Settings(**{**as_dict(settings), "rules": table}))
    for mind, reads in ((told, True), (aloof, False)):
        tell(mind, 11, TEXTS[1] + " Everybody knows it.")
        events = list(mind.ask(cmd.Ask(question=1, text=TEXTS[1])))
        assert bool(of(events, ev.MemoryRead)[0].reads) == reads
        assert of(events, ev.GovernorDecided)[0].choice == ("read memory" if reads else "answer alone")


def test_a_table_that_cannot_be_used_is_named_and_the_built_in_one_governs(settings):
    mind = woken(cmd.Settings(**{**as_dict(settings), "rules": "version = 1\n[[rule]]\nname = 3"}))
    assert "built-in" in of(mind.events, ev.Notice)[0].title
    assert of(tell(mind, 1, TEXTS[1]), ev.GovernorDecided)


def test_left_alone_it_rests_and_stirs_when_something_is_said(told):
    events = list(told.idle(0.5))
    assert of(events, ev.GovernorDecided)[0].choice == "rest"
    assert of(events, ev.ModeChanged)[0].mode == "rest"
    assert of(list(told.stir()), ev.ModeChanged)[0].mode == "awake"
