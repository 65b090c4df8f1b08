"""Taking the cortex elsewhere."""

from __future__ import annotations

from pathlib import Path

from ..host.refusal import Refusal
from .line import DONE, FAILED, HERE, WRONG, Common, a_life, app


@app.command
def export(folder: Path, /, *, form: str = "huggingface", night: int | None = None, common: Common = HERE) -> int:
    """The slept model as an ordinary Hugging Face folder, or the model or the home in another form.

    Parameters
    ----------
    folder
        Where to; a new or empty folder.
    form
        huggingface, or a plugin: one that exports the cortex, such as transformerlens (before and after a night), or
        one that exports what is recorded, such as chronicle. Options as in chronicle:table=false.
    night
        For another form of the cortex: before and after which night. Default: the last that was committed.
    """
    from .. import models, settings
    from ..host import exporting

    home = a_life(common)
    chosen_form = None if form == exporting.HUGGING_FACE else exporting.exporter(home, form)
    say = (lambda text: None) if common.quiet or common.json else print
    if night is not None and (chosen_form is None or chosen_form.kind == "exporter"):
        why = "for an earlier cortex roll the home back first" if chosen_form is None else f"{form} is not one"
        raise Refusal(WRONG, f"--night goes with another form of the cortex; {why}.")
    if chosen_form is not None and chosen_form.kind == "exporter":
        return _said(folder, exporting.recorded(home, chosen_form, folder), {}, common, say)
    lived = exporting.lived(home)
    plugin = None if chosen_form is None else chosen_form.plugin
    wanted = {"after": lived.accepted} if plugin is None else exporting.around(lived.accepted, night)
    chosen = settings.peek(home)
    place = exporting.empty_folder(folder)
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
            made = room.by_plugin(plugin, states, place, note, chosen_form.options)
    except (models.ModelMissing, GateClosed, room.ExportFailed, OSError, RuntimeError) as error:
        raise Refusal(FAILED, f"The cortex could not be exported: {error}") from error
    return _said(place, made, {"cortex": lived.cortex}, common, say)


def _said(folder: Path, made: list[Path], more: dict, common: Common, say) -> int:
    place = folder.expanduser().absolute()
    if common.json:
        import json

        print(json.dumps({"folder": str(place), "files": [path.name for path in made], **more}))
    else:
        say(f"{place}: {', '.join(path.name for path in made) or 'nothing to write'}")
    return DONE
