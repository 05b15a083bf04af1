"""Where events go; each is a `ports.Sink`.

- `webhook`: HTTP POST of CloudEvents, signed the Standard Webhooks way; durable · `endpoint`: where it posts to
- `log`: one structured line an event; durable
- `metrics`: counters and histograms about the watched jobs; lives in this process only
- `cloud_event`: an event as CloudEvents JSON, what a webhook's body holds
- `event_data`: an event as plain JSON values, the documented shape that webhooks and the log share
- `signature`: the Standard Webhooks headers
"""
