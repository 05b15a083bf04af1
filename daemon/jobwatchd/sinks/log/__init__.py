"""One structured line an event.

- `sink`: `LogSink`, the `ports.Sink`
"""
