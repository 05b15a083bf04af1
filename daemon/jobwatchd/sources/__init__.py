"""The job APIs that can be watched; each is a `ports.Source`.

- `http/`: the HTTP client port and its two adapters
- `nebula_explorer`, `telestream_up`: one kind of source each
- `payload`: reading answers, and what every source reads alike
"""
