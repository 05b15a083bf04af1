"""What the schema says of a configuration, and what the daemon does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from jobwatchd.errors import ConfigError
from jobwatchd.settings import load_settings

SIGNING = "whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q="
GRAPH = {"kind": "nebula-explorer", "base_url": "http://graph", "account": "root", "graphd": {"address": "10.0.0.5"}}
PASSWORD = {"password": "s"}


def complaints(validator: Draft202012Validator, tree: Any) -> list[str]:
    """Return where the schema refuses a configuration, and why."""
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(tree)]


def is_taken(tree: Mapping[str, Any], folder: Path) -> bool:
    """Whether the daemon takes a configuration, with all secret files there."""
    text = json.dumps(tree).replace("/run/secrets/", f"{folder}/")
    (file := folder / "jobwatchd.yaml").write_text(text)
    for name in ("explorer-password", "up-api-key", "ci-hook-new", "ci-hook-old"):
        (folder / name).write_text(f"{SIGNING}\n")
    try:
        load_settings(file, {}, secrets_folder=folder)
    except ConfigError:
        return False
    return True
