#!/bin/bash
# Runs Airflow 3 on 127.0.0.1 with one DAG, whose run fails unless its conf says ok: serve_airflow.sh BIN FOLDER PORT LOG_PORT LOG_PORT
set -eu
export PATH=$1:$PATH AIRFLOW_HOME=$2
export AIRFLOW__API__PORT=$3 AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=$4 AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=$5
export AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__WORKERS=1 AIRFLOW__API__BASE_URL=http://127.0.0.1:$3
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:$3/execution/
export AIRFLOW__CORE__DAGS_FOLDER=$2/dags AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__PARALLELISM=2
export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=True AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=5
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
mkdir -p "$2/dags"
cat > "$2/dags/demo.py" <<'DAG'
import time
from airflow.sdk import dag, task
@dag(schedule=None, params={"ok": True}, is_paused_upon_creation=False)
def demo():
    @task
    def work(params=None):
        time.sleep(5)
        if not params["ok"]:
            raise RuntimeError("boom")
    work()
demo()
DAG
exec airflow standalone
