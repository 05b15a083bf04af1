"""One structured line an event.

- `section`: its settings
- `sink`: `LogSink`, the `ports.Sink`
"""
