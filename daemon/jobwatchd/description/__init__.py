"""The description of a job API: how to ask it for a job, and how to read what it answers.

A description is data, written in YAML: inline in a source of kind `http-json`, or as a preset. The settings check it,
`sources.http_json` does what it says. The map, from the whole to its parts:

- `api`: `Description`, all parts together and what holds across them
- `request`: one request with placeholders; which answers to it bring a job, and what the others mean
- `auth`: how a request proves who is asking, and the user's own part of that
- `reading`: where in an answer a job's state, times and tasks are; the API's words for states
- `listing`: many jobs with one request
- `template`, `expression`: text with `{placeholders}`, and JMESPath, parsed once
"""

from jobwatchd.description.api import Description
from jobwatchd.description.auth import Credentials

__all__ = ["Credentials", "Description"]
