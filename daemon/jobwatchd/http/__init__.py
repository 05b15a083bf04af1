"""HTTP for sources and sinks: one port (`ports.HttpClient`), two adapters, one conformance suite.

- `client`: what an adapter is built with, and whether that can be used
- `factory`: the adapter that a setting names
- `pyreqwest_client`: the default; a Rust client, some twenty times cheaper a request than the other
- `httpx_client`: where pyreqwest has no wheel, or behaves unlike what somebody needs
- `tap`: a client that lets somebody listen, for `jobwatchd probe` · `headers`: one that sends more along
- `certificates`: PEM files, checked before anything is sent, and again when they change
- `slots`: how many requests may be in flight
- `memory`: how much memory the bodies in flight may take, as a sum
- `body`: a body as it comes in, for httpx
- `failures`: what an adapter raises, for sources and for sinks, and how a request is named without its secrets
- `authentication/`: how a request proves who sends it · `authenticated_client`: sends such requests
- `request`: a request before it is sent · `request_writer`: such ones from the templates of a description
- `status`: the error that a status means · `json_document`: JSON, read strictly · `excerpt`: what messages quote
"""
