"""The description of a job API: how to ask it for a job, and how to read what it answers.

A description is data, written in YAML: inline in a source of kind `http-json`, or as a preset. The settings check it,
`sources.http_json` does what it says. The map, from the whole to its parts:

- `api`: `Description`, all parts together and what holds across them
- `request`: one request with placeholders · `auth`: how a request proves who is asking
- `answers`: which answers bring a job, and what the others mean
- `states`: the API's words for them · `reading`: where in an answer a job's state, times and tasks are
- `listing`: many jobs with one request
- `template`, `expression`: text with `{placeholders}`, and JMESPath, parsed once
- `credentials`: the user's own part of the authentication
- `mistake`: how a mistake names its key
"""

from jobwatchd.description.api import Description
from jobwatchd.description.credentials import Credentials

__all__ = ["Credentials", "Description"]
