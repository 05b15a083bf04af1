"""The configuration: one YAML file, overridden by the environment, with secrets from files.

The map, from the top down:

- `loading`: `load_settings` tells all mistakes at once; `peek_log_settings`
- `root`: all sections together, and the order of the layers; `effective`, as YAML without its secrets
- `layers`: the environment, the file, the folders of secrets, as sources of pydantic-settings
- `environment`: how the `JOBWATCHD_…` variables are called, and read; what looks like one and is none
- `secret_files`: secrets and other files that settings name, and where they are looked for
- `document`, `composer`: the YAML file as a tree that knows its lines
- `presets`: descriptions in files; known job APIs, put under the sources that are of their kind
- `crosschecks`: what no single section can know to be wrong
- `problems`: mistakes as sentences, those that pydantic finds too, each with the place it was made in
- `json_schema`: the whole as JSON Schema, for editors
- `schema`: finding one's way among the sections
- `registry`: the kinds of sources and sinks that there are, each with a section of its own; the presets' files
- `server`: the sections that are there once
"""

from jobwatchd.settings.loading import load_settings, peek_log_settings
from jobwatchd.settings.root import Settings, effective

__all__ = ["Settings", "effective", "load_settings", "peek_log_settings"]
