"""The supervisor adds the trials of searches, ends bad ones, and goes on after a kill."""

import time

import pytest

from backend import wire
from backend.background.search.searches import Searches, add_trial
from backend.background.search.trial_specs import first_tried
from backend.config import Settings
from backend.database import accounts, datasets, sessions, studies, workspaces
from backend.database.search import trials as stored
from tests import messages
from tests.background.search.planted import (
    finish,
    learn,
    plant_search,
    rows_of,
    searches_of,
    state_of,
)
from tests.e2e.server import wait_for


@pytest.fixture
def searches(bench):
    return searches_of(bench)


def numbers(bench, study):
    return [each["number"] for each in rows_of(bench, study)]


def learning(bench, session_id):
    with bench.database.write() as connection:
        sessions.change(connection, session_id, status="training", stage="learning")


def completed_epoch(number: int, value: float) -> wire.Epoch:
    metrics = messages.metrics().model_copy(update={"val_label_loss": value})
    return wire.Epoch(epoch=number, metrics=metrics)


def test_trials_come_one_by_one_until_the_budget_is_used_up(bench):
    study = plant_search(bench, bench.workspace(), trials=3)
    runner = bench.start()
    for number in (1, 2, 3):
        wait_for(lambda: len(runner.jobs), lambda n, wanted=number: n == wanted, 10)
        session_id = runner.jobs[-1].session_id
        assert numbers(bench, study) == list(range(1, number + 1))
        assert bench.row(session_id)["study_id"] == study["id"]
        runner.report(session_id, 1, messages.started())
        runner.report(session_id, 1, completed_epoch(1, 0.5 + number / 10))
        runner.report(session_id, 1, wire.Failed(reason="diverged", message="."))
        runner.report(session_id, 1, wire.Exited())
    wait_for(lambda: state_of(bench, study), lambda state: state == "trials", 10)
    assert numbers(bench, study) == [1, 2, 3]
    specs = [each["spec"] for each in rows_of(bench, study)]
    assert [each["model_name"] for each in specs] == ["s_t1", "s_t2", "s_t3"]
    assert specs[0]["learning_rate"] == 2e-3
    assert len({each["learning_rate"] for each in specs}) == 3
    assert len({each["seed"] for each in specs}) == 1


def test_a_search_has_no_more_trials_than_the_cluster_has_places_for(bench):
    study = plant_search(bench, bench.workspace(), parallel=3)
    asked = []
    searches = Searches(
        Settings(data_dir=bench.settings.data_dir, trainings=None, threads=5),
        bench.database,
        lambda *_: True,
        lambda needs: asked.append(needs) or 2,
    )
    for number in (1, 2):
        searches.add_trials()
        learning(bench, rows_of(bench, study)[-1]["session_id"])
        assert numbers(bench, study) == list(range(1, number + 1))
    searches.add_trials()
    assert numbers(bench, study) == [1, 2]
    assert {each.cpus for each in asked} == {5}


def test_a_trial_waits_alone_and_is_asked_for_as_a_place_gets_free(bench):
    study = plant_search(bench, bench.workspace(), parallel=3)
    searches = searches_of(bench)  # one place
    searches.add_trials()
    assert numbers(bench, study) == [1]  # it waits
    learning(bench, rows_of(bench, study)[0]["session_id"])
    searches.add_trials()
    assert numbers(bench, study) == [1]  # it has the only place
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    searches.add_trials()
    searches.add_trials()
    assert numbers(bench, study) == [1, 2]


def test_trials_train_at_once_up_to_what_was_asked_for(bench):
    study = plant_search(bench, bench.workspace(), parallel=2)
    runner = bench.start(trainings=3)
    wait_for(lambda: len(runner.jobs), lambda n: n == 1, 10)
    runner.report(runner.jobs[0].session_id, 1, messages.started())
    wait_for(lambda: len(runner.jobs), lambda n: n == 2, 10)
    runner.report(runner.jobs[1].session_id, 1, messages.started())
    runner.report(runner.jobs[1].session_id, 1, completed_epoch(1, 0.5))
    wait_for(lambda: bench.history(runner.jobs[1].session_id), lambda found: found == [1], 10)
    assert numbers(bench, study) == [1, 2]
    specs = [job.spec for job in runner.jobs]
    assert specs[0].learning_rate != specs[1].learning_rate


