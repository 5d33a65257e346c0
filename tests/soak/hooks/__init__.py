"""What tests change inside the processes of a server; production never imports it.

Nothing of the backend is imported here: what moves the clock comes before everything else.
"""

import os
from pathlib import Path

_START = Path(__file__).parent / "start"
_REPOSITORY = Path(__file__).parents[3]


def environment(*hooks: str, **values: object) -> dict[str, str]:
    """The variables with which a server and its workers load some hooks.

    Args:
        hooks: names of modules beside this one.
        values: the variables that these hooks read.
    """
    path = os.pathsep.join((str(_START), str(_REPOSITORY)))
    chosen = {name: str(value) for name, value in values.items()}
    return {"PYTHONPATH": path, "TEST_HOOKS": " ".join(hooks), **chosen}
