"""Looks at what a night has measured after every stage, and asks for a person when it is over a bound.

It says once for every number what it found, so that a night is not held again for what was seen already.
"""

from observatory.plugins.contract import Pause, Remark


class Watchman:
    def __init__(self, options):
        self.bounds = {"loss": options["loss"], "kl": options["kl"]}
        self.hold, self.said = options["hold"], set()

    def after(self, night, episodes):
        """Pauses, or remarks where nobody is to be waited for."""
        wishes = []
        for name, bound in self.bounds.items():
            found, mark = getattr(night, name), (night.number, name, getattr(night, name))
            if found is None or found <= bound or mark in self.said:
                continue
            self.said.add(mark)
            over = f"{WORDS[name]} is {found:.3g}, over the bound of {bound:.3g}"
            wishes.append(Pause(because=over) if self.hold else Remark(text=f"{over}."))
        return wishes


WORDS = {"loss": "The loss of the last step", "kl": "KL from the base (nats a token)"}
