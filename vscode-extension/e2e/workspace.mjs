// The files that the tests open.

export const FLOW = `\
"""Answers a question from a document."""


def chunks(document: str, size: int = 400) -> list[str]:
    """Pieces of the document that fit into a prompt."""
    return [document[i : i + size] for i in range(0, len(document), size)]


def passages(question: str, chunks: list[str]) -> list[str]:
    """The pieces that share most words with the question."""
    words = set(question.lower().split())
    return sorted(chunks, key=lambda chunk: -len(words & set(chunk.lower().split())))[:3]


def prompt(question: str, pasages: list[str]) -> str:
    """What the model is asked."""
    return "\\n\\n".join([*passages, question])


def answer(prompt: str) -> str:
    """What the model says."""
    return prompt.splitlines()[0]


def cited(answer: str, passages: list[str]) -> list[str]:
    """The passages that the answer rests on."""
    return [passage for passage in passages if answer in passage]
`;

/** Everything in it that reaches the view tries to be markup there. */
const EVIL = "</script><img src=x onerror=alert(1)><script>alert(2)</script>";
export const HOSTILE = `\
from stepwell.modifiers import config, parameterize, value


@parameterize(shouted={"text": value("${EVIL}")})
def made(text: str) -> "Annotated[str, '${EVIL}']":
    """${EVIL}"""
    return text.upper()


@config.when(size="${EVIL}")
def size__big(shouted: "Literal['javascript:alert(3)']") -> str:
    """<svg onload=alert(4)>"""
    return shouted


def __proto__(constructor: str) -> str:
    return constructor


def toString(size: str, hasOwnProperty: str) -> str:
    return size
`;

export function large(count) {
  const lines = [
    "from stepwell.modifiers import tag",
    "",
    '@tag(a="b")',
    "def n0() -> int: return 0",
  ];
  for (let i = 1; i < count; i += 1) {
    const [before, half] = [`n${i - 1}`, `n${Math.floor(i / 2)}`];
    const reads = i > 2 ? [before, half] : [before];
    const params = reads.map((name) => `${name}: int`).join(", ");
    lines.push(`def n${i}(${params}) -> int: return ${reads.join(" + ")}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Two mistakes that a type checker alone sees: what a type variable becomes, a protocol that is not met. */
export const TYPED = `\
from typing import Protocol, TypeVar

T = TypeVar("T")


class Sized(Protocol):
    def size(self) -> int: ...


class Bag:
    def weight(self) -> int:
        return 3


def words(text: str) -> list[str]:
    return text.split()


def first(words: list[T]) -> T:
    return words[0]


def double(first: int) -> int:
    return 2 * first


def bag() -> Bag:
    return Bag()


def volume(bag: Sized) -> int:
    return bag.size()
`;

export const PAGES = `\
from stepwell import Collect, Parallelizable


def names() -> list[str]:
    return ["a", "b"]


def page(names: list[str]) -> Parallelizable[str]:
    yield from names


def length(page: str) -> int:
    return len(page)


def total(length: Collect[int]) -> int:
    return sum(length)


def told(total: int) -> str:
    return f"{total} letters"
`;

export const OLD = `\
"""Words, as Hamilton has them."""

from hamilton.function_modifiers import tag


@tag(owner="me")
def words(text: str) -> list[str]:
    return text.split()
`;

/** A notebook whose second cell is a module with a misspelt parameter. */
export const NOTEBOOK = JSON.stringify({
  cells: [
    ["%load_ext stepwell.notebook\n", "from stepwell import Driver"],
    [
      "%%stepwell counting\n",
      "def letters(text: str) -> list[str]:\n",
      "    return list(text)\n",
      "\n",
      "def count(leters: list[str]) -> int:\n",
      "    return len(leters)",
    ],
  ].map((source) => ({
    cell_type: "code",
    execution_count: null,
    metadata: {},
    outputs: [],
    source,
  })),
  metadata: { language_info: { name: "python" } },
  nbformat: 4,
  nbformat_minor: 2,
});

const PROJECT = `\
[tool.stepwell.pipelines.flow]
modules = ["flow"]
inputs = ["document", "question"]
outputs = ["cited"]

[tool.stepwell.pipelines."${EVIL}"]
modules = ["hostile"]

[tool.stepwell.pipelines.typed]
modules = ["typed"]
inputs = ["text"]
`;

export const FILES = {
  "flow.py": FLOW,
  "hostile.py": HOSTILE,
  "large.py": large(10_000),
  "notes.ipynb": NOTEBOOK,
  "old.py": OLD,
  "pages.py": PAGES,
  "pyproject.toml": PROJECT,
  "typed.py": TYPED,
};
