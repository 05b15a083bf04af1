"""HTTP POST of CloudEvents.

- `section`: its settings
- `sink`: `Webhook`, the `ports.Sink`
- `cloud_event`: an event as CloudEvents JSON, what the body holds
- `signature`: the Standard Webhooks headers
"""
