"""How a request proves who sends it: one contract, a file a kind.

- `contract`: `Authentication`, which sees each request, and `Proof`, what it adds
- `kinds`: which file makes which kind; a new kind has its line there · `site`: what it is made with
- `constant`: headers that are the same for all requests · `bearer`, `basic`, `header`: such kinds
- `session`: what a login brought, kept and renewed · `login`: logging in with credentials · `token`: what it brought
- `cookie_login`, `json_login`, `oauth2`: kinds that log in
"""
