"""The services of the application that answers the current request."""

from flask import Flask, current_app

from backend.services.context import Services

_EXTENSION = "exotrain"


def attach(app: Flask, attached: Services) -> None:
    """Make these the services of an application."""
    app.extensions[_EXTENSION] = attached


def services_of(app: Flask) -> Services:
    """The services of an application."""
    return app.extensions[_EXTENSION]


def services() -> Services:
    """The services of the application that answers the current request."""
    return services_of(current_app)
