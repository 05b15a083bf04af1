"""HTTP for polling: one port (`client`), two adapters, one conformance suite.

- `client`: the port, its options, what an answer looks like
- `pyreqwest_client`: the default; a Rust client, some twenty times cheaper a request than the other
- `httpx_client`: where pyreqwest has no wheel, or behaves unlike what somebody needs
- `retry_after`: the Retry-After header in both its forms
"""
