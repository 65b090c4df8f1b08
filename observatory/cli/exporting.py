"""Taking the cortex elsewhere."""

from __future__ import annotations

from pathlib import Path

from ..host.refusal import Refusal
from .line import DONE, FAILED, HERE, WRONG, Common, a_life, app


@app.command
def export(folder: Path, /, *, form: str = "huggingface", night: int | None = None, common: Common = HERE) -> int:
    """The slept model as an ordinary Hugging Face folder, or in another form.

    Parameters
    ----------
    folder
        Where to; a new or empty folder.
    form
        huggingface, or a plugin that exports the cortex, such as transformerlens (before and after a night).
    night
        For another form: before and after which night. Default: the last that was committed.
    """
    from .. import models, settings
    from ..host import exporting

    home = a_life(common)
    lived = exporting.lived(home)
    if form == "huggingface" and night is not None:
        raise Refusal(WRONG, "--night goes with another form; for an earlier cortex roll the home back first.")
    plugin = None if form == "huggingface" else exporting.exporter(home, form)
    wanted = {"after": lived.accepted} if plugin is None else exporting.around(lived.accepted, night)
    chosen, _ = settings.load(home)
    place = exporting.empty_folder(folder)
    say = (lambda text: None) if common.quiet or common.json else print
    say("Reading the base and adding the accepted nights")
    from ..mind import export as room
    from ..mind.gate import GateClosed

    try:
        _, base = models.prepare(common.model or chosen.model, models.cache_folder(home), say)
        states = {
            name: room.cortex_of(base, nights, home / "deltas", lived.precision) for name, nights in wanted.items()
        }
        note = {
            "model": lived.model, "precision": lived.precision,
            "nights": {name: [each.night for each in nights] for name, nights in wanted.items()},
        }  # fmt: skip
        if plugin is None:
            made = room.as_hugging_face(states["after"], place, note)
        else:
            made = room.by_plugin(plugin, states, place, note)
    except (models.ModelMissing, GateClosed, room.ExportFailed, OSError, RuntimeError) as error:
        raise Refusal(FAILED, f"The cortex could not be exported: {error}") from error
    if common.json:
        import json

        print(json.dumps({"folder": str(place), "files": [path.name for path in made], "cortex": lived.cortex}))
    else:
        say(f"{place}: {', '.join(path.name for path in made)}")
    return DONE
