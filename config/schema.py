"""JSON Schema of every kind of file, for editors."""

from __future__ import annotations

from typing import Any

from config.draft import FOLDERS, SINGLES


def json_schemas() -> dict[str, dict[str, Any]]:
    """Schema by folder name, or by file stem for the two files that stand alone."""
    return {name: model.model_json_schema() for name, model in {**SINGLES, **FOLDERS}.items()}
