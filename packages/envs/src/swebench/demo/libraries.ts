/** Small, correct Python library with passing tests: file contents by path. */
export type DemoLibrary = Readonly<Record<string, string>>;

const configuration = "[tool:pytest]\naddopts = -p no:cacheprovider\n";

/** Library of integer intervals. */
export const spans: DemoLibrary = {
  "setup.cfg": configuration,
  "spans/__init__.py": `from .spans import Span, covered, gaps, merge

__all__ = ["Span", "covered", "gaps", "merge"]
`,
  "spans/spans.py": `"""Half-open spans of whole numbers."""


class Span:
    """All whole numbers from start up to, but not including, stop."""

    def __init__(self, start, stop):
        if start > stop:
            raise ValueError("start must not be above stop")
        self.start = start
        self.stop = stop

    def __len__(self):
        return self.stop - self.start

    def __contains__(self, number):
        return self.start <= number < self.stop

    def __eq__(self, other):
        return (self.start, self.stop) == (other.start, other.stop)

    def __repr__(self):
        return f"Span({self.start}, {self.stop})"

    def overlaps(self, other):
        """Whether the two share a number."""
        return self.start < other.stop and other.start < self.stop


def merge(spans):
    """The same numbers in as few spans as possible, in order."""
    merged = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = Span(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return merged


def covered(spans):
    """How many numbers lie in at least one span."""
    return sum(len(span) for span in merge(spans))


def gaps(spans, within):
    """The spans of a span that no other one covers."""
    free = []
    start = within.start
    for span in merge(spans):
        if span.start > start:
            free.append(Span(start, min(span.start, within.stop)))
        start = max(start, span.stop)
    if start < within.stop:
        free.append(Span(start, within.stop))
    return free
`,
  "tests/test_spans.py": `import pytest

from spans import Span, covered, gaps, merge


def test_length():
    assert len(Span(2, 5)) == 3


def test_rejects_reversed():
    with pytest.raises(ValueError):
        Span(3, 1)


def test_merge_apart():
    assert merge([Span(5, 6), Span(0, 2)]) == [Span(0, 2), Span(5, 6)]


def test_merge_overlapping():
    assert merge([Span(0, 3), Span(2, 5)]) == [Span(0, 5)]


def test_covered():
    assert covered([Span(0, 3), Span(10, 12)]) == 5


def test_gaps():
    assert gaps([Span(2, 4)], Span(0, 6)) == [Span(0, 2), Span(4, 6)]
`,
};

/** Library for text formatting. */
export const wording: DemoLibrary = {
  "setup.cfg": configuration,
  "wording/__init__.py": `from .case import snake, title
from .wrap import indent, wrap

__all__ = ["indent", "snake", "title", "wrap"]
`,
  "wording/case.py": `"""Names in one style or another."""

SMALL = {"a", "an", "and", "in", "of", "on", "or", "the", "to"}


def snake(name):
    """camelCase as snake_case."""
    result = ""
    for i, letter in enumerate(name):
        if letter.isupper() and i > 0 and not name[i - 1].isupper():
            result += "_"
        result += letter.lower()
    return result


def title(text):
    """A heading: small words stay small unless they come first."""
    words = text.split()
    return " ".join(
        word if i > 0 and word in SMALL else word.capitalize()
        for i, word in enumerate(words)
    )
`,
  "wording/wrap.py": `"""Lines of a certain length."""


def wrap(text, width):
    """Breaks a text into lines of at most width characters; longer words stay whole."""
    if width < 1:
        raise ValueError("width must be at least 1")
    lines = []
    line = ""
    for word in text.split():
        if not line:
            line = word
        elif len(line) + 1 + len(word) <= width:
            line += " " + word
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines


def indent(text, prefix="    "):
    """Puts a prefix before every line that is not empty."""
    return "\\n".join(prefix + line if line else line for line in text.split("\\n"))
`,
  "tests/test_wording.py": `import pytest

from wording import indent, snake, title, wrap


def test_snake():
    assert snake("someName") == "some_name"


def test_title():
    assert title("war and peace") == "War and Peace"


def test_wrap():
    assert wrap("one two three", 7) == ["one two", "three"]


def test_wrap_rejects_width():
    with pytest.raises(ValueError):
        wrap("one", 0)


def test_indent():
    assert indent("a\\nb", "> ") == "> a\\n> b"
`,
};

/** Library for a warehouse with stock and prices. */
export const depot: DemoLibrary = {
  "setup.cfg": configuration,
  "depot/__init__.py": `from .money import split
from .stock import Stock

__all__ = ["Stock", "split"]
`,
  "depot/money.py": `"""Amounts in whole cents."""


def split(cents, shares):
    """Divides an amount into shares that differ by a cent at most and lose none."""
    if shares < 1:
        raise ValueError("shares must be at least 1")
    base, rest = divmod(cents, shares)
    return [base + 1 if i < rest else base for i in range(shares)]
`,
  "depot/stock.py": `"""What lies in the store."""


class Stock:
    def __init__(self):
        self._counts = {}

    def add(self, item, count=1):
        if count < 1:
            raise ValueError("count must be at least 1")
        self._counts[item] = self._counts.get(item, 0) + count

    def take(self, item, count=1):
        """Takes pieces out; all or none."""
        have = self._counts.get(item, 0)
        if count > have:
            raise KeyError(f"only {have} of {item}")
        self._counts[item] = have - count
        if self._counts[item] == 0:
            del self._counts[item]

    def count(self, item):
        return self._counts.get(item, 0)

    def items(self):
        """Names of what there is, in alphabetical order."""
        return sorted(self._counts)
`,
  "tests/test_depot.py": `import pytest

from depot import Stock, split


def test_add_and_count():
    stock = Stock()
    stock.add("nut", 3)
    assert stock.count("nut") == 3


def test_take_too_many():
    stock = Stock()
    stock.add("nut")
    with pytest.raises(KeyError):
        stock.take("nut", 2)


def test_items_sorted():
    stock = Stock()
    stock.add("screw")
    stock.add("nut")
    assert stock.items() == ["nut", "screw"]


def test_split_even():
    assert split(9, 3) == [3, 3, 3]


def test_split_rejects():
    with pytest.raises(ValueError):
        split(1, 0)
`,
};
