"""What many sessions or models are marked with at once: stars and tags."""

from collections.abc import Sequence
from typing import Any

from backend.database.listing.facts import tags_as_text
from backend.errors import Conflict

MOST_TAGS = 20

ACTIONS = ("star", "unstar", "tag", "untag")


def after(action: str, what: str, tags: Sequence[str], given: Sequence[str]) -> dict[str, Any]:
    """The marks that an action changes, as they are stored.

    Args:
        action: one of ACTIONS.
        what: is marked, such as "Session 3".
        tags: that it has.
        given: that are added or removed.

    Raises:
        Conflict: it would have more than MOST_TAGS.
    """
    if action in ("star", "unstar"):
        return {"is_starred": action == "star"}
    if action == "untag":
        return {"tags": tags_as_text([each for each in tags if each not in given])}
    together = list(dict.fromkeys([*tags, *given]))
    if len(together) > MOST_TAGS:
        raise Conflict(
            f"{what} would have {len(together)} tags; expected at most {MOST_TAGS}: remove some "
            "first."
        )
    return {"tags": tags_as_text(together)}
