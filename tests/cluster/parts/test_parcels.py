"""What sessions read is put into the object store once, in pieces, and not kept for ever."""

import hashlib

import pytest

from backend.cluster import parcels as module
from backend.cluster.parcels import Parcels
from backend.storage import curve_files
from backend.storage.layout import Storage
from tests import messages


@pytest.fixture
def storage(tmp_path):
    storage = Storage(tmp_path)
    storage.make_folders()
    (storage.uploads / "1").mkdir()
    storage.table(1, "d").write_bytes(b"table")
    return storage


@pytest.fixture
def store(storage):
    """The parcels, and what was put into the object store."""
    put = []

    def keep(array):
        put.append(bytes(array))
        return len(put) - 1

    return Parcels(storage, keep), put


def test_a_file_is_put_once_for_all_sessions(store, storage):
    parcels, put = store
    storage.checkpoint(7, 2).write_bytes(b"state")
    first = parcels.of(messages.job(session_id=6))
    second = parcels.of(messages.job(session_id=7, start=2))
    assert put == [b"table", b"state"]
    assert [each.path for each in first] == ["uploads/1/d.npy"]
    assert [each.path for each in second] == ["uploads/1/d.npy", "model/checkpoints/7.2.ckpt"]
    assert second[0].pieces == first[0].pieces
    assert first[0].sha256 == hashlib.sha256(b"table").hexdigest()


def test_what_the_table_says_of_weights_goes_along(store, storage):
    parcels, put = store
    storage.evidence(1, "d").write_bytes(b"evidence")
    job = messages.job()
    job = job.model_copy(update={"spec": job.spec.model_copy(update={"use_weights": True})})
    sent = parcels.of(job)
    assert put == [b"table", b"evidence"]
    assert [each.path for each in sent] == ["uploads/1/d.npy", "uploads/1/d.evidence.npy"]


def test_a_file_that_has_changed_is_another(store, storage):
    parcels, put = store
    parcels.of(messages.job())
    storage.table(1, "d").write_bytes(b"another")
    (parcel,) = parcels.of(messages.job())
    assert put == [b"table", b"another"]
    assert parcel.pieces == [1]


def test_a_large_file_goes_in_pieces(store, monkeypatch):
    parcels, put = store
    monkeypatch.setattr(module, "PIECE_BYTES", 2)
    (parcel,) = parcels.of(messages.job())
    assert put == [b"ta", b"bl", b"e"]
    assert parcel.pieces == [0, 1, 2]


def test_what_was_used_longest_ago_is_not_kept_beyond_the_limit(store, storage, monkeypatch):
    parcels, put = store
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 11)
    storage.checkpoint(7, 2).write_bytes(b"state7")
    parcels.of(messages.job(session_id=7, start=2))  # table and state7: 11 bytes
    storage.checkpoint(8, 2).write_bytes(b"state8")
    parcels.of(messages.job(session_id=8, start=2))  # the table is the newer one of those two
    assert put == [b"table", b"state7", b"state8"]
    parcels.of(messages.job(session_id=8, start=2))
    assert len(put) == 3
    parcels.of(messages.job(session_id=7, start=2))
    assert put[3:] == [b"state7"]


def test_a_file_above_the_limit_is_kept_as_long_as_it_is_the_last(store, monkeypatch):
    parcels, put = store
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 1)
    parcels.of(messages.job())
    parcels.of(messages.job())
    assert put == [b"table"]


def test_all_that_a_session_reads_goes(store, storage):
    parcels, put = store
    storage.evidence(1, "d").write_bytes(b"evidence")
    storage.version_labels(1, "d", "v").write_bytes(b"labels")
    storage.kept_checkpoint(7).write_bytes(b"kept")
    (storage.models / "1").mkdir()
    storage.model("1/member.keras").write_bytes(b"member")
    spec = messages.SPEC | {"dataset_version_sha256": "v"}
    job = messages.job(session_id=7, keep=True, spec=messages.wire.Spec(**spec))
    assert [each.path for each in parcels.of(job)] == [
        "uploads/1/d.npy",
        "uploads/1/d.evidence.npy",
        "uploads/1/d.v.labels.npy",
        "model/checkpoints/7.kept.ckpt",
    ]
    assert put == [b"table", b"evidence", b"labels", b"kept"]


def test_the_views_of_light_curves_go_like_the_table(store, storage):
    parcels, put = store
    curve_files.views(storage, 1, "d", "c" * 64, 1).write_bytes(b"views")
    spec = messages.SPEC | {"curve_set_id": 3, "curves_sha256": "c" * 64, "curve_recipe": 1}
    parcel = parcels.of(messages.job(spec=messages.wire.Spec(**spec)))[1]
    assert parcel.path == f"uploads/1/d.{'c' * 64}.1.views.npy"
    assert put == [b"table", b"views"]


def test_what_cannot_be_read_is_an_error_and_nothing_is_kept(store, storage):
    parcels, put = store
    storage.table(1, "d").unlink()
    storage.table(1, "d").mkdir()
    with pytest.raises(OSError, match="directory"):
        parcels.of(messages.job())
    assert put == []
