"""The loops that watch and tell; no I/O library is imported here, time and jitter are passed in.

- `engine`: the parts that live as long as the process · `runtime`: what nearly every part needs
- `lane`: one source's own schedule, workers and limits; lanes never wait for each other
- `lane_policy`: how a source is polled
- `schedule`: what is due when, in buckets
- `entry`: a watch in its lane
- `worker_pool`: bounded workers fed by one schedule; lanes and deliveries have one each
- `gate`: how much a lane may send now: rate, pauses, circuit breaker
- `group`, `lister`: watches that one list shows together, and looking at them so; `watch_counts` counts and finds them
- `poller`: one poll, and what follows from it
- `batcher`: group commit, what comes within a moment goes into one transaction;
  `commits` and `attempt_recorder` have one each
- `commits`: writes steps, then tells of their events and deliveries
- `delivery`: one sink's loop; order within a subject, back-off, dead letters
- `subject`, `window`, `turns`: what is to be told of one subject; what of it all is held; whose turn it is
- `breaker`, `sink_health`: whether anything gets through to a sink, told when that changes
- `source_health`: whether a source answers, told when that changes
- `retrying_store`: the store, waited for while it cannot be used; `store_outage`: how, and who is told
- `attempt_recorder`: writes what became of deliveries
- `dispatcher`: all the sinks' loops together: routing, telling, replacing on reload
- `watchlist`: adding and removing watches while all of that runs
- `housekeeping`: sees that the store works, prunes what is old, keeps the slow gauges; `undeliverable` is what waits
  for sinks that are gone
- `heartbeats`: which loop made progress when
"""
