"""All sinks together: which events go where, and the loops that bring them there."""

from collections.abc import Collection, Sequence

import anyio
from anyio.abc import TaskGroup

from jobwatchd.engine.commits import AttemptRecorder
from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import Runtime, SinkBinding
from jobwatchd.errors import SinkError
from jobwatchd.model.delivery import Delivery, SinkState
from jobwatchd.model.event import Event, EventFilter
from jobwatchd.ports import Store


class Dispatcher:
    """Routes events to sinks; each durable one has its own loop, so that a slow sink delays no other.

    Implements `ports.Sinks`.
    """

    def __init__(self, runtime: Runtime, store: Store, recorder: AttemptRecorder) -> None:
        self._runtime = runtime
        self._store = store
        self._recorder = recorder
        self._observer = runtime.observer
        self._logger = runtime.logger
        self._bindings: dict[str, SinkBinding] = {}
        self._former: dict[str, EventFilter] = {}
        self._loops: dict[str, DeliveryLoop] = {}

    def route(self, event: Event) -> Collection[str]:
        """Return the names of the durable sinks that want `event`."""
        return [
            name for name, binding in self._bindings.items() if binding.sink.durable and self._wants(binding, event)
        ]

    async def on_committed(self, events: Sequence[Event], deliveries: Sequence[Delivery]) -> None:
        """Take notice of committed events: offer deliveries to the durable sinks, hand events to the others."""
        for delivery in deliveries:
            # A loop that is not open yet will find it in the store.
            if delivery.sink in self._loops:
                self._loops[delivery.sink].offer(delivery)
        for binding in list(self._bindings.values()):
            if not binding.sink.durable:
                wanted = [event for event in events if self._wants(binding, event)]
                taken = [await self._hand_over(binding, event) for event in wanted]
                self._observer.sink(binding.sink.name).handed_over(sum(taken))

    async def open(self, bindings: Sequence[SinkBinding], tasks: TaskGroup) -> None:
        """Open sinks, or replace those of the same name; the durable ones get a loop each, in `tasks`.

        Events that are committed meanwhile are routed to the new ones already, so that none is missed; and until
        `settle` is called to the replaced ones too as they wished: the watches' labels may be changing with them.
        """
        replaced = [binding.sink.name for binding in bindings if binding.sink.name in self._bindings]
        self._former = {name: self._bindings[name].filter for name in replaced}
        old = [(self._bindings[name], self._loops.pop(name, None)) for name in replaced]
        self._bindings.update({binding.sink.name: binding for binding in bindings})
        async with anyio.create_task_group() as stopping:
            for binding, loop in old:
                stopping.start_soon(self._stop, binding, loop)
        for binding in bindings:
            if binding.sink.durable:
                self._loops[binding.sink.name] = loop = DeliveryLoop(
                    self._runtime, binding, self._store, self._recorder
                )
                tasks.start_soon(loop.run, name=f"sink {binding.sink.name}")

    async def settle(self, gone: Collection[str]) -> None:
        """Let go of what replaced sinks wished, and close those that are gone."""
        self._former = {}
        await self.close(gone)

    async def close(self, names: Collection[str]) -> None:
        """Stop and close sinks; what they have not sent stays pending in the store."""
        async with anyio.create_task_group() as stopping:
            for name in names:
                stopping.start_soon(self._stop, self._bindings.pop(name), self._loops.pop(name, None))

    @property
    def names(self) -> Collection[str]:
        """The names of the sinks that are open."""
        return tuple(self._bindings)

    def states(self) -> Sequence[SinkState]:
        """Return how each sink fares."""
        return [self._loops[name].state if name in self._loops else SinkState(name) for name in self._bindings]

    def enable(self, name: str) -> bool:
        """Go on with a sink whose receiver wanted no more events; returns whether that was so. Raises `KeyError`."""
        if name not in self._bindings:
            raise KeyError(name)
        return name in self._loops and self._loops[name].enable()

    def rescan(self) -> None:
        """Have deliveries found soon that are pending again."""
        for loop in self._loops.values():
            loop.rescan()

    async def drain(self) -> None:
        """Return once every durable sink was tried with all that it may be tried with now."""
        async with anyio.create_task_group() as tasks:
            for loop in self._loops.values():
                tasks.start_soon(loop.drain)

    async def _stop(self, binding: SinkBinding, loop: DeliveryLoop | None) -> None:
        if loop is not None:
            await loop.stop()
            # A successor reads from the store what is pending, so what was taken must be written there first.
            await self._recorder.flush()
        await binding.sink.close()

    def _wants(self, binding: SinkBinding, event: Event) -> bool:
        former = self._former.get(binding.sink.name)
        return binding.filter.matches(event) or (former is not None and former.matches(event))

    async def _hand_over(self, binding: SinkBinding, event: Event) -> bool:
        """Send an event to a sink that has no deliveries in the store; returns whether it was taken."""
        try:
            await binding.sink.send(event)
        except SinkError as error:
            self._observer.sink(binding.sink.name).delivery_failed(event, error)
            self._logger.warning("delivery.lost", sink=binding.sink.name, event_id=event.id, error=str(error))
            return False
        return True
