"""HTTP POST of CloudEvents.

- `section`: its settings
- `sink`: `Webhook`, the `ports.Sink`
- `message`: what it sends: an event as CloudEvents, and the Standard Webhooks headers
"""
