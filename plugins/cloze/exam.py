"""An exam made of the day itself: a sentence as far as a name, a number or its last word, to be gone on with.

It needs nobody to write questions, so any day can be examined. It asks for the words as they were told, which is less
than knowing: beside it, questions in other words are wanted. The same episodes always give the same questions.
"""

import re

from observatory.plugins.contract import Question

SENTENCE = re.compile(r"(?<=[.!?])\s+")
WORD = re.compile(r"\b(?:[^\W\d_][\w’'-]*|\d[\d.,:]*\d|\d)")
LONG = 5
TITLES = {"I", "Mr", "Mrs", "Ms", "Dr", "Prof", "St"}


class Exam:
    def __init__(self, options):
        self.most, self.words = options["most"], options["words"]

    def questions(self, episodes):
        made = [found for each in episodes if (found := self._of(each))]
        if len(made) <= self.most:
            return made
        return [made[at * len(made) // self.most] for at in range(self.most)]

    def _of(self, episode):
        """The latest name or number that can be asked for, or where there is none the last long word of a sentence."""
        sentences = SENTENCE.split(" ".join(episode.text.split()))
        for tells in (self._names, self._ends):
            for sentence in sentences:
                late = [found for found in WORD.finditer(sentence) if self._can_go(sentence, found)]
                if late := [found for found in late if tells(sentence, found)]:
                    before = sentence[: late[-1].start()].rstrip()
                    return Question(
                        prompt=before, answer=late[-1].group(), episode=episode.number, style="complete"
                    )
        return None

    def _can_go(self, sentence, found):
        """Enough stands before it, and not the word itself."""
        before, word = sentence[: found.start()], re.escape(found.group())
        return len(before.split()) >= self.words and before[-1].isspace() and not re.search(rf"\b{word}\b", before)

    @staticmethod
    def _names(sentence, found):
        """A number, or the first of a name's words: the second could be guessed from it."""
        word, before = found.group(), sentence[: found.start()].split()[-1]
        return word[0].isdigit() or (word[0].isupper() and word not in TITLES and not before[0].isupper())

    @staticmethod
    def _ends(sentence, found):
        return len(found.group()) >= LONG and not WORD.search(sentence, found.end())
