"""The port: one number wherever the daemon is reached, and nobody else's."""

import re
from pathlib import Path

import pytest

from jobwatchd.cli.health import health
from jobwatchd.settings.server import ServerSettings

ROOT = Path(__file__).parents[3]
PORT = ServerSettings().address[1]
EXPORTERS = range(9090, 10200)  # a list of the Prometheus project gives these to exporters, one by one
NODE_PORTS = range(30000, 32768)  # Kubernetes gives these to services
EPHEMERAL = range(32768, 65536)  # Linux gives these to clients


def test_the_port_is_nobody_elses() -> None:
    """It is in no range that others hand out, and no user has to be root for it."""
    assert PORT not in EXPORTERS
    assert PORT not in NODE_PORTS
    assert PORT not in EPHEMERAL
    assert PORT >= 1024


def test_commands_ask_where_the_daemon_listens() -> None:
    """By default both mean the same."""
    [url] = [option.default for option in health.params if option.name == "url"]
    assert url == f"http://127.0.0.1:{PORT}"


@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("README.md", r"localhost:(\d+)/metrics"),
        ("docs/install.md", r"-p 127\.0\.0\.1:(\d+):\d+"),
        ("docs/install.md", r"-p 127\.0\.0\.1:\d+:(\d+)"),
        ("docs/operations.md", r"listens on 127\.0\.0\.1:(\d+)"),
        ("config/jobwatchd.example.yaml", r'listen: "127\.0\.0\.1:(\d+)"'),
        ("deploy/compose/jobwatchd.yaml", r'listen: ":(\d+)"'),
        ("deploy/compose/prometheus.yml", r"jobwatchd:(\d+)\]"),
        ("deploy/container/Dockerfile", r"EXPOSE (\d+)"),
        ("deploy/helm/jobwatchd/values.yaml", r"(?m)^  port: (\d+)"),
        ("deploy/helm/jobwatchd/templates/configmap.yaml", r'"127\.0\.0\.1:(\d+)"'),
        ("deploy/helm/jobwatchd/templates/deployment.yaml", r"containerPort: (\d+)"),
        ("deploy/kubernetes/base/deployment.yaml", r"containerPort: (\d+)"),
        ("deploy/kubernetes/base/jobwatchd.yaml", r'listen: ":(\d+)"'),
        ("deploy/kubernetes/base/service.yaml", r"port: (\d+)"),
        ("deploy/kubernetes/overlays/sidecar/jobwatchd.yaml", r"listen: 127\.0\.0\.1:(\d+)"),
        ("deploy/kubernetes/overlays/sidecar/remote_job.py", r'"http://127\.0\.0\.1:(\d+)"'),
        ("deploy/prometheus/prometheus.yml", r"127\.0\.0\.1:(\d+)\"\]"),
        ("deploy/prometheus/runbook.md", r"localhost:(\d+)/livez"),
    ],
)
def test_what_is_shipped_says_the_same_port(file: str, where: str) -> None:
    """Whoever changes the default changes all of these."""
    found = re.findall(where, (ROOT / file).read_text())
    assert found
    assert str(PORT) in found
