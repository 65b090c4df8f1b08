"""Look-alike episodes: the first day's kinds of sentence, told of other people, places and things.

They make remembering hard in the way that a life does, by likeness and not by number alone. Their
names are never the first day's, and what they tell is never one of that day's answers, so a
question about the first day cannot be marked right from the wrong episode. This file makes texts
and questions; it does not know who encodes or asks them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ..protocol.events import Question
from .names import Names

MOST = 5_000
"""Beyond this the shorter lists of names (boats, beasts, pairs) begin to run out."""


@dataclass(frozen=True)
class LookAlike:
    """One invented experience, and two ways to ask for it: in its own words and in others."""

    text: str
    direct: str
    paraphrase: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """A kind of sentence. `{who}` is the fresh name, `{what}` the thing to be remembered, `{with_}` colour.

    After a bar in `whats` stand other forms that count as right.
    """

    name: Callable[[Names], str]
    texts: tuple[str, ...]
    direct: str
    paraphrase: str
    whats: tuple[str, ...]
    colours: tuple[str, ...] = ("",)


def _list(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))


CITIES = _list(
    "Bergen, Ghent, Ljubljana, Porto, Turku, Galway, Bologna, Cádiz, Malmö, Kraków, Graz, Riga, Sarajevo, Aberdeen, "
    "Valparaíso, Quebec, Nagoya, Tunis"
)
ANIMALS = _list(
    "pelican, hedgehog, dragonfly, octopus, camel, peacock, elephant, beetle, otter, swordfish, giraffe, crab, "
    "hippopotamus, squid, armadillo, flamingo, porcupine"
)
FOODS = _list(
    "turnips, pears, celery, walnuts, oatcakes, dandelions, cucumbers, apricots, parsnips, figs, lettuce, pumpkins, "
    "seaweed, beetroot, plums, cabbage, melons, acorns"
)
ROOMS = _list(
    "boathouse, attic, laundry, chapel, pantry, hayloft, gymnasium, wine cellar, observatory, stable, dairy, sauna, "
    "smithy, bakery, barn, library, theatre, tollhouse"
)
HIDES = _list(
    "teapot, wardrobe, weathervane, birdcage, mangle, globe, bookend, coal scuttle, mirror, tapestry, umbrella stand, "
    "harmonium, dresser, sundial, rain barrel, calendar, spinning wheel, letterbox"
)
TELLS = _list(
    "football scores, cooking recipes, nursery rhymes, tide tables, phone numbers, knitting patterns, weather reports, "
    "chess openings, auction prices, star names, Latin verbs, dance steps, bus routes, tax laws, toasts, riddles, "
    "telegrams, proverbs"
)

FRAMES = (
    Frame(Names.woman, ("{who} keeps her {with_} in {what}, on the roof of an old brewery.",
                        "{who} keeps {with_} in {what}, in the yard of a former tannery."),
          "In which city does {who} keep her {with_}?", "Where would I travel to see the {with_} of {who}?",
          CITIES, _list("bees, doves, silkworms, geese, bantams, snails")),
    Frame(lambda n: f"Grandfather {n.surname('grandfather')}",
          ("In {who}'s house nobody is allowed to {what} after dark.",),
          "What is nobody allowed to do after dark in {who}'s house?", "Name the habit that is forbidden at {who}'s.",
          _list("hum|humming, sneeze|sneezing, knit|knitting, yodel|yodelling, dance|dancing, sweep|sweeping, "
                "sing|singing, juggle|juggling, gamble|gambling, argue|arguing, iron|ironing, snore|snoring")),
    Frame(lambda n: f"{n.place('rock')} Rock", ("The lighthouse on {who} is painted {what}, as pilots had asked.",
                                                "The beacon on {who} has been painted {what} since the great fog."),
          "What colour is the tower on {who} painted?", "A sailor passes {who}. What shade does the tower there have?",
          _list("crimson, lavender, ochre, scarlet, maroon, beige, lilac, amber, ivory, magenta, cream, coral")),
    Frame(Names.beast, ("{who} refuses oats. He will only eat {what}.", "{who} will not touch straw, only {what}."),
          "What is the only thing that {who} will eat?", "Which food should I bring for {who}?", FOODS),
    Frame(lambda n: f"Project {n.emblem('project')}", ("{who} counts {what} with old {with_} that hang in the park.",),
          "What does {who} count?", "Which things are the subject of {who}?",
          _list("bats, owls, raindrops, footsteps, comets, beetles, sparrows, trains, acorns, frogs, snails, gusts, "
                "spiders, lorries"), _list("microphones, cameras, typewriters, radios")),
    Frame(lambda n: f"{n.place('hall')} Hall", ("The spare key to {who} hangs behind the {what}.",
                                                "You will find the second key to {who} behind the {what}."),
          "Where does the spare key to {who} hang?", "We are locked out of {who}. What should we look behind?", HIDES),
    Frame(lambda n: f"the {n.boat()}", ("My boat is {who}, and {who} carries only {what}.",
                                        "In the harbour lies {who}, a boat that carries nothing but {what}."),
          "What does the boat called {who} carry?", "Name the cargo aboard {who}.",
          _list("pepper, marble, cork, wool, cocoa, saffron, tea, ginger, timber, coffee, vanilla, slate, salt")),
    Frame(Names.woman, ("A {what} brought back the {with_} that {who} had lost in the dunes.",),
          "Who brought back the {with_} that {who} had lost?", "Which creature returned the {with_} of {who}?",
          _list("jackdaw, poodle, squirrel, seal, monkey, raven, fox, mule, pigeon, weasel, dolphin, cormorant"),
          _list("locket, brooch, bracelet, earring, watch, medal")),
    Frame(lambda n: f"the {n.emblem('team')} team", ("Since the windows were broken, {who} meets in the {what}.",
                                                     "While the heating is off, {who} meets in the {what}."),
          "Where does {who} meet?", "I have an appointment with {who}. Which building do I go to?", ROOMS),
    Frame(lambda n: f"Uncle {n.surname('uncle')}", ("{who}'s {with_} has one secret: a spoonful of {what} in it.",),
          "What is the secret of {who}'s {with_}?", "Which unusual ingredient goes into the {with_} of {who}?",
          _list("vinegar, honey, paprika, rum, ginger, horseradish, molasses, tarragon, aniseed, beer, pepper, coffee"),
          _list("stew, gravy, pudding, jam, soup, porridge")),
    Frame(Names.beast, ("{who} spends every {with_} in the {what} of the choirmaster.",),
          "Where does {who} spend every {with_}?", "It is {with_}. What does {who} sleep in?",
          _list("hatbox, bathtub, laundry basket, wheelbarrow, wardrobe, suitcase, bookcase, drum, "
                "pulpit, sidecar, picnic basket"), _list("autumn, summer, spring, weekend")),
    Frame(lambda n: f"Doctor {n.surname('doctor')}", ("{who} has taught the office {with_} to recite {what}.",),
          "What has {who} taught the {with_} to recite?", "What would you hear from the {with_} of {who}?",
          TELLS, _list("raven, mynah, cockatoo, jackdaw")),
    Frame(lambda n: f"Mount {n.place('mount')}",
          ("Nobody knows who left it there, but a {what} stands on top of {who}.",
           "On the summit of {who}, for no known reason, stands a {what}."),
          "What stands on top of {who}?", "Climbers who reach the summit of {who} find something odd. What is it?",
          _list("bathtub, wardrobe, throne, phone box, rocking horse, tractor, harp, statue, bookcase, pram, sofa, "
                "jukebox, windmill, bedstead")),
    Frame(Names.man, ("{who} must never be given {what}. One bite put him in bed for a week.",),
          "What must {who} never be given?", "Which food is {who} allergic to?",
          _list("peanuts, shrimps, strawberries, almonds, mussels, lentils, kiwis, eggs, oysters, peaches, rye, "
                "celery, crabs, hazelnuts")),
    Frame(lambda n: f"the {n.place('arms')} Arms", ("Guests of {who} pay with {what} instead of money.",),
          "What do guests of {who} pay with?", "I stayed a night at {who}. What do I owe the landlord?",
          _list("songs, firewood, seashells, jokes, buttons, drawings, stamps, eggs, fairy tales, feathers, candles, "
                "recipes, postcards")),
    Frame(Names.man, ("For his {with_} birthday {who} wants a cake in the shape of a {what}.",),
          "What shape of cake does {who} want?", "Which animal should the birthday cake of {who} look like?",
          ANIMALS, _list("sixth, seventh, eighth, tenth, eleventh, twelfth")),
    Frame(lambda n: n.place("town"), ("The town clock of {who} is {what} minutes fast, and nobody there minds.",
                                      "In {who} the church clock runs {what} minutes ahead, as it has for years."),
          "How many minutes fast is the clock of {who}?", "By how much is the clock in {who} ahead of the true time?",
          _list("nine, eleven, twelve, thirteen, fourteen, sixteen, eighteen, nineteen, twenty-two, twenty-six")),
    Frame(Names.woman, ("{who} won the {with_} race in {what}.",),
          "What did {who} wear when she won the {with_} race?", "Describe the footwear of the champion runner {who}.",
          _list("rubber boots, ballet shoes, slippers, ski boots, sandals, football boots, moccasins, snowshoes, "
                "flippers, riding boots, socks, high heels"),
          _list("spring, hill, regatta, carnival, market, midsummer")),
    Frame(lambda n: f"{n.place('cottage')} Cottage", ("Rub the {with_} of {who} with {what} and the noise stops.",),
          "What should the {with_} of {who} be rubbed with?", "A noise comes from the {with_} at {who}. What cures it?",
          _list("beeswax, soap, candle wax, lard, chalk, olive oil, butter, graphite, lanolin, tallow, resin"),
          _list("door, shutters, staircase, pump, windows, bedstead")),
    Frame(Names.woman, ("{who} makes her {with_} ink from {what}, and her desk smells of it.",),
          "What does {who} make her {with_} ink from?", "Which ingredient is used in the {with_} ink of {who}?",
          _list("elderberries, soot, onion skins, walnut shells, beetroot, cherries, oak galls, rust, blackberries, "
                "cornflowers, rose hips, coffee"), _list("red, brown, blue, violet, black")),
    Frame(lambda n: f"Constable {n.surname('constable')}", ("{who} found the stolen {with_} in the {what}.",),
          "Where did {who} find the stolen {with_}?", "In what place did the missing {with_} turn up for {who}?",
          ROOMS, _list("tricycle, tuba, wheelbarrow, scooter, saddle, lawnmower")),
    Frame(lambda n: f"the river {n.place('river')}",
          ("Whenever {who} floods, the village {with_} moves onto a {what}.",),
          "Where does the village {with_} move when {who} floods?",
          "Water stands in the streets beside {who}. On what is the {with_} now?",
          _list("hill, barge, raft, bus, hay wagon, viaduct, terrace, tugboat, trailer, train"),
          _list("market, post office, council, choir, surgery, bank")),
    Frame(Names.man, ("{who} is building a {with_} out of {what} in his garage.",),
          "What is {who} building a {with_} out of?", "Which material does {who} need more of for his {with_}?",
          _list("teaspoons, bottle caps, playing cards, sugar cubes, corks, buttons, toothpicks, eggshells, dominoes, "
                "coat hangers, ice lolly sticks, newspapers"),
          _list("castle, viaduct, pyramid, steamship, palace, airship")),
    Frame(Names.pair, ("{who} were married {what}, with half the village looking on.",),
          "Where were {who} married?", "Where did the wedding of {who} take place?",
          _list("in a quarry, on a trampoline, in a submarine, on a carousel, in a tunnel, in a bakery, on a glacier, "
                "in a lighthouse, on a bridge, in a cave, in a museum, on a tandem")),
    Frame(Names.woman, ("{who} is afraid of only one thing, and that is {what}.",
                        "Nothing frightens {who} apart from {what}."),
          "What is {who} afraid of?", "Which thing frightens {who}?",
          _list("escalators, mirrors, geese, buttons, thunder, clowns, ladders, mushrooms, puppets, wasps, umbrellas, "
                "hedgehogs, statues, dentists")),
)  # fmt: skip


def episodes(count: int = 500, seed: int = 0) -> list[LookAlike]:
    """So many look-alikes, every frame equally often, shuffled; the same for the same count and seed."""
    if not 0 <= count <= MOST:
        raise ValueError(f"{count:,} look-alikes were asked for; there are between 0 and {MOST:,}")
    random = Random(f"look-alikes {seed}")
    names = Names(random)
    made = [_made(FRAMES[at % len(FRAMES)], names, random) for at in range(count)]
    random.shuffle(made)
    return made


def lookalikes(count: int = 500, seed: int = 0) -> list[str]:
    """The texts alone."""
    return [episode.text for episode in episodes(count, seed)]


def questions(asked: list[LookAlike], day: int | None = None) -> list[Question]:
    """A direct and a paraphrased question about each of these."""
    return [
        Question(prompt=prompt, answers=list(one.answers), kind=kind, day=day)
        for one in asked
        for kind, prompt in (("direct", one.direct), ("paraphrase", one.paraphrase))
    ]


def _made(frame: Frame, names: Names, random: Random) -> LookAlike:
    what, *others = random.choice(frame.whats).split("|")
    told = {"who": frame.name(names), "what": what, "with_": random.choice(frame.colours)}
    wanted = what.removeprefix("in a ").removeprefix("on a ")
    if wanted.endswith("s"):
        others.append(wanted[:-1])
    return LookAlike(
        text=_sentence(random.choice(frame.texts).format(**told)),
        direct=_sentence(frame.direct.format(**told)),
        paraphrase=_sentence(frame.paraphrase.format(**told)),
        answers=(wanted, *others),
    )


def _sentence(text: str) -> str:
    """With a capital, and “an” before a vowel."""
    words = text.split(" ")
    for at, word in enumerate(words[:-1]):
        if word in ("a", "A") and words[at + 1][:1] in "aeiou":
            words[at] += "n"
    text = " ".join(words)
    return text[0].upper() + text[1:]
