#!/bin/bash
# Runs a Buildbot master on 127.0.0.1 with a worker and one builder, whose build ends with the property `code`:
# serve_buildbot.sh BIN FOLDER PORT
set -eu
mkdir -p "$2/master"
cat > "$2/master/master.cfg" <<MASTER
from buildbot.plugins import *
command = ["sh", "-c", util.Interpolate("sleep 5; exit %(prop:code:-0)s")]
c = BuildmasterConfig = dict(
    workers=[worker.LocalWorker("w")],
    protocols={"null": {}},
    builders=[util.BuilderConfig("demo", workernames=["w"], factory=util.BuildFactory([steps.ShellCommand(command=command)]))],
    schedulers=[schedulers.ForceScheduler("force", builderNames=["demo"], properties=[util.StringParameter("code", default="0")])],
    title="t", titleURL="http://127.0.0.1:$3/", buildbotURL="http://127.0.0.1:$3/",
    www=dict(port="tcp:$3:interface=127.0.0.1"), db={"db_url": "sqlite:///state.sqlite"}, buildbotNetUsageData=None,
    collapseRequests=False,  # else one of two requests that wait together is skipped
)
MASTER
cd "$2"
"$1/buildbot" create-master -c master.cfg master
exec "$1/buildbot" start --nodaemon master
