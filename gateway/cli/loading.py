"""The application that a command is about."""

import importlib
import sys
import tomllib
from pathlib import Path

from gateway.application import Application
from gateway.errors import InvalidApplication


def load_application(named: str | None) -> Application:
    """The application `module:attribute`, else the one that pyproject.toml in the working directory names.

    Raises InvalidApplication where there is none.
    """
    name = named or _configured()
    module, colon, attribute = name.partition(":")
    if not colon:
        raise InvalidApplication([f"{name} is not of the form module:attribute"])
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        raise InvalidApplication([f"{name} can't be loaded: {error}"]) from error
    if not isinstance(found, Application):
        raise InvalidApplication([f"{name} is no Application"])
    return found


def _configured() -> str:
    path = Path("pyproject.toml")
    try:
        return tomllib.loads(path.read_text("utf-8"))["tool"]["tidegate"]["app"]
    except (FileNotFoundError, KeyError, tomllib.TOMLDecodeError):
        raise InvalidApplication(
            ["no application is named: give --app module:attribute, or app under [tool.tidegate] in pyproject.toml"]
        ) from None
