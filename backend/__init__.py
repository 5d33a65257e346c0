"""exotrain: retrains an exoplanet vetting network on your own catalogue.

Nothing is imported here but what `create_app` wires: the workers and the science run without
Flask.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from backend.config import Settings


def create_app(settings: "Settings | None" = None) -> "APIFlask":
    """Make the application; the launcher starts what works in the background.

    Args:
        settings: by default from the EXOTRAIN_* environment variables.

    Raises:
        SettingsError: a variable has a value that cannot be used.
        CannotStart: the database is damaged, incomplete, gone, or of a newer exotrain.
    """
    from backend.config import Settings
    from backend.web.application import make_app

    return make_app(settings or Settings.from_environment())
