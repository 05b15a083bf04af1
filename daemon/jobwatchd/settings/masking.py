"""The effective configuration for people to read."""

import yaml

from jobwatchd.settings.root import Settings


def effective(settings: Settings) -> str:
    """Return the configuration that is in force as YAML, defaults included and secrets masked."""
    tree = settings.model_dump(mode="json")
    for section in ("sources", "sinks"):
        # What it is comes first, as people write it.
        tree[section] = {name: {"kind": member["kind"], **member} for name, member in tree[section].items()}
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=120)
