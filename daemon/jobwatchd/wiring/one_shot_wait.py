"""Builds what waits for jobs without a daemon."""

import random

from jobwatchd.app.one_shot_wait import OneShotWait, Onlooker
from jobwatchd.app.patience import Patience
from jobwatchd.clock import SystemClock
from jobwatchd.engine.heartbeats import Heartbeats
from jobwatchd.engine.runtime import Runtime
from jobwatchd.http.limits import Memory
from jobwatchd.instruments import Registry
from jobwatchd.kinds.clients import Clients
from jobwatchd.logs import silent_logger
from jobwatchd.prometheus_observer import PrometheusObserver
from jobwatchd.redaction import SECRETS
from jobwatchd.rotation import Rotation
from jobwatchd.settings import Settings
from jobwatchd.stores.memory import MemoryStore
from jobwatchd.telemetry import Telemetry
from jobwatchd.wiring import build_source, lane_policy
from jobwatchd.wiring.engine import build_engine


def build_one_shot_wait(settings: Settings, source: str, onlooker: Onlooker, appear_within_s: float) -> OneShotWait:
    """Return what waits for jobs of one source, and logs nothing: `onlooker` hears it all. Raises `ConfigError`."""
    clock = SystemClock()
    section = settings.sources[source]
    observer = PrometheusObserver(Telemetry(Registry()))
    runtime = Runtime(clock, random.random, silent_logger(), observer, Heartbeats(clock, observer))
    rotation = Rotation(clock, runtime.logger, SECRETS.remember)
    return OneShotWait(
        build_engine(runtime, MemoryStore(), settings.reference),
        build_source(source, section, clock, clients=Clients(rotation, Memory(settings.http.memory))),
        lane_policy(section),
        rotation=rotation,
        onlooker=onlooker,
        patience=Patience(appear_within_s),
    )
