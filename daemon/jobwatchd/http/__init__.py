"""HTTP for sources and sinks: one port (`ports.HttpClient`), two adapters, one conformance suite.

- `client`: what an adapter is built with, whether that can be used, and the adapter that a setting names
- `pyreqwest_client`: the default; a Rust client, some twenty times cheaper a request than the other
- `httpx_client`: where pyreqwest has no wheel, or behaves unlike what somebody needs · `body`: a body as it comes in
- `wrappers`: clients around another one, for `jobwatchd probe` to listen, and for headers of the user's own
- `certificates`: PEM files, checked before anything is sent, and again when they change
- `limits`: how many requests may be in flight, and how much memory their bodies may take, as a sum
- `failures`: what an adapter raises, for sources and for sinks, and how a request is named without its secrets
- `authentication/`: how a request proves who sends it · `authenticated_client`: sends such requests
- `request`: a request before it is sent, and such ones from the templates of a description
- `answer`: the error that a status means; JSON, read strictly; what messages quote
"""
