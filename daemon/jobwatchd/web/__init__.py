"""The HTTP side of the daemon: what people and machines ask it.

- `application`: puts everything together (`build_app`), and describes it at `/openapi.json`
- `context`: what all of it asks and steers
- `watches`, `events`, `deliveries`, `sinks`, `status`: the API under `/v1`
- `health`: `/livez` and `/readyz`
- `exposition`: `/metrics`
- `inputs`, `outputs`: the JSON that comes in, and that goes out
- `gate`: bearer tokens, before anything of a request is read
- `audit`: who changed what, in the log
- `origin`: without tokens, who is of this machine
- `store_gate`: an answer within seconds also where the store cannot be used
- `bodies`: request bodies are JSON, and bounded in size and time
- `problems`: every refusal is an RFC 9457 problem document
- `listener`: the address to listen at, and waiting for it
- `capacity`: how much is worked on at a time
- `server`, `protocol`, `connections`: serving, patience with slow clients, and room for new ones
"""
