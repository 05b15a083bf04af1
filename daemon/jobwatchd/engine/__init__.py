"""The loops that watch and tell; no I/O library is imported here, time and jitter are passed in.

- `engine`: the parts that live as long as the process · `runtime`: what nearly every part needs
- `lane`: one source's own schedule, workers and limits; lanes never wait for each other
- `lane_policy`: how a source is polled
- `worker_pool`: bounded workers fed by one schedule; lanes and deliveries have one each · `schedule`: what is due when
- `source_limiter`: how much may be asked of a source now; `rate_limiter` and `circuit_breaker` are its parts
- `entry`: a watch in its lane · `watch_counts`: how many are in which state
- `poller`: asks for one job, and decides what follows · `guard`: what came from outside, without secrets
- `group`, `lister`: watches that one list shows together, and looking at them so
- `step_writer`: has what polls have led to written, and goes on with each watch once it is
- `batcher`: group commit, what comes within a moment goes into one transaction
- `commits`: writes steps, then tells of their events and deliveries
- `dispatcher`: all the sinks' loops together: routing, telling, replacing on reload
- `sink_binding`: a sink, what it wants, and how it is tried
- `delivery`: one sink's loop; order within a subject, back-off, dead letters
- `subject`, `window`, `turns`: what is to be told of one subject; what of it all is held; whose turn it is
- `sink_breaker`, `sink_health`: whether anything gets through to a sink, told when that changes
- `attempt_recorder`: writes what became of deliveries
- `source_health`: whether a source answers, told when that changes
- `retrying_store`: the store, waited for while it cannot be used; `store_outage`: how, and who is told
- `watchlist`: adding and removing watches while all of that runs
- `housekeeping`: sees that the store works, prunes what is old, keeps the slow gauges; `undeliverable` is what waits
  for sinks that are gone
- `heartbeats`: which loop made progress when · `observer`: who is told how all of this fares
"""