def test_a_server_killed_before_it_added_a_trial_adds_the_same_one(bench, monkeypatch):
    """The row is not there, or it is: the number comes once, with the same settings."""
    study = plant_search(bench, bench.workspace())
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)

    def killed(*_args, **_kwargs):
        raise KeyboardInterrupt

    asked = []
    monkeypatch.setattr(
        "backend.background.search.searches.add_trial",
        lambda _connection, _study, number, tried, **_: asked.append((number, tried)) or killed(),
    )
    with pytest.raises(KeyboardInterrupt):
        searches_of(bench).add_trials()
    assert numbers(bench, study) == [1]
    monkeypatch.undo()
    later = searches_of(bench)
    later.add_trials()
    later.add_trials()
    rows = rows_of(bench, study)
    assert [each["number"] for each in rows] == [1, 2]
    names = study["settings"]["space"]
    assert asked == [(2, {name: rows[1]["spec"][name] for name in names})]


def test_a_number_is_given_once_and_nothing_is_left_of_the_second(bench):
    study = plant_search(bench, bench.workspace())
    with bench.database.write() as connection:
        tried = first_tried(study["settings"])
        assert add_trial(connection, study, 1, tried, user_id=None) is None
        assert add_trial(connection, study, 2, tried, user_id=None) is not None
        assert add_trial(connection, study, 2, tried, user_id=None) is None
    assert numbers(bench, study) == [1, 2]
    with bench.database.read() as connection:
        assert len(sessions.with_status(connection, "pending")) == 2


def test_a_closed_search_gets_no_trial_even_if_it_was_asked_for(bench, searches):
    study = plant_search(bench, bench.workspace())
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    with bench.database.read() as connection:
        (found,) = stored.open_ones(connection)
    with bench.database.write() as connection:
        stored.close(connection, study["id"], "stopped")
    searches._continue(found)
    assert numbers(bench, study) == [1]
    assert state_of(bench, study) == "stopped"
    with bench.database.read() as connection:
        assert sessions.with_status(connection, "pending") == []


def test_a_number_out_of_turn_is_not_given(bench):
    study = plant_search(bench, bench.workspace())
    session_id = bench.session(bench.workspace())
    with bench.database.write() as connection:
        assert not stored.add(connection, study["id"], 3, session_id)
        assert not stored.add(connection, study["id"], 1, session_id)
        assert stored.add(connection, study["id"], 2, session_id)


def test_a_search_whose_trials_all_fail_ends(bench, searches):
    study = plant_search(bench, bench.workspace(), trials=100)
    for number in (1, 2, 3):
        finish(bench, rows_of(bench, study)[number - 1]["session_id"], status="failed")
        searches.add_trials()
    assert numbers(bench, study) == [1, 2, 3]
    assert state_of(bench, study) == "failures"


def test_a_search_of_which_everything_diverges_ends(bench, searches):
    study = plant_search(bench, bench.workspace(), trials=100)
    for number in range(1, 12):
        if len(rows_of(bench, study)) < number:
            break
        session_id = rows_of(bench, study)[number - 1]["session_id"]
        finish(bench, session_id, status="failed", reason="diverged")
        searches.add_trials()
    assert numbers(bench, study) == list(range(1, 11))
    assert state_of(bench, study) == "failures"


def test_a_search_whose_next_trial_cannot_be_found_ends_and_keeps_no_other(
    bench, searches, monkeypatch
):
    broken = plant_search(bench, bench.workspace())
    finish(bench, rows_of(bench, broken)[0]["session_id"], 0.5)

    def fail(*_arguments, **_options):
        raise ValueError("no such setting")

    monkeypatch.setattr("backend.background.search.searches.next_settings", fail)
    for _ in range(3):
        with pytest.raises(ValueError, match="no such setting"):
            searches.add_trials()
    assert state_of(bench, broken) == "failures"
    searches.add_trials()


def test_a_search_goes_on_after_trials_that_diverged(bench, searches):
    study = plant_search(bench, bench.workspace(), trials=100)
    for number in (1, 2, 3):
        session_id = rows_of(bench, study)[number - 1]["session_id"]
        finish(bench, session_id, status="failed", reason="diverged")
        searches.add_trials()
    assert numbers(bench, study) == [1, 2, 3, 4]


def test_a_search_that_has_tried_everything_ends(bench, searches):
    space = {"ensemble": {"low": 1, "high": 2}}
    study = plant_search(bench, bench.workspace(), space=space, trials=9)
    for number in (1, 2):
        finish(bench, rows_of(bench, study)[number - 1]["session_id"], 0.5)
        searches.add_trials()
    assert [each["spec"]["ensemble"] for each in rows_of(bench, study)] == [1, 2]
    assert state_of(bench, study) == "exhausted"


