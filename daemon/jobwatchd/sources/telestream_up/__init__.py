"""Telestream UP's workflow jobs.

- `source`: `TelestreamUp`, the `ports.Source`
- `payload`: what answers mean
"""
