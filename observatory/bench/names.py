"""Invented names in endless supply, none of them given twice and none of the first day's.

Draws from a seeded generator, so one seed always gives the same names in the same order. This file
does not know what is said about anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = _words(
    "Agata Belinda Clemency Dagny Edwina Frida Giselle Henrike Imogen Jolanta Katrin Leonora Mabel Nerissa Ottilie "
    "Philippa Roswitha Saskia Tamsin Ursula Verity Winifred Yolande Zenobia Annika Briony Cosima Dorothea Elspeth "
    "Fiametta"
)
MEN = _words(
    "Alaric Benedikt Cornelius Desmond Edgar Florian Gideon Hubert Isidor Jasper Konrad Lambert Mortimer Nestor Osbert "
    "Piers Quentin Roderick Silvan Thaddeus Ulrich Valentin Wendell Xavier Yorick Zoltan Anselm Barnaby Crispin Dunstan"
)
SURNAME_STARTS = _words(
    "Abel Bark Cold Dray Elm Fair Garn Hales Ivers Jess Kell Lorn Mar Nor Ost Pell Quar Rad Sten Tor Under Var Wend "
    "Yar Zim Brand Crow Dun Ear Frost Gold Hart"
)
SURNAME_ENDS = _words(
    "man well ford ström wick ovic ley stone berg shaw ridge den ington hurst sen mayer dale worth more by"
)
PLACE_STARTS = _words(
    "Ald Bram Car Dun Elder Farn Gres Hollin Inch Kirk Lang Maple Nether Oak Pen Raven Stan Thorn Up Wether Yew Black "
    "Copper Drift Ember Fen Grey Heath Iron Juniper Lark Moss Night Otter Pike Reed Silver Tern Umber White"
)
PLACE_ENDS = _words(
    "bury combe dale fell gate ham hurst ley mere minster moor ness port ridge stead stow thorpe ton wick worth bridge "
    "field haven holt brook"
)
BEASTS = _words("donkey pony llama terrier rabbit hamster hedgehog badger ferret spaniel bullock piglet gander tomcat")
EMBLEMS = _words(
    "Curlew Badger Juniper Lantern Plover Siskin Bramble Cobalt Dunlin Ember Fieldfare Garnet Harrier Ibis Jackdaw "
    "Linnet Marigold Nuthatch Onyx Petrel Quartz Redstart Sandpiper Teasel Umbra Vireo Wagtail Yarrow Avocet Bittern "
    "Cormorant Dotterel Egret Firecrest Goshawk Hoopoe Lapwing Merlin Ouzel Pipit"
)
TEMPERS = _words(
    "Cheerful Hasty Silent Wandering Stubborn Gentle Drowsy Faithful Proud Restless Humble Merry Solemn Lucky Weary "
    "Gallant Idle Honest Crooked Bashful"
)
TAKEN = frozenset(
    _words(
        "zelda marchetti trondheim ilse corran bartholomew nightjar quill heron vesna kolarik kestrel wilhelmina "
        "fenwick thorsby orrelay dario fenn saltmarsh casimir eskham lucinda prax fallow odile baptiste halloran "
        "tammel ignatius bell hedda rufus mirembe tomasz oduya"
    )
)
"""Every name of the first day. A look-alike never uses one, so that nothing in it can contradict that day."""


class Names:
    def __init__(self, random: Random):
        self._random = random
        self._given: set[tuple[str, str]] = set()

    def woman(self) -> str:
        return self._fresh("person", lambda: f"{self._of(WOMEN)} {self._surname()}")

    def man(self) -> str:
        return self._fresh("person", lambda: f"{self._of(MEN)} {self._surname()}")

    def pair(self) -> str:
        return self._fresh("pair", lambda: f"{self._of(WOMEN)} and {self._of(MEN)}")

    def surname(self, of: str) -> str:
        """A surname, unlike every other one asked for with the same `of` (a title)."""
        return self._fresh(of, self._surname)

    def place(self, of: str) -> str:
        """A place, unlike every other one of its sort."""
        return self._fresh(of, lambda: self._of(PLACE_STARTS) + self._of(PLACE_ENDS))

    def beast(self) -> str:
        """A named animal: “Osbert the donkey”."""
        return self._fresh("beast", lambda: f"{self._of(MEN)} the {self._of(BEASTS)}")

    def emblem(self, of: str) -> str:
        """A name for a project or a team; a temper comes before it once the plain ones are used up."""
        plain = [e for e in EMBLEMS if (of, e) not in self._given]
        if plain:
            return self._fresh(of, lambda: self._of(plain))
        return self._fresh(of, lambda: f"{self._of(TEMPERS)} {self._of(EMBLEMS)}")

    def boat(self) -> str:
        return self._fresh("boat", lambda: f"{self._of(TEMPERS)} {self._of(EMBLEMS)}")

    def _surname(self) -> str:
        return self._of(SURNAME_STARTS) + self._of(SURNAME_ENDS)

    def _of(self, words):
        return self._random.choice(words)

    def _fresh(self, of: str, make: Callable[[], str]) -> str:
        for _ in range(2_000):
            name = make()
            if (of, name) not in self._given and not TAKEN & set(name.lower().split()):
                self._given.add((of, name))
                return name
        raise ValueError(f"there are no more new names for “{of}”; ask for fewer look-alikes")
