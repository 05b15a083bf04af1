"""The job APIs that can be watched; each is a `ports.Source`.

- `nebula_explorer`, `telestream_up`: one kind of source each
- `http_json/`: any API by its description
- `payload`: reading answers, and what every source reads alike
"""
