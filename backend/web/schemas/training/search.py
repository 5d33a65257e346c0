"""Studies of kind search: the space that is searched, their trials, the best so far."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from backend.background.search.trials import STATUSES
from backend.database.search.trials import ENDS
from backend.training import defaults
from backend.web.schemas.base import Answer, JsonBody
from backend.web.schemas.training.requests.settings import NETWORK_NAME, known_network

_LOG = Field(default=False, description="Search the logarithm: 1 to 10 as long as 10 to 100.")
_STEP = Field(default=1, ge=1, le=4096, description="Only these steps from `low`; not with `log`.")

_Network = Annotated[
    str, AfterValidator(known_network), Field(json_schema_extra={"pattern": NETWORK_NAME})
]


class LearningRates(JsonBody):
    """A range of learning rates."""

    low: float = Field(ge=1e-6, le=1)
    high: float = Field(ge=1e-6, le=1)
    log: bool = Field(default=True, description="Search the logarithm.")


class BatchSizes(JsonBody):
    """A range of batch sizes."""

    low: int = Field(ge=8, le=4096)
    high: int = Field(ge=8, le=4096)
    log: bool = _LOG
    step: int = _STEP


class Patiences(JsonBody):
    """A range of epochs without a better validation loss before the end."""

    low: int = Field(ge=1, le=1000)
    high: int = Field(ge=1, le=1000)
    log: bool = _LOG
    step: int = _STEP


class EnsembleSizes(JsonBody):
    """A range of numbers of networks."""

    low: int = Field(ge=1, le=defaults.MAX_ENSEMBLE)
    high: int = Field(ge=1, le=defaults.MAX_ENSEMBLE)
    log: bool = _LOG
    step: int = _STEP


class NetworkChoices(JsonBody):
    """Networks to choose from."""

    choices: list[_Network] = Field(min_length=2, max_length=20)


class YesOrNo(JsonBody):
    """Both, or one of them."""

    choices: list[bool] = Field(min_length=2, max_length=2)


class TrialSpace(JsonBody):
    """What a search may change, each with a range or with choices; the rest stays as it is."""

    learning_rate: LearningRates | None = None
    batch_size: BatchSizes | None = None
    patience: Patiences | None = None
    ensemble: EnsembleSizes | None = None
    network: NetworkChoices | None = None
    use_relations: YesOrNo | None = None
    use_stellar_uncertainties: YesOrNo | None = None

    def stored(self) -> dict[str, dict[str, Any]]:
        """As a study stores it: only what is searched."""
        return self.model_dump(exclude_none=True)


class SearchTrial(Answer):
    """One setting that was tried, is, or waits."""

    number: int = Field(description="From 1, in the order in which they were added.")
    session_id: int
    model_id: int | None
    settings: dict[str, Any] = Field(description="Its value of each setting of the space.")
    status: Literal[STATUSES]  # type: ignore[valid-type]
    value: float | None = Field(
        description="The log loss on the validation rows, of the best epoch so far."
    )
    best_epoch: int | None
    epochs_completed: int
    reason: str | None = Field(description="Why it was pruned, or has failed.")


class SearchTest(Answer):
    """On the test rows, which the search did not use."""

    rows: int
    accuracy: float | None
    macro_f1: float | None
    log_loss: float | None


class BestTrial(SearchTrial):
    """The trial with the least log loss on the validation rows so far."""

    test: SearchTest | None = Field(
        description="Of its model on the test rows, which the search did not use; null until it "
        "has completed."
    )


class SearchSummary(Answer):
    """What a search was asked for, and how far it is."""

    state: Literal[("open", *ENDS)] = Field(  # type: ignore[valid-type]
        description="`open`: trials are added; else why no more are: the budget in `trials` or "
        "`minutes` is used up, somebody stopped or cancelled it, everything that the space allows "
        "was tried (`exhausted`), three in a row failed (`failures`), the dataset was deleted, or "
        "the quota of the workspace's owner is used up (`no_space`)."
    )
    space: dict[str, Any]
    trials: int | None = Field(description="The budget in trials.")
    minutes: float | None = Field(
        description="The budget in minutes, from the first start, while the search is open."
    )
    parallel: int
    pruning: bool
    added: int = Field(description="Trials so far.")


class Search(SearchSummary):
    """A search with its trials."""

    tried: list[SearchTrial] = Field(description="By number.")
    best: BestTrial | None
