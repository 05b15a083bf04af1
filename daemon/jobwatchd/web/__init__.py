"""The HTTP side of the daemon: what people and machines ask it.

- `application`: puts everything together (`build_app`), and describes it at `/openapi.json`
- `context`: what all of it asks and steers, and how it logs who changed what
- `watches`, `events`, `deliveries`, `status`: the API under `/v1`
- `monitoring`: `/livez`, `/readyz` and `/metrics`
- `inputs`, `outputs`: the JSON that comes in, and that goes out
- `gate`: bearer tokens, and without them who is of this machine, before anything of a request is read
- `bounds`: how much is worked on at a time, and how long the store and a body may take
- `problems`: every refusal is an RFC 9457 problem document
- `listener`: the address to listen at, and waiting for it
- `server`, `protocol`: serving, patience with slow clients, and room for new ones
"""
