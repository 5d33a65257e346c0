"""Requests to predict in parts: on the way to a node, and on it."""

import numpy as np

from backend import wire
from backend.background.cluster.predictions import PART, ClusterPredictions
from backend.cluster.node.predictions import _part_of
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE
from tests import messages


def test_a_part_on_a_node_has_the_views_of_its_rows():
    rows = np.zeros(1000, ROW_DTYPE)
    views = messages.views(3, 511, 512, 999)
    request = messages.request(rows=rows.tobytes(), views=views.tobytes())
    found = [
        np.frombuffer(_part_of(request, rows, slice(start, start + 512)).views, VIEW_ROW_DTYPE)
        for start in (0, 512)
    ]
    assert [part["row"].tolist() for part in found] == [[3, 511], [0, 487]]
    assert (np.concatenate(found)["evidence"] == views["evidence"]).all()
    without = messages.request(rows=rows.tobytes())
    assert _part_of(without, rows, slice(0, 512)).views is None


def test_views_travel_to_the_cluster_with_the_part_that_has_their_rows():
    sent = []

    def send(command):
        sent.append(command.request)
        rows = len(command.request.rows) // ROW_DTYPE.itemsize
        packed = np.zeros(rows, PREDICTION_DTYPE).tobytes()
        cluster.hear(wire.PredictionAnswer(id=command.request.id, predictions=packed))
        return True

    cluster = ClusterPredictions(1, send, lambda _: "now", lambda _: 2)
    views = messages.views(0, PART - 1, PART + 5)
    found = cluster.predict("m", "s", np.zeros(PART + 10, ROW_DTYPE), "toi", views=views)
    assert len(found) == PART + 10
    packed = [np.frombuffer(each.views, VIEW_ROW_DTYPE) for each in sent]
    assert [each["row"].tolist() for each in packed] == [[0, PART - 1], [5]]
    assert (np.concatenate(packed)["evidence"] == views["evidence"]).all()
