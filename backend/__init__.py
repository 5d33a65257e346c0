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
    from backend.database.file.opening import is_current
    from backend.storage.lock import data_folder_lock
    from backend.web.application import make_app

    if settings is not None:
        return make_app(settings)
    # For `flask --app backend …`; the launcher has the lock already. A server of an earlier release
    # may be using the database: it is upgraded only where nobody does.
    settings = Settings.from_environment()
    path = settings.data_dir / "exotrain.db"
    if path.exists() and is_current(path):
        return make_app(settings)
    with data_folder_lock(settings.data_dir):
        return make_app(settings)