def test_a_search_without_its_dataset_ends(bench, searches):
    place = bench.workspace()
    study = plant_search(bench, place)
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    with bench.database.write() as connection:
        datasets.remove(connection, place[1])
    searches.add_trials()
    assert state_of(bench, study) == "dataset_deleted"


def test_a_search_ends_when_its_next_model_does_not_fit_into_the_quota(bench):
    study = plant_search(bench, bench.workspace())
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    searches_of(bench, has_space=False).add_trials()
    assert (state_of(bench, study), numbers(bench, study)) == ("no_space", [1])


def test_the_supervisor_asks_whether_there_is_space(bench):
    study = plant_search(bench, bench.workspace())
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    asked = []
    bench.start(has_space=lambda _connection, found, spec: asked.append((found["id"], spec)))
    wait_for(lambda: state_of(bench, study), lambda state: state == "no_space", 10)
    ((study_id, spec),) = asked
    assert (study_id, spec.model_name) == (study["id"], "s_t2")


def test_one_search_that_fails_does_not_keep_another_from_its_trial(bench, searches):
    place = bench.workspace()
    broken = plant_search(
        bench, place, space={"learning_rate": {"low": -1, "high": 1, "log": True}}
    )
    sound = plant_search(bench, place)
    for study in (broken, sound):
        finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    with pytest.raises(ValueError, match="log"):
        searches.add_trials()
    assert numbers(bench, broken) == [1]
    assert numbers(bench, sound) == [1, 2]


def counted_reads(monkeypatch, name):
    """How often the trials of a search are read by a function of their module."""
    calls = []
    original = getattr(stored, name)
    monkeypatch.setattr(stored, name, lambda *args: calls.append(args) or original(*args))
    return calls


@pytest.mark.parametrize("status", ["pending", "training"])
def test_a_search_without_a_free_place_is_not_read(bench, searches, monkeypatch, status):
    study = plant_search(bench, bench.workspace())
    if status == "training":
        learning(bench, rows_of(bench, study)[0]["session_id"])
    reads = [counted_reads(monkeypatch, name) for name in ("of_study", "ended")]
    searches.add_trials()
    assert reads == [[], []]
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    reads[0].clear()
    searches.add_trials()
    assert [len(each) for each in reads] == [1, 1]


def test_a_search_without_pruning_is_not_read_as_its_trials_learn(bench, searches, monkeypatch):
    study = plant_search(bench, bench.workspace(), pruning=False)
    session_id = rows_of(bench, study)[0]["session_id"]
    learning(bench, session_id)
    learn(bench, session_id, 0.9, 0.8)
    reads = counted_reads(monkeypatch, "of_study")
    finds = []
    monkeypatch.setattr(
        "backend.background.search.searches.studies.find", lambda *args: finds.append(args)
    )
    searches.prune()
    assert (reads, finds) == ([], [])


def test_failures_before_a_retry_do_not_end_what_it_began(bench, searches):
    """Ten trials that diverged are results: they stay, and the search tries other settings."""
    study = plant_search(bench, bench.workspace(), trials=100)
    for number in range(1, 11):
        session_id = rows_of(bench, study)[number - 1]["session_id"]
        finish(bench, session_id, status="failed", reason="diverged")
        searches.add_trials()
    assert state_of(bench, study) == "failures"
    time.sleep(0.002)  # times have milliseconds
    with bench.database.write() as connection:
        stored.reopen(connection, study["id"])
    searches.add_trials()
    assert (state_of(bench, study), numbers(bench, study)[-1]) == ("open", 11)


def joined(bench, place, name, role):
    """Another user who has a role in a workspace; gives the id."""
    with bench.database.write() as connection:
        user = accounts.create_user(connection, name, is_admin=False)
        workspaces.add_member(
            connection, place[0], user["id"], role=role, added_by=bench.user["id"]
        )
    return user["id"]


@pytest.mark.parametrize("change", ["stays", "removed", "viewer", "deleted"])
def test_the_trials_of_who_may_not_start_sessions_any_more_are_asked_for_by_the_owner(
    bench, searches, change
):
    place = bench.workspace()
    user_id = joined(bench, place, "ada", "editor")
    study = plant_search(bench, place)
    with bench.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE studies SET user_id = {user_id}")
        if change == "removed":
            workspaces.remove_member(connection, place[0], user_id)
        elif change == "viewer":
            workspaces.set_role(connection, place[0], user_id, "viewer")
        elif change == "deleted":
            connection.exec_driver_sql(f"DELETE FROM users WHERE id = {user_id}")
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    searches.add_trials()
    second = bench.row(rows_of(bench, study)[1]["session_id"])
    assert second["user_id"] == (user_id if change == "stays" else bench.user["id"])


