"""The endpoints of the API, one file for each group: a file in this folder with ``ROUTES`` is served."""

from __future__ import annotations

import importlib
import pkgutil

from tumblr_sandbox.api.support import Route


def all_routes() -> list[Route]:
    """Every route of every file in this folder, in the order of the files' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [route for module in modules for route in module.ROUTES]
