"""The job APIs that can be watched; each is a `ports.Source`.

- `nebula_explorer`: one kind; its parts are `nebula_login`, `nebula_listing`, `nebula_payload`
- `telestream_up`: one kind; its part is `telestream_payload`
- `http_json/`: any API by its description
- `payload`: reading answers, and what every source reads alike
"""
