"""The loops that watch and tell; no I/O library is imported here, time and chance are injected.

- `lane`: one source's own schedule, workers and limits; lanes never wait for each other · `limits`: how it is spared
- `schedule`: what is due when, in buckets
- `entry`: a watch in its lane
- `crew`: bounded workers fed by one schedule, as a gate admits; lanes and deliveries are crews
- `gate`: how much a lane may send now: rate, pauses, circuit breaker
- `group`, `lister`: watches that one list shows together, and looking at them so; `census` counts and finds them
- `poller`: one poll, and what follows from it · `guard`: no secrets in what came from outside
- `gathering`: what comes within a moment goes into one transaction; `commits` and `records` are of its kind
- `commits`: writes steps, then tells of their events and deliveries
- `delivery`: one sink's loop; order within a subject, back-off, dead letters
- `subject`, `window`, `turns`: what is to be told of one subject; what of it all is held; whose turn it is
- `breaker`, `sink_health`: whether anything gets through to a sink, told when that changes
- `standing`: whether a source answers, told when that changes
- `retrying_store`: the store, waited for while it cannot be used; `store_outage`: how, and who is told
- `records`: writes what became of deliveries
- `fanout`: all the sinks' loops together: routing, telling, replacing on reload
- `watchlist`: adding and removing watches while all of that runs
- `housekeeping`: sees that the store works, prunes what is old, keeps the slow gauges; `undeliverable` is what waits
  for sinks that are gone
- `vitals`: which loop made progress when
"""
