"""Telestream UP's workflow jobs.

- `section`: its settings
- `source`: `TelestreamUp`, the `ports.Source`
- `payload`: what answers mean
"""