def test_a_search_that_was_opened_again_since_it_was_read_is_left_to_the_next_turn(bench, searches):
    study = plant_search(bench, bench.workspace())
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    with bench.database.read() as connection:
        (found,) = stored.open_ones(connection)
    with bench.database.write() as connection:
        stored.close(connection, study["id"], "cancelled")
        stored.reopen(connection, study["id"])
    searches._close(found, "failures")
    searches._continue(found)
    assert (state_of(bench, study), numbers(bench, study)) == ("open", [1])


def test_a_search_whose_study_or_dataset_is_deleted_meanwhile_gets_no_trial(bench, searches):
    place = bench.workspace()
    study = plant_search(bench, place)
    finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    with bench.database.read() as connection:
        (found,) = stored.open_ones(connection)
    with bench.database.write() as connection:
        datasets.remove(connection, place[1])
    searches._continue(found)
    assert (state_of(bench, study), numbers(bench, study)) == ("open", [1])
    with bench.database.write() as connection:
        studies.remove(connection, study["id"])
    searches._continue(found)
    searches._close(found, "failures")
    with bench.database.read() as connection:
        assert sessions.with_status(connection, "pending") == []


def with_median(bench, **settings):
    """A search whose fifth trial learns; the median of the others is 0.6 at each epoch."""
    study = plant_search(bench, bench.workspace(), **settings)
    for number, value in enumerate((0.5, 0.55, 0.65, 0.7), 1):
        finish(bench, rows_of(bench, study)[number - 1]["session_id"], value, value, value)
        searches_of(bench).add_trials()
    session_id = rows_of(bench, study)[4]["session_id"]
    return study, session_id


def test_a_trial_worse_than_the_median_is_cancelled_with_the_reason(bench):
    _, session_id = with_median(bench)
    runner = bench.start()
    bench.wait(session_id, "training")
    runner.report(session_id, 1, messages.started())
    runner.report(session_id, 1, completed_epoch(1, 0.9))
    wait_for(lambda: bench.history(session_id), lambda found: found == [1], 10)
    assert runner.requests == []
    runner.report(session_id, 1, completed_epoch(2, 0.8))
    wait_for(lambda: runner.requests, bool, 10)
    assert runner.requests == [(session_id, "cancel")]
    runner.report(session_id, 1, wire.Cancelled())
    row = bench.wait(session_id, "cancelled")
    assert row["error"] == {
        "reason": "pruned",
        "message": "Pruned after epoch 2: validation log loss 0.8000; the median of earlier "
        "trials at that epoch is 0.6000.",
    }


def test_a_prune_is_kept_by_the_next_server(bench):
    """Killed between the request and its end: the row says both."""
    _, session_id = with_median(bench)
    learning(bench, session_id)
    learn(bench, session_id, 0.9, 0.8)
    searches_of(bench).prune()
    assert bench.row(session_id)["request"] == "cancel"
    bench.start()
    row = bench.wait(session_id, "cancelled")
    assert row["error"]["reason"] == "pruned"


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ({"pruning": False}, {}),
        ({}, {"request": "stop"}),
        ({}, {"stage": "evaluating"}),
        ({}, {"epochs": 2}),
    ],
)
def test_a_trial_is_left_alone_that_is_not_to_be_pruned(bench, searches, settings, change):
    _, session_id = with_median(bench, **settings)
    learning(bench, session_id)
    learn(bench, session_id, 0.9, 0.8)
    with bench.database.write() as connection:
        sessions.change(connection, session_id, **change)
    searches.prune()
    assert bench.row(session_id)["request"] == change.get("request")
    assert bench.row(session_id)["error"] is None


def test_a_request_that_came_in_between_is_not_replaced(bench, searches):
    _, session_id = with_median(bench)
    learning(bench, session_id)
    with bench.database.write() as connection:
        sessions.change(connection, session_id, request="stop")
    searches._end_early(session_id, "Pruned.")
    assert (bench.row(session_id)["request"], bench.row(session_id)["error"]) == ("stop", None)


def test_somebody_who_cancels_a_trial_is_not_called_pruning(bench):
    _, session_id = with_median(bench)
    runner = bench.start()
    bench.wait(session_id, "training")
    with bench.database.write() as connection:
        sessions.change(connection, session_id, request="cancel")
    runner.report(session_id, 1, messages.started())
    runner.report(session_id, 1, completed_epoch(1, 0.9))
    runner.report(session_id, 1, completed_epoch(2, 0.8))
    runner.report(session_id, 1, wire.Cancelled())
    assert bench.wait(session_id, "cancelled")["error"] is None
