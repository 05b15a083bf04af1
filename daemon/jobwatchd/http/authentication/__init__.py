"""How a request proves who sends it: one contract, and the kinds that keep it.

- `contract`: `Authentication`, which sees each request, `Proof`, what it adds, and `Site`, what it is built with
- `kinds`: what builds which kind, those that log in among them; a new kind has its line there
- `constant`: credentials in headers that are the same for all requests: a bearer token, basic, headers of one's own
- `session`: what a login brought, kept and renewed, and logging in with credentials
"""
