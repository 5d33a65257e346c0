"""What is in the folders of an application."""


def files_of(services):
    """Every file of uploads and models, by its name."""
    folders = (services.storage.uploads, services.storage.models)
    return sorted(path.name for folder in folders for path in folder.rglob("*") if path.is_file())
