"""The loops that watch and tell; no I/O library is imported here, time and jitter are passed in.

- `engine`: the parts that live as long as the process · `runtime`: what they are built with
- `lane`: one source's own schedule, workers and limits; lanes never wait for each other
- `worker_pool`: bounded workers fed by one schedule; lanes and deliveries have one each · `schedule`: what is due when
- `source_limiter`: how much may be asked of a source now: its rate, its pause, its circuit breaker
- `entries`: the watches of a lane; those that one list shows are in a group together
- `poller`: asks for one job, decides what follows, and has it written · `lister`: looks at a group of them together
- `guard`: what came from outside, without secrets
- `commits`: group commit: writes steps, then tells of their events and deliveries; writes what became of those
- `dispatcher`: all the sinks' loops together: routing, telling, replacing on reload
- `delivery`: one sink's loop; order within a subject, back-off, dead letters
- `subject`, `window`, `turns`: what is to be told of one subject; what of it all is held; whose turn it is
- `sink_breaker`: whether anything gets through to a sink, told when that changes
- `source_health`: whether a source answers, told when that changes
- `retrying_store`: the store, waited for while it cannot be used, of which everybody is told
- `watchlist`: adding and removing watches while all of that runs
- `housekeeping`: sees that the store works, prunes what is old, keeps the slow gauges
- `heartbeats`: which loop made progress when · `observer`: who is told how all of this fares
"""
