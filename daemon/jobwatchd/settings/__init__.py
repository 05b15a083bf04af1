"""The configuration: one YAML file, overridden by the environment, with secrets from files.

The map, from the top down:

- `loading`: `load_settings` puts the layers together, and tells all mistakes at once; `peek_log_settings`
- `document`, `composer`: the YAML file as a tree that knows its lines
- `environment`: the `JOBWATCHD_…` variables laid over it
- `placeholders`: what looks like a variable and is none
- `secrets`, `files`: secrets and other files that settings name, and where they are looked for
- `crosschecks`: what no single section can know to be wrong
- `problems`, `places`: mistakes as sentences, each with the place it was made in
- `presets`: known job APIs, put under the sources that are of their kind · `described`: those in files of one's own
- `refusals`: what pydantic refuses, as such sentences
- `masking`: the effective configuration as YAML, without its secrets
- `json_schema`: the whole as JSON Schema, for editors
- `root`, `schema`: all sections together, and finding one's way among them
- `registry`: the kinds of sources and sinks that there are; each brings its own section
- `plugins`: those of other packages · `preset_files`: where the presets are
- `server`: the sections that are there once
"""

from jobwatchd.settings.loading import load_settings, peek_log_settings
from jobwatchd.settings.masking import effective
from jobwatchd.settings.root import Settings

__all__ = ["Settings", "effective", "load_settings", "peek_log_settings"]
