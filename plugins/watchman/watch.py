"""Looks at what a night has measured after every stage, and asks for a person when it is over a bound.

It says once for every number what it found, so that a night is not held again for what was seen already.
"""

from observatory.plugins.contract import Pause, Remark


class Watchman:
    def __init__(self, options):
        self.bounds = {"loss": options["loss"], "kl": options["kl"]}
        self.said = set()

    def after(self, night, episodes):
        wishes = []
        for name, bound in self.bounds.items():
            found, mark = getattr(night, name), (night.number, name, getattr(night, name))
            if found is None or found <= bound or mark in self.said:
                continue
            self.said.add(mark)
            over = f"{WORDS[name]} is {found:.3g}, over the bound of {bound:.3g}"
            wishes += [Remark(text=f"{over[0].upper()}{over[1:]}, after {night.step} steps."), Pause(because=over)]
        return wishes


WORDS = {"loss": "the loss of the last step", "kl": "KL from the base (nats a token)"}
