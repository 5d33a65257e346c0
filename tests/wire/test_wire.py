"""Messages between server and worker: what passes and what does not."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError

from backend import wire
from backend.config import REPOSITORY
from tests import messages

EVENTS = [
    wire.Ready(),
    wire.Alive(processor_seconds=0.1 + 0.2, progress=3),
    messages.started(history=(messages.epoch(1), messages.epoch(2, None))),
    wire.Batch(epoch=1, batches_done=2, batches=4),
    messages.epoch(1),
    wire.Stage(stage="evaluating"),
    wire.Evaluated(evaluation={"accuracy": 0.1 + 0.2, "classes": [1, None, "é"]}),
    wire.Evaluated(evaluation=None),
    messages.saved(),
    wire.Cancelled(),
    messages.failed(),
    wire.PredictionAnswer(id=1, predictions=messages.predictions(depth_ppm=0.1)),
    wire.PredictionRefusal(id=1, error="line one\nline two", reason="failed"),
    wire.PredictionRefusal(id=1, error="damaged", reason="model_corrupt"),
]

COMMANDS = [
    messages.job(),
    messages.job(memory_mb=2000),
    wire.Stop(),
    wire.ServePredictions(),
    messages.request(rows=messages.rows(tmag=math.nan)),
    messages.request(rows=messages.rows(), relations=np.full((2, 14), np.nan).tobytes()),
    messages.request(rows=messages.rows(), views=messages.views(1).tobytes()),
]


def name_of(message):
    return type(message).__name__


@pytest.mark.parametrize("event", EVENTS, ids=name_of)
def test_an_event_arrives_as_it_was_sent_in_one_line(event):
    line = wire.encode(event)
    assert line.count(b"\n") == 1
    assert wire.decode_event(line) == event


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_a_command_arrives_as_it_was_sent_in_one_line(command):
    line = wire.encode(command)
    assert line.count(b"\n") == 1
    assert wire.decode_command(line) == command


@pytest.mark.parametrize("message", [*EVENTS, *COMMANDS], ids=name_of)
def test_a_message_has_no_more_and_no_fewer_fields(message):
    decode = wire.decode_command if message in COMMANDS else wire.decode_event
    fields = json.loads(wire.encode(message))
    tag = "kind" if message in COMMANDS else "event"
    for name in fields.keys() - {tag, "views"}:  # only requests with light curves have these
        fewer = {other: value for other, value in fields.items() if other != name}
        with pytest.raises(wire.Malformed, match=name):
            decode(json.dumps(fewer).encode())
    with pytest.raises(wire.Malformed, match="misspelt"):
        decode(json.dumps({**fields, "misspelt": 1}).encode())
    del fields[tag]
    with pytest.raises(wire.Malformed):
        decode(json.dumps(fields).encode())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"Traceback (most recent call last):\n",
        b'{"event": "ready"',
        b'{"event": "redy"}',
        b'{"event": "ready"} {"event": "ready"}',
        b'{"event": ["ready"]}',
        b'{"event": "exited", "reason": "crashed", "message": "only a runner says so"}',
        b'{"kind": "stop"}',
        b'{"event": "batch", "epoch": "1", "batches_done": 1, "batches": 1}',
        b'{"event": "batch", "epoch": 1.5, "batches_done": 1, "batches": 1}',
        b'{"event": "batch", "epoch": true, "batches_done": 1, "batches": 1}',
        b'{"event": "failed", "reason": "bored", "message": "no such reason"}',
        b'{"event": "evaluated", "evaluation": {"loss": NaN}}',
        b'{"event": "evaluated", "evaluation": {"losses": [1, [1e999]]}}',
        b'{"event": "refused", "id": 1, "error": "\xff"}',
    ],
)
def test_a_line_that_is_no_event_is_refused_in_words(line):
    with pytest.raises(wire.Malformed, match=r"Expected an event, received"):
        wire.decode_event(line)


def test_a_refusal_shows_the_start_of_a_long_line():
    with pytest.raises(wire.Malformed) as refusal:
        wire.decode_command(b'{"kind": "' + b"x" * 100_000)
    assert "xxx" in str(refusal.value)
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize(
    "make",
    [
        lambda value: messages.metrics(value),
        lambda value: wire.Evaluated(evaluation={"deep": [{"loss": value}]}),
        lambda value: wire.PredictionAnswer(id=1, predictions=messages.predictions(period=value)),
    ],
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_not_even_made_into_a_message(make, value):
    make(1.0)
    with pytest.raises(ValidationError):
        make(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda text: wire.Failed(reason="crashed", message=text),
        lambda text: wire.PredictionRefusal(id=1, error=text, reason="failed"),
        lambda text: wire.Evaluated(evaluation={"deep": [text]}),
        lambda text: wire.Evaluated(evaluation={text: 1}),
        lambda text: wire.Spec(**{**messages.SPEC, "dataset_name": text}),
    ],
)
def test_text_that_is_not_unicode_is_not_even_made_into_a_message(make):
    undecodable = "dataset \udc80é.csv"  # a file name of Latin-1 in an OSError
    with pytest.raises(ValidationError, match="surrogates"):
        make(undecodable)
    encoded = make(wire.encodable(undecodable)).model_dump_json().encode()
    assert r"dataset \\udc80é.csv".encode() in encoded


def test_what_json_cannot_hold_is_not_made_into_a_message():
    with pytest.raises(ValidationError, match="set"):
        wire.Evaluated(evaluation={"classes": {1, 2}})


def test_a_message_does_not_change():
    evaluation = {"accuracy": 0.5}
    event = wire.Evaluated(evaluation=evaluation)
    evaluation["accuracy"] = 0.9
    assert event.evaluation == {"accuracy": 0.5}
    with pytest.raises(ValidationError):
        event.evaluation = None
    with pytest.raises(ValidationError):
        messages.epoch(1).metrics.accuracy = 1.0


def test_a_job_holds_no_path():
    assert not {"data_dir", "table", "path"} & json.loads(wire.encode(messages.job())).keys()


def test_the_wire_needs_neither_keras_nor_the_web_nor_the_database():
    code = (
        "import sys, backend.wire\n"
        "ours = {name.split('.')[1] for name in sys.modules if name.startswith('backend.')}\n"
        "others = {'keras', 'tensorflow', 'flask', 'apiflask', 'sqlalchemy'} & set(sys.modules)\n"
        "print(sorted(ours), others)"
    )
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['transit', 'wire'] set()"


@pytest.mark.parametrize("relations", [np.zeros((1, 14)), np.zeros((3, 14)), np.zeros(3)])
def test_a_request_has_the_relations_of_each_row_or_of_none(relations):
    with pytest.raises(ValueError, match="relations"):
        messages.request(rows=messages.rows(), relations=relations.tobytes())


@pytest.mark.parametrize("places", [(0, 0), (1, 0), (2,), (-1, 0)])
def test_a_request_has_views_of_its_own_rows_in_their_order(places):
    with pytest.raises(ValueError, match="views"):
        messages.request(rows=messages.rows(), views=messages.views(*places).tobytes())


@pytest.mark.parametrize(
    ("name", "value"),
    [("global_view", math.nan), ("local_views", math.inf), ("evidence", -math.inf)],
)
def test_views_that_a_network_cannot_read_are_not_sent(name, value):
    views = messages.views(0, 1)
    views[name][1] = value
    with pytest.raises(ValueError, match="finite"):
        messages.request(rows=messages.rows(), views=views.tobytes())


def test_views_that_are_cut_off_are_refused():
    with pytest.raises(ValueError, match="10230 bytes"):
        messages.request(rows=messages.rows(), views=messages.views(0).tobytes()[:-1])


def test_a_request_without_views_does_not_speak_of_them():
    fields = json.loads(wire.encode(messages.request(rows=messages.rows())))
    assert sorted(fields) == sorted(
        ("kind", "id", "model_file", "sha256", "source", "rows", "neighbours_sha256", "relations")
    )
