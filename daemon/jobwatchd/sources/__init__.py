"""The job APIs that can be watched; each is a `ports.Source`, and has a room of its own.

- `nebula_explorer/`, `telestream_up/`: one vendor's API each
- `http_json/`: any API by its description
- `payload`: reading answers, and what every source reads alike
"""
