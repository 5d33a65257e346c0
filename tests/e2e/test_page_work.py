"""A day's work on the page: from nothing to a saved prediction, and what may happen on the way."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from backend.config import IDLE_WORKER_MB
from tests.e2e.browser import home, pick, visit
from tests.e2e.server import Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

CLICKS_TO_A_SESSION = 4

# Long enough to be watched; ended by hand.
LONG = {"epochs": 500, "patience": 500, "batch_size": 32, "seed": 3}

NARROW = {"width": 360, "height": 740}

# Somebody's own words for the labels.
WORDS = ("maybe", "planet", "EB")


@pytest.fixture(scope="module")
def people(page_server: Server) -> Client:
    """The API beside the page, to prepare and to check."""
    return Client(page_server)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_catalogue(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="module")
def trained(people: Client, catalogue: Path) -> dict[str, Any]:
    """A workspace with three models: two tested on the same stars, one on others."""
    key = people.workspace("Trained")
    dataset = people.upload(key, catalogue)
    older = people.train(key, dataset["id"], epochs=2, seed=1, model_name="older")
    people.wait(older)
    newer = people.train(key, dataset["id"], epochs=3, seed=1, model_name="newer")
    other = people.train(key, dataset["id"], epochs=2, seed=2, model_name="other")
    sessions = {name: people.wait(id) for name, id in [("older", older), ("newer", newer)]}
    sessions["other"] = people.wait(other)
    assert {each["status"] for each in sessions.values()} == {"completed"}
    return {"key": key, "home": home(people, key), "dataset": dataset, **sessions}


def test_a_newcomer_gets_from_nothing_to_a_saved_prediction_with_the_example_catalogue(
    browser: Browser, page_server: Server, people: Client
):
    token = people.post("/api/tokens", 201, json={"user": "newcomer"})["token"]
    client = Client(page_server, token)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in(token)
        count_clicks(page)
        button(page, "Create workspace").click()
        button(page, "Use the example dataset").click()
        expect(page.locator("[data-test=upload-result]")).to_contain_text("1,000 rows accepted,")
        page.get_by_label("Uploads").get_by_role("link", name="Train").click()
        visitor.heading("New training session")
        page.get_by_label("Epochs", exact=True).fill("12")
        button(page, "Start training").click()
        expect(page.get_by_role("heading", name="Learning curves")).to_be_visible()
        assert page.evaluate("clicks") == CLICKS_TO_A_SESSION

        progress = page.locator("[data-test=progress]")
        expect(progress).to_contain_text(re.compile(r"[1-9]\d* of 12 epochs"))
        expect(page.get_by_role("progressbar")).to_be_visible()
        badge(page, "Completed").wait_for()
        (listed,) = client.get("/api/workspaces")["workspaces"]
        (session,) = sessions_of(client, listed["key"])
        assert session["status"] == "completed"
        assert session["epochs"] == 12

        page.get_by_role("link", name=re.compile("^Evaluation on ")).click()
        evaluation = client.get(f"/api/training/session/{session['id']}/evaluation")["evaluation"]
        trees = evaluation["baseline"]
        expect(page.locator("[data-test=unseen]")).to_contain_text(
            f"{evaluation['n_test']} test rows"
        )
        for figure, shown in {
            "Network": evaluation["accuracy"],
            "Trees, all columns": trees["all_columns"]["accuracy"],
        }.items():
            row = (
                page.locator("[data-test=figure-accuracy]")
                .get_by_role("row")
                .filter(has=page.get_by_role("rowheader", name=figure))
            )
            expect(row.get_by_role("cell").first).to_have_text(f"{100 * shown:.1f}%")

        section(page, "Predict").click()
        button(page, "Hot Jupiter").click()
        verdict = page.locator("[data-test=verdict]")
        expect(verdict).to_have_text(re.compile("Candidate|Confirmed|False positive"))
        expect(page.get_by_role("img", name=re.compile("^Transit light curve"))).to_be_visible()
        said = verdict.locator("strong").inner_text()
        button(page, "Save as an analysis").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Title")).to_have_value("Hot Jupiter")
        dialog.get_by_label("Note").fill("Ask for a spectrum.")
        button(dialog, "Save").click()
        expect(notice(page).filter(has_text="Saved: Hot Jupiter")).to_be_visible()

        section(page, "Analyses").click()
        card = page.locator("[data-test=analysis]")
        expect(card).to_contain_text("Ask for a spectrum.")
        expect(card).to_contain_text("1 candidate")
        card.get_by_role("link", name="Hot Jupiter", exact=True).click()
        visitor.heading("Hot Jupiter")
        expect(page.locator("[data-test=results] tbody tr")).to_contain_text(said)


@pytest.mark.archive
def test_the_koi_table_is_dropped_as_it_was_downloaded_and_explained_row_by_row(
    browser: Browser, page_server: Server, people: Client, archive_data: Path
):
    key = people.workspace("Kepler")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/datasets")
        drop(page, page.locator("[data-test=drop-zone]"), archive_data / "koi_cumulative.csv")
        result = page.locator("[data-test=upload-result]")
        result.wait_for()
        dataset = people.get("/api/training/datasets", params={"workspace_key": key})["datasets"][0]
        profile = people.get(f"/api/training/dataset/{dataset['id']}")["dataset"]["profile"]
        assert dataset["num_samples"] + dataset["num_rejected"] == 7657
        expect(result).to_contain_text(f"{dataset['num_samples']:,} rows accepted,")
        expect(result).to_contain_text(f"{dataset['num_rejected']:,} left out.")
        expect(page.get_by_text("Recognised as a Kepler KOI table")).to_be_visible()

        upload = page.locator("[data-test=upload]")
        lacking = profile["rejected"]["by_reason"]["missing_value"]
        upload.get_by_text(f"{lacking:,} rows are missing a required value").click()
        path = f"/api/training/dataset/{dataset['id']}/rejected"
        left_out = people.get(path, params={"limit": 1000})["rejected"]
        first = next(each for each in left_out if each["reason"] == "missing_value")
        row = upload.locator("[data-test=rejected] tbody tr").first
        expect(row.get_by_role("cell").first).to_have_text(f"{first['line']:,}")
        expect(row).to_contain_text(first["column"])

        upload.get_by_text(f"{len(profile['recognised'])} columns recognised").click()
        columns = upload.get_by_role("region", name="Recognised columns")
        for ours, header in {"Period": "koi_period", "Label": "koi_disposition"}.items():
            expect(table_row(columns, ours)).to_contain_text(header)
        names = [*profile["recognised"].values()]
        names += [name for found in profile["evidence"].values() for name in found]
        for header in names:
            expect(columns.get_by_text(header, exact=True)).to_be_visible()

        upload.get_by_role("link", name="View").click()
        visitor.heading("koi_cumulative.csv")
        page.get_by_role("link", name=re.compile("^Report")).click()
        report = profile["report"]
        heading = f"{len(report['warnings'])} warning"
        expect(page.get_by_role("heading", name=re.compile(f"^{heading}"))).to_be_visible()
        pairs = report["contradictory_transits"]["pairs"]
        expect(page.locator("[data-test=report-transits]")).to_contain_text(f"{pairs:,} pair")

        page.get_by_role("link", name="Rows and light curves").click()
        rows = people.get(f"/api/training/dataset/{dataset['id']}/rows", params={"limit": 2})[
            "rows"
        ]
        curve = page.locator("[data-test=row-curve]")
        expect(curve).to_have_attribute("data-line", str(rows[0]["line"]))
        page.get_by_role("button", name=re.compile(f"^Line {rows[1]['line']}:")).click()
        expect(curve).to_have_attribute("data-line", str(rows[1]["line"]))
        expect(curve.locator("canvas")).to_be_visible()
        expect(page.locator("[data-test=row-head]")).to_contain_text(rows[1]["name"])
        evidence = page.locator("[data-test=row-evidence]")
        expect(evidence).to_contain_text(f"Transit epoch{rows[1]['evidence']['epoch']!r} BJD")

        relations = page.locator("[data-test=relations]")
        expect(relations).to_contain_text(f"Its star has one other candidate, {rows[0]['name']}")
        expect(page).to_have_url(re.compile("row=1$"))  # written a moment after the row is chosen
        relations.get_by_role("link", name=rows[0]["name"]).click()
        expect(curve).to_have_attribute("data-line", str(rows[0]["line"]))


def test_a_table_with_unknown_names_is_mapped_and_its_dataset_says_how_it_was_read(
    browser: Browser, page_server: Server, people: Client
):
    key = people.workspace("Unknown names")
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/datasets")
        choose(page, table("P_orb,T14,drop,verdict", WORDS, 0.08))
        form = page.locator("[data-test=reading]")
        expect(form.get_by_role("heading", name="How is this file to be read?")).to_be_focused()
        visitor.is_expected("status of 422")
        outcome = form.locator("[data-test=reading-outcome]")
        expect(outcome).to_contain_text("Still to be chosen: Period, Duration, Depth, Label.")
        upload = form.get_by_role("button", name="Upload, read in this way")
        expect(upload).to_be_disabled()
        assert visitor.violations() == []

        pick(form, "Period (required)", "P_orb")
        expect(form.locator("[data-test=reading-period]")).to_contain_text("3.000 · 3.143 · 3.286")
        pick(form, "Duration (required)", "P_orb")
        expect(form.get_by_text("This column is chosen twice.")).to_have_count(2)
        pick(form, "Duration (required)", "T14")
        pick(form, "Depth (required)", "drop")
        pick(form, "Label (required)", "verdict")
        for word, label in zip(WORDS, ("Candidate", "Confirmed", "False positive"), strict=True):
            pick(form, f"Meaning of {word}", label)
        # The server looks at the numbers, and the unit that it finds likely is proposed.
        expect(form.get_by_label("Depth: unit")).to_have_value("percent")
        expect(form).to_contain_text("the column cannot be in ppm")
        expect(outcome).to_contain_text("60 rows would be accepted, 0 left out.")
        assert datasets_of(people, key) == []
        form.get_by_label("Name of the dataset").fill("Mine")
        upload.click()
        expect(page.locator("[data-test=upload-result]")).to_contain_text("60 rows accepted,")

        (dataset,) = datasets_of(people, key)
        assert dataset["name"] == "Mine"
        assert dataset["class_counts"] == {"CANDIDATE": 20, "CONFIRMED": 20, "FALSE POSITIVE": 20}
        assert dataset["read_as"] == {
            "columns": {"depth": "drop", "duration": "T14", "label": "verdict", "period": "P_orb"},
            "units": {"depth": "percent"},
            "labels": {"maybe": 0, "planet": 1, "eb": 2},
            "table": None,
        }
        rows = people.get(f"/api/training/dataset/{dataset['id']}/rows")["rows"]
        assert rows[0]["depth"] == pytest.approx(800)

        page.get_by_role("link", name="Mine", exact=True).click()
        visitor.heading("Mine")
        said = page.locator("[data-test=read-as]").get_by_role("listitem")
        expect(said).to_have_text(
            [
                "Period ← P_orb",
                "Duration ← T14",
                "Depth ← drop",
                "Label ← verdict",
                "Depth in this unit: percent",
                "eb → False positive",
                "maybe → Candidate",
                "planet → Confirmed",
            ]
        )
        visitor.open(f"{home(people, key)}/datasets")
        expect(page.locator("[data-test=dataset]")).to_contain_text("read as said")


def test_labels_of_0_and_1_are_asked_about_and_the_first_reading_can_be_deleted(
    browser: Browser, page_server: Server, people: Client
):
    key = people.workspace("Binary")
    with visit(browser, page_server, viewport=NARROW) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/datasets")
        choose(page, table("period,duration,depth,label", ("0", "1"), 800))
        upload = page.locator("[data-test=upload]")
        result = upload.locator("[data-test=upload-result]")
        expect(result).to_contain_text("60 rows accepted,")
        warning = upload.locator("[data-test=warnings]")
        expect(warning).to_contain_text("The labels are 0 and 1 only")
        assert warning.bounding_box()["y"] < result.bounding_box()["y"]  # type: ignore[index]

        upload.get_by_role("button", name="Read it in another way…").press("Enter")
        form = page.locator("[data-test=reading]")
        expect(form.get_by_role("heading", name="How is this file to be read?")).to_be_focused()
        expect(form).to_contain_text("This workspace already has the file, read in this way.")
        pick(form, "Meaning of 0", "False positive")
        expect(form).to_contain_text("60 rows would be accepted,")
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        assert visitor.violations() == []
        form.get_by_role("button", name="Upload, read in this way").press("Enter")
        expect(upload.get_by_role("heading", level=2)).to_be_focused()

        earlier = upload.locator("[data-test=earlier]")
        expect(earlier).to_contain_text("mine.csv, is still in this workspace")
        newest, first = datasets_of(people, key)
        assert first["read_as"]["labels"] == {}
        assert newest["read_as"]["labels"] == {"0": 2}
        assert newest["class_counts"] == {"CANDIDATE": 0, "CONFIRMED": 30, "FALSE POSITIVE": 30}
        earlier.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(earlier).to_have_count(0)
        expect(page.locator("[data-test=dataset]")).to_have_count(1)
        assert [each["id"] for each in datasets_of(people, key)] == [newest["id"]]


@pytest.mark.archive
def test_the_toi_table_comes_back_predicted_filtered_and_as_the_server_answered_it(
    browser: Browser,
    page_server: Server,
    people: Client,
    trained: dict[str, Any],
    archive_data: Path,
    tmp_path: Path,
):
    table = archive_data / "toi.csv"
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{trained['home']}/predict")
        page.get_by_role("link", name="A catalogue").click()
        page.locator("[data-test=batch-drop] input").set_input_files(table)
        page.locator("[data-test=batch-start]").click()
        summary = page.locator("[data-test=batch-summary]")
        summary.wait_for()
        current = next(each for each in models_of(people, trained["key"]) if each["is_current"])
        with open(table, "rb") as content:
            form = {"workspace_key": trained["key"], "model_id": str(current["id"])}
            answer = people.post("/api/predict/batch", None, files={"file": content}, data=form)
        count = len(answer.text.splitlines()) - 1
        assert count == sum(not each.startswith("#") for each in table.read_text().splitlines()) - 1
        expect(page.get_by_text(f"{count:,} of {count:,} rows.")).to_be_visible()
        expect(summary.get_by_role("link")).to_have_text(f"{current['name']} (#{current['id']})")

        choice = page.get_by_label("Predicted class")
        option = choice.get_by_role("option", name=re.compile("^Confirmed")).inner_text()
        kept = re.sub(r"\D", "", option)
        choice.select_option("CONFIRMED")
        shown = page.get_by_text(re.compile(rf"of {count:,} rows\."))
        expect(shown).to_have_text(re.compile(rf"^{int(kept):,} of"))
        named = answer.text.splitlines()[0].split(",").index("predicted_label")
        labels = [line.split(",")[named] for line in answer.text.splitlines()[1:]]
        assert int(kept) == sum(each in ("1", "CONFIRMED") for each in labels)

        with page.expect_download() as download:
            page.locator("[data-test=batch-csv]").click()
        assert download.value.suggested_filename == "toi_predictions.csv"
        download.value.save_as(tmp_path / "saved.csv")
        assert (tmp_path / "saved.csv").read_bytes() == answer.content


def test_a_running_session_grows_before_ones_eyes_and_its_end_is_announced_on_another_page(
    browser: Browser, page_server: Server, people: Client, catalogue: Path
):
    key = people.workspace("Live")
    dataset = people.upload(key, catalogue)
    session_id = people.train(key, dataset["id"], model_name="watched", **LONG)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/sessions/{session_id}")
        plot = page.get_by_role("img", name=re.compile("^Accuracy"))
        expect(plot.locator("canvas")).to_be_visible()
        canvas = plot.locator("canvas").element_handle()
        page.evaluate("window.isTheSamePage = true")
        seen = last_epoch(plot)
        wait_for(lambda: last_epoch(plot), lambda now: now > seen)
        expect(page.locator("[data-test=progress]")).to_contain_text(" of 500 epochs")
        assert page.evaluate("window.isTheSamePage")
        assert canvas.evaluate("node => node.isConnected")
        expect(page).to_have_title(re.compile(r"^\d+% · watched · exotrain$"))

        button(page, "Stop").click()
        section(page, "Datasets").click()
        expect(page).to_have_title(re.compile("Datasets"))
        page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
        expect(notice(page)).to_contain_text(f"Session {session_id} (watched) is complete.")
        expect(page).to_have_title("1 ended · Datasets · exotrain")
        session = people.session(session_id)
        assert session["status"] == "completed"
        best = min(session["history"], key=lambda epoch: epoch["val_label_loss"])["epoch"]
        assert session["best_epoch"] == best
        notice(page).get_by_role("link", name="Open").click()
        result = page.locator("[data-test=result]")
        expect(result).to_contain_text(f"The model comes from epoch {best}, the best one")
        expect(result.get_by_role("link", name="Model")).to_be_visible()


def test_a_session_is_cancelled_from_the_list_only_after_a_question(
    browser: Browser, page_server: Server, people: Client, catalogue: Path
):
    key = people.workspace("Cancel")
    dataset = people.upload(key, catalogue)
    session_id = people.train(key, dataset["id"], model_name="unwanted", **LONG)
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(people, key)}/sessions?view=cards")
        card = page.locator(f"[data-test=session-{session_id}]")
        expect(card).to_contain_text(re.compile(r"[1-9]\d* of 500 epochs"))
        button(card, "Cancel").click()
        dialog = page.get_by_role("dialog", name="Cancel unwanted?")
        expect(dialog).to_contain_text("nothing is kept")
        button(dialog, "Keep").click()
        expect(dialog).to_have_count(0)
        assert people.session(session_id)["request"] is None
        button(card, "Cancel").click()
        button(dialog, "Cancel the session").click()
        badge(card, "Cancelled").wait_for()
        session = people.session(session_id)
        assert (session["status"], session["model_id"]) == ("cancelled", None)
        card.get_by_role("link", name="unwanted").click()
        expect(page.get_by_text("It was cancelled; no model was kept.")).to_be_visible()


def test_a_newer_model_is_promoted_and_rolled_back_and_predictions_follow(
    browser: Browser, page_server: Server, people: Client, trained: dict[str, Any]
):
    older, newer = trained["older"]["model_id"], trained["newer"]["model_id"]
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{trained['home']}/models?view=cards")
        steps = [
            (newer, "Promote", "Make newer", "Make it current"),
            (older, "Roll back to this model", "Roll back to older", "Roll back"),
        ]
        for model, act, question, confirm in steps:
            card = page.locator(f"[data-test=model-{model}]")
            button(card, act).click()
            dialog = page.get_by_role("dialog", name=re.compile(f"^{question}"))
            differences = dialog.locator("[data-test=promote-differences] li")
            expect(differences).to_contain_text(["Accuracy", "Macro-F1", "Log loss"])
            button(dialog, confirm).click()
            expect(page.locator("[data-test=current]")).to_contain_text(f"(model {model})")
            expect(card).to_contain_text("The current model cannot be deleted: promote another")
            expect(button(card, "Delete")).to_have_count(0)
            listed = models_of(people, trained["key"])
            assert [each["id"] for each in listed if each["is_current"]] == [model]
            refused = people.call("DELETE", f"/api/models/{model}")
            assert refused.status_code == 409
            predict_with_the_current_model(page, people, trained["key"], model)
            visitor.open(f"{trained['home']}/models?view=cards")


def predict_with_the_current_model(page: Page, people: Client, key: str, model: int) -> None:
    section(page, "Predict").click()
    button(page, "Hot Jupiter").click()
    by = page.locator("[data-test=prediction]").get_by_role("link", name=f"(#{model})")
    expect(by).to_be_visible()
    numbers = {"period": 3.52, "duration": 3.01, "depth": 12800, "impact": 0.35, "snr": 210}
    star = {"steff": 6050, "srad": 1.16, "slogg": 4.37, "tmag": 10.9}
    question = {"workspace_key": key, "model_id": model, **numbers, **star}
    (predicted,) = people.post("/api/predict", json=question)["predictions"]
    share = f"{100 * max(predicted['probabilities'].values()):.1f}%"
    expect(page.locator("[data-test=verdict]")).to_contain_text(share)


@pytest.mark.slow
@pytest.mark.long
def test_a_session_without_enough_memory_says_why_what_to_do_and_is_retried(
    browser: Browser, start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server(EXOTRAIN_TRAINING_MEMORY_MB=str(IDLE_WORKER_MB))
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path, rows=6000))
    failed = client.wait(client.train(key, dataset["id"], batch_size=4096))
    assert failed["error"]["reason"] == "out_of_memory"
    with visit(browser, server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{home(client, key)}/sessions?view=cards")
        why = "Out of memory"
        card = page.locator(f"[data-test=session-{failed['id']}]")
        expect(card).to_contain_text(why)
        card.get_by_role("heading").get_by_role("link").click()
        failure = page.locator("[data-test=failure]")
        expect(failure.get_by_role("heading")).to_have_text(why)
        expect(failure).to_contain_text("Use a smaller batch size")
        expect(failure).to_contain_text(failed["error"]["message"])
        failure.get_by_role("link", name="Try again with half the batch size").click()
        expect(page.get_by_label("Batch size")).to_have_value("2048")
        page.go_back()
        button(failure, "Retry").click()
        retried = page.get_by_role("link", name=f"Retry of session {failed['id']}")
        expect(retried).to_be_visible()
        badge(page, "Failed").wait_for()
        expect(failure.get_by_role("heading")).to_have_text(why)
        newest = sessions_of(client, key)[0]
        assert (newest["retry_of"], newest["spec"]["batch_size"]) == (failed["id"], 4096)


def test_compared_sessions_show_whether_the_test_stars_are_the_same_and_which_settings_differ(
    browser: Browser, page_server: Server, trained: dict[str, Any]
):
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{trained['home']}/sessions")
        for name in ("older", "newer"):
            page.get_by_role("checkbox", name=re.compile(rf"^Select {name} \(")).check()
        button(page, "Compare").click()
        visitor.heading("Compare sessions")
        stars = page.locator("[data-test=same-stars]")
        expect(stars).to_contain_text("All sessions were tested on the same")
        settings = page.locator("[data-test=settings]")
        expect(settings.locator("tbody th")).to_have_text(["Model name", "Epochs"])
        expect(table_row(settings, "Epochs").get_by_role("cell")).to_have_text(["2", "3"])
        differences = page.locator("[data-test=differences]")
        tested = table_row(differences, "Common test rows").get_by_role("cell")
        expect(tested).to_contain_text([re.compile(r"^\d+\s*\d+ groups$")])
        losses = table_row(differences, "Log loss").get_by_role("cell")
        expect(losses).to_contain_text([re.compile("better|worse|cannot tell")])

        other = trained["other"]["id"]
        page.get_by_label("Add a session").select_option(str(other))
        expect(stars).to_contain_text("The sessions were not tested on the same stars.")
        expect(stars).to_contain_text(f"#{trained['older']['id']}, #{trained['newer']['id']}")
        expect(table_row(settings, "Random seed").get_by_role("cell")).to_have_text(["1", "1", "2"])
        expect(losses).to_have_count(2)  # the answers for both are there
        button(page, f"Remove session {trained['newer']['id']}").click()
        expect(settings.locator("tbody th")).to_have_text(["Model name", "Random seed"])
        expect(page).to_have_url(re.compile(f"ids={trained['older']['id']},{other}$"))

        page.set_viewport_size({"width": 1366, "height": 768})
        page.evaluate("scrollTo(0, 0)")
        expect(stars).to_contain_text("because these differ: random seeds.")
        again = stars.get_by_role("link", name=re.compile("^Train session"))
        metrics = page.locator("[data-test=figures]")
        for seen in (again, table_row(metrics, "Log loss").first):
            box = seen.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 768
        again.click()
        expect(page.get_by_label("Random seed")).to_have_value("1")


def test_a_cell_of_the_confusion_matrix_lists_its_rows_and_a_row_shows_its_curve(
    browser: Browser, page_server: Server, people: Client, trained: dict[str, Any]
):
    path = f"/api/training/session/{trained['newer']['id']}/evaluation"
    matrix = people.get(path)["evaluation"]["confusion_matrix"]
    cells = [(matrix[true][said], true, said) for true in range(3) for said in range(3)]
    count, true, said = max(cell for cell in cells if cell[0] <= 25)
    assert count > 1
    classes = ("CANDIDATE", "CONFIRMED", "FALSE POSITIVE")
    query = {"true": classes[true], "predicted": classes[said]}
    behind = people.get(f"{path}/rows", params=query)["rows"]
    with visit(browser, page_server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"{trained['home']}/sessions/{trained['newer']['id']}/evaluation")
        cell = page.locator(f"[data-test=cell-{true}-{said}]")
        expect(cell).to_have_attribute("aria-label", re.compile(rf"^{count} rows?, "))
        cell.click()
        expect(cell).to_have_attribute("aria-pressed", "true")
        rows = page.locator("[data-test=cell-rows] tbody tr")
        expect(rows).to_have_count(count)
        expect(rows.get_by_role("button")).to_have_text([each["star"] for each in behind])
        rows.first.get_by_role("button").click()
        dialog = page.get_by_role("dialog", name=behind[0]["star"])
        curve = dialog.locator("[data-test=row-curve]")
        expect(curve).to_have_attribute("data-line", str(behind[0]["line"]))
        expect(curve.locator("canvas")).to_be_visible()
        expect(dialog).to_contain_text("Correct" if true == said else "Wrong")
        button(page.get_by_role("dialog"), "Next →").click()
        expect(curve_of(page)).to_have_attribute("data-line", str(behind[1]["line"]))
        page.keyboard.press("ArrowLeft")
        expect(curve_of(page)).to_have_attribute("data-line", str(behind[0]["line"]))
        page.keyboard.press("ArrowRight")
        expect(curve_of(page)).to_have_attribute("data-line", str(behind[1]["line"]))
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(rows).to_have_count(count)


def curve_of(page: Page) -> Locator:
    return page.get_by_role("dialog").locator("[data-test=row-curve]")


def table(header: str, labels: tuple[str, ...], depth: float) -> str:
    rows = [
        f"{3 + i / 7:.3f},{2 + i % 3}.5,{depth * (1 + i / 40):.4f},{labels[i % len(labels)]}"
        for i in range(60)
    ]
    return "\n".join([header, *rows, ""])


def choose(page: Page, text: str) -> None:
    """Choose a file with this content."""
    file: Any = {"name": "mine.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(file)


def datasets_of(client: Client, key: str) -> list[dict[str, Any]]:
    return client.get("/api/training/datasets", params={"workspace_key": key})["datasets"]


def sessions_of(client: Client, key: str) -> list[dict[str, Any]]:
    return client.get("/api/training/sessions", params={"workspace_key": key})["sessions"]


def models_of(client: Client, key: str) -> list[dict[str, Any]]:
    return client.get("/api/models", params={"workspace_key": key})["models"]


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def section(page: Page, name: str) -> Locator:
    """A link of the navigation."""
    return page.get_by_role("navigation", name="Main").get_by_role("link", name=name)


def badge(place: Page | Locator, status: str) -> Locator:
    return place.locator(".badge").filter(has_text=status)


def notice(page: Page) -> Locator:
    return page.locator(".notice")


def table_row(table: Locator, name: str) -> Locator:
    header = table.page.get_by_role("rowheader", name=name, exact=True)
    return table.get_by_role("row").filter(has=header)


def last_epoch(plot: Locator) -> int:
    """The last epoch named in the summary of a learning curve."""
    found = re.search(r"at epoch (\d+);", plot.get_attribute("aria-label") or "")
    assert found
    return int(found[1])


def count_clicks(page: Page) -> None:
    """Counts a person's clicks from now on, until the page is loaded again."""
    page.evaluate(
        "() => { window.clicks = 0;"
        " addEventListener('click', (event) => (window.clicks += event.isTrusted ? 1 : 0), true); }"
    )


def drop(page: Page, place: Locator, file: Path) -> None:
    """Lets a file go over a place, as from a file manager."""
    transfer = page.evaluate_handle(
        "([text, name]) => { const transfer = new DataTransfer();"
        " transfer.items.add(new File([text], name, { type: 'text/csv' })); return transfer; }",
        [file.read_text(), file.name],
    )
    for event in ("dragenter", "dragover", "drop"):
        place.dispatch_event(event, {"dataTransfer": transfer})
