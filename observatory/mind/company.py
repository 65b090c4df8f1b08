"""The plugins in the mind's process, and how everything it tells is told with them there.

Every generator of the mind passes through here: what a plugin's fault has to say is said between its events, and after
a turn the sentry looks whether all is as it should be. A mind without plugins does none of this. It does not know what
a plugin answers.
"""

from __future__ import annotations

from pathlib import Path

from ..protocol import events as ev
from .sentry import Meddled, Sentry, found_out


class Company:
    """`plugins`: whatever has `name`, `on`, `said()` and `switch_off(why)`."""

    def __init__(self, mind):
        self.mind, self.plugins = mind, []
        self._sentry: Sentry | None = None

    @property
    def home(self) -> Path | None:
        """Whose own plugins may be found besides those that ship."""
        folder = self.mind.settings.plugins_folder
        return Path(folder).parent if folder else None

    def joins(self, plugin) -> None:
        self._sentry = self._sentry or Sentry()
        self.plugins.append(plugin)

    def leaves(self, plugin) -> None:
        self.plugins.remove(plugin)

    def along(self, generator):
        """The generator's events, what plugins had to say in between, and at the end what the sentry found."""
        whole = False
        try:
            for event in generator:
                yield event
                yield from self._said()
                if event is None or isinstance(event, ev.StageEntered):
                    # In a night nothing goes on that began on other weights than those of the record.
                    yield from self._looked(in_a_night=True, whole=event is None or event.stage in ("weigh", "commit"))
                whole = whole or isinstance(event, ev.NightClosed)
                if isinstance(event, ev.CortexChecked) and not event.unchanged:
                    whole = True
        finally:
            generator.close()
        yield from self._said()
        yield from self._looked(whole=whole)

    def _said(self):
        for plugin in list(self.plugins):
            yield from plugin.said()

    def _looked(self, *, in_a_night: bool = False, whole: bool = False):
        if self._sentry is None:
            return
        mind, cortex, what = self.mind, self.mind.parts.cortex, []
        if names := self._sentry.replaced():
            what.append(f"It replaced parts of the gate or the cortex ({', '.join(names)}); they were put back.")
        if names := self._sentry.started():
            what.append(f"It started {len(names)} processes ({', '.join(names[:5])}); they were ended.")
        written = self._sentry.written(cortex, mind.samples, mind.hash if whole else "")
        if written:
            what.append("It wrote into the slow weights; they were rebuilt from the base and the accepted nights.")
        if not what:
            return
        running = [plugin for plugin in self.plugins if plugin.on]
        who = " or ".join(f"The plugin “{plugin.name}”" for plugin in running) or "Something in the mind's process"
        for plugin in running:
            plugin.switch_off("it reached for what it must leave alone")
        yield found_out(who, what)
        if written:
            mind.rebuild()
            if in_a_night:
                raise Meddled("the slow weights were written by something other than the gate while the night ran")
