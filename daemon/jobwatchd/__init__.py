"""jobwatchd: follows jobs on remote systems and tells, at once and surely, when they move.

The map, from the top down (imports go downward only):

- `__main__`, `cli`: the command line
- `wiring`: builds everything from the settings; the only place that names concrete adapters
- `app`: starts, reloads and stops the parts in order
- `web`, `simulator`, `engine`, `sources`, `stores`, `sinks`, `settings`, `testing`: independent of each other
- `http`: the HTTP clients that sources and sinks share
- `rotation`: files that are replaced meanwhile, and what is made of them
- `ports`: the seams between them
- `values`: what comes in by several doors, with one law each · `description`: what describes a job API
- `model`: what is known and decided, pure
- `clock`, `errors`, `logs`, `signals`, `telemetry`, `sd_notify`; below them `instruments`
- `redaction`: secrets, taken out of whatever is shown, told or kept
"""
