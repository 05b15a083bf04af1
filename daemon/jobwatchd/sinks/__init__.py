"""Where events go; each is a `ports.Sink`, and has a room of its own.

- `webhook/`: HTTP POST of CloudEvents, signed the Standard Webhooks way; durable
- `log/`: one structured line an event; durable
- `metrics/`: counters and histograms about the watched jobs; lives in this process only
- `event_data`: an event as plain JSON values, the documented shape that webhooks and the log share
"""
