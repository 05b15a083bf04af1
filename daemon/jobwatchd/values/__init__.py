"""Values that come in by more than one door, each with one law: the file and the API take these types.

- `section`: what all mappings that come in have in common, where a value is in them (`KeyPath`), and how mistakes are
  told (`refuse`)
- `units`: durations, sizes, rates and counts
- `urls`, `names`, `secrets`: what can be requested, what people and HTTP may call things, what is never shown
- `job_parameters`: what names a job of a source · `labels`: names and values that every event of a job carries
- `watch_request`: a job to follow (`WatchRequest`), and whether its bounds fit its source (`misfits`)
"""
