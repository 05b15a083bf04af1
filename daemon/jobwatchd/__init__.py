"""jobwatchd: follows jobs on remote systems and tells, at once and surely, when they move.

The map, from the top down (imports go downward only):

- `__main__`, `cli`: the command line
- `testing`: stand-ins for time, APIs and receivers, and an engine in memory
- `wiring`: builds everything from the settings; the only place that names concrete adapters
- `app`: the life of the process: starts, reloads and stops everything in order
- `web`, `simulator`, `engine`, `stores`, `settings`: independent of each other
- `sources`, `sinks`: each kind in a room of its own, independent of each other
- `kinds`: what every kind of source and sink is made of
- `http`: the HTTP clients that sources and sinks share
- `rotation`: files that are replaced meanwhile, and what is made of them
- `prometheus_observer`: what the engine tells of itself, as metrics
- `ports`: the seams between them; `description`: what may be said of a job API
- `values`: what comes in by several doors, with one law each
- `model`: what is known and decided, pure
- `clock`, `errors`, `logs`, `signals`, `telemetry`, `sd_notify`; below them `instruments`
- `redaction`: secrets, taken out of whatever is shown, told or kept
"""
