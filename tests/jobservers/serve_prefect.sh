#!/bin/bash
# Runs a Prefect server on 127.0.0.1, and serves one deployment, whose run fails unless its parameters say ok:
# serve_prefect.sh BIN FOLDER PORT
set -eu
export PREFECT_HOME=$2 PREFECT_API_URL=http://127.0.0.1:$3/api
export PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 PREFECT_SERVER_UI_ENABLED=false PREFECT_LOGGING_LEVEL=WARNING
cat > "$2/flows.py" <<'FLOW'
import time
from prefect import flow
@flow
def demo(ok: bool = True):
    time.sleep(5)
    if not ok:
        raise RuntimeError("boom")
if __name__ == "__main__":
    demo.serve(name="demo")
FLOW
"$1/prefect" server start --host 127.0.0.1 --port "$3" &
until "$1/python" -c "import urllib.request as r; r.urlopen('$PREFECT_API_URL/health', timeout=3)" 2>/dev/null; do sleep .3; done
exec "$1/python" "$2/flows.py"
