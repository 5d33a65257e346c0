"""The networks that can be trained, by name; without Keras."""

from dataclasses import dataclass

CURVE_INPUT = "curve_input"
FEATURE_INPUT = "feat_input"
CATALOGUE_INPUT = "catalogue_input"
RELATION_INPUT = "relation_input"
LOCAL_INPUT = "local_input"
EVIDENCE_INPUT = "evidence_input"

# What a network that reads the curve first learns from, in place of `curve_input`.
CURVE_SUMMARY = "curve_summary"
CURVE_WINDOWS = "curve_windows"
CURVE_OVERVIEW = "curve_overview"

LABEL_OUTPUT = "label"
PERIOD_OUTPUT = "period_out"
DEPTH_OUTPUT = "depth_out"

# How much a row counts while a network learns; next to what it is to give.
WEIGHT = "weight"

# The kind of a false positive: what a network gives while it learns, and no saved model does.
KIND_OUTPUT = "kind"


@dataclass(frozen=True)
class NetworkInfo:
    """One network, as `GET /api/networks` returns it.

    Attributes:
        name: as a session's spec names it.
        inputs: the names of the saved model's inputs, in their order.
        parameters: trainable parameters of one member; a test compares it with the built graph.
        sentence: a description to choose by.
        takes_relations: whether a session may give it `relation_input` as a last input.
        takes_curves: whether it reads real light curves: `local_input` and `evidence_input`, and
            in `curve_input` the folded flux of the rows that have one.
    """

    name: str
    inputs: tuple[str, ...]
    parameters: int
    sentence: str
    takes_relations: bool = False
    takes_curves: bool = False


def inputs_of(name: str, *, has_relations: bool) -> tuple[str, ...]:
    """The names of the saved model's inputs, in their order."""
    inputs = NETWORKS[name].inputs
    return (*inputs, RELATION_INPUT) if has_relations else inputs


def learner_inputs(name: str, *, has_relations: bool = False) -> tuple[str, ...]:
    """What a network learns from: its inputs, the curve replaced by what it reads from it.

    The reading has no weights, so a session reads each curve once and not in every epoch.
    """
    inputs = inputs_of(name, has_relations=has_relations)
    if name in _LEARNS_FROM_THE_WHOLE_CURVE:
        return inputs
    overview = (CURVE_OVERVIEW,) if NETWORKS[name].takes_curves else ()
    read = (CURVE_SUMMARY, CURVE_WINDOWS, *overview)
    return (*read, *(each for each in inputs if each != CURVE_INPUT))


_LEARNS_FROM_THE_WHOLE_CURVE = ("seed_cnn",)

NETWORKS: dict[str, NetworkInfo] = {
    info.name: info
    for info in (
        NetworkInfo(
            "transit_cnn",
            (CURVE_INPUT, FEATURE_INPUT),
            115_550,
            "The default: a small convolutional network on the folded curve in logarithmic phase, "
            "with piecewise-linear embeddings of the features; the mean of eight classifier heads.",
        ),
        NetworkInfo(
            "transit_cnn_catalogue",
            (CURVE_INPUT, FEATURE_INPUT, CATALOGUE_INPUT),
            137_246,
            "The same with a third input for the label alone: period, duration, depth, and the "
            "stellar density and planet radius derived from them. The most accurate of those that "
            "see no photometry.",
            takes_relations=True,
        ),
        NetworkInfo(
            "light_curve_cnn",
            (CURVE_INPUT, FEATURE_INPUT, CATALOGUE_INPUT, LOCAL_INPUT, EVIDENCE_INPUT),
            240_078,
            "For real light curves: the same with the folded photometry of the transit, of odd and "
            "even ones, of the secondary, and the numbers measured in it. Rows without a light "
            "curve are classified by their columns alone.",
            takes_relations=True,
            takes_curves=True,
        ),
        NetworkInfo(
            "seed_cnn",
            (CURVE_INPUT, FEATURE_INPUT),
            83_301,
            "A plain network for comparison: three convolutions over all 2001 points and a dense "
            "trunk; more than ten times slower.",
        ),
    )
}
