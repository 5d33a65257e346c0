"""What messages are made of: checked fields, documents, and packed arrays."""

import json
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE
from backend.transit.related import RELATED_DTYPE

Reason = Literal["data", "diverged", "out_of_memory", "crashed", "interrupted", "disk_full"]

# Finish the epoch and keep the best weights, or end now and keep nothing.
RequestedEnd = Literal["stop", "cancel"]


def _as_json(document: dict[str, Any]) -> dict[str, Any]:
    """A private copy of a document; anything that JSON cannot hold is refused."""
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        return json.loads(text.encode())
    except TypeError as error:
        raise ValueError(f"expected what JSON can hold: {error}") from None


def _whole_rows(packed: bytes) -> bytes:
    return _whole_records(packed, ROW_DTYPE)


def _finite_predictions(packed: bytes) -> bytes:
    predictions = np.frombuffer(_whole_records(packed, PREDICTION_DTYPE), PREDICTION_DTYPE)
    for name in ("probabilities", "period", "depth_ppm"):
        if not np.isfinite(predictions[name]).all():
            raise ValueError(f"expected a finite {name} of every row")
    return packed


def _whole_records(packed: bytes, dtype: np.dtype) -> bytes:
    if len(packed) % dtype.itemsize:
        raise ValueError(f"expected records of {dtype.itemsize} bytes, received {len(packed)}")
    return packed


def _whole_relations(packed: bytes) -> bytes:
    return _whole_records(packed, RELATED_DTYPE["values"])


def _readable_views(packed: bytes) -> bytes:
    records = np.frombuffer(_whole_records(packed, VIEW_ROW_DTYPE), VIEW_ROW_DTYPE)
    if (np.diff(records["row"]) <= 0).any():
        raise ValueError("expected views in the order of their rows, one a row")
    is_finite = np.isfinite(records["global_view"]).all()
    if not is_finite or any(np.isinf(records[name]).any() for name in ("local_views", "evidence")):
        raise ValueError("expected views of finite numbers")
    return packed


Document = Annotated[dict[str, Any], AfterValidator(_as_json)]

# Arrays as their bytes, in base64 on the wire: no number is converted on the way.
PackedRows = Annotated[bytes, AfterValidator(_whole_rows)]
PackedRelations = Annotated[bytes, AfterValidator(_whole_relations)]
PackedViews = Annotated[bytes, AfterValidator(_readable_views)]
PackedPredictions = Annotated[bytes, AfterValidator(_finite_predictions)]


class Checked(BaseModel):
    """A message or a part of one: checked when it is made, then unchangeable."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )

    @field_validator("*")
    @classmethod
    def _is_unicode(cls, value: Any) -> Any:
        if isinstance(value, str):
            value.encode()  # a lone surrogate, as in an undecodable file name, cannot be sent
        return value
