"""Values that come in by more than one door, each with one law: the file and the API take these types.

- `durations`: a number and a unit, kept in seconds
- `labels`: names and values that every event of a job carries
- `watch_request`: a job to follow (`WatchRequest`), and whether its bounds fit its source (`misfits`)
"""
