"""An API that nobody has, described; its words for states."""

WORDS = {"queued": "NEW", "running": "busy", "succeeded": "Done", "failed": "BROKEN", "cancelled": "killed"}
API = {
    "parameters": ["job_id"],
    "request": {"path": "/v1/jobs/{job_id}"},
    "auth": {
        "kind": "json-login",
        "login": {"method": "POST", "path": "/login", "body": {"user": "{username}", "password": "{password}"}},
        "token": "jwt",
    },
    "read": {"within": "job", "state": "status", "id": "id", "workflow_id": "flow"},
    "states": {"new": "queued", "busy": "running", "done": "succeeded", "broken": "failed", "killed": "cancelled"},
    "ignore_case": True,
    "list": {
        "group": {"flow": "flow"},
        "request": {"path": "/v1/flows/{flow}/jobs", "query": {"page": "{page}", "per": "{size}"}},
        "pages": {"kind": "number"},
        "items": "jobs",
        "id": "id",
        "total": "count",
    },
}
