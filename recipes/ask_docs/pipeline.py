"""Answers a question from documents: load, split, embed, store; retrieve, build a prompt, generate.

Every function is a step: its name is what it makes, its parameters are what it needs.
"""

import re

from openai import OpenAI

from stepwell import Stream, config, local


def documents(docs: str) -> list[local.Document]:
    """The files in the folder `docs`; without one, Python's own documentation."""
    return list(local.read_files(local.files_in(docs)) if docs else local.python_docs())


def passages(documents: list[local.Document], passage_size: int = 800) -> list[local.Passage]:
    """The documents in pieces that a model can read."""
    return list(local.split(documents, size=passage_size))


def vectors(passages: list[local.Passage], embedder: local.Embeddings) -> Stream[list[float]]:
    """One vector for each passage, given as soon as it is made."""
    yield from embedder.embed_all(passage.titled for passage in passages)


def index(
    passages: list[local.Passage],
    vectors: list[list[float]],
    embedder: local.Embeddings,
    index_path: str,
    fingerprint: str,
) -> local.VectorStore:
    """The passages in one file, to be found by meaning and by words."""
    store = local.VectorStore(index_path, dimensions=embedder.dimensions)
    store.replace(passages, vectors, fingerprint=fingerprint)
    return store


def question_vector(question: str, embedder: local.Embeddings) -> list[float]:
    """Where the question lies among the passages."""
    return embedder.embed(question)


def hits(
    index: local.VectorStore, question: str, question_vector: list[float], top: int = 3
) -> list[local.Hit]:
    """The passages that most likely answer the question, the best first."""
    return index.search(question_vector, text=question, k=top, words=0.1)


@config.when(reader="large")
def context__whole(hits: list[local.Hit]) -> str:
    """All that was found, each passage under its title."""
    return "\n\n".join(hit.passage.titled for hit in hits)


@config.when(reader="small")
def context__sentences(
    hits: list[local.Hit],
    question_vector: list[float],
    embedder: local.Embeddings,
    sentences: int = 3,
) -> str:
    """The few sentences nearest to the question: a small model is lost in more."""
    parts = (re.split(r"(?<=[.!?])\s+|\n\s*\n|\n(?=\s*[*•-])", hit.passage.text) for hit in hits)
    texts = list(dict.fromkeys(" ".join(text.split()) for part in parts for text in part))
    texts = [text for text in texts if len(text) > 25] or texts
    near = [
        sum(a * b for a, b in zip(vector, question_vector, strict=True))
        for vector in embedder.embed_all(texts)
    ]
    best = sorted(range(len(texts)), key=near.__getitem__, reverse=True)[:sentences]
    return " ".join(texts[i] for i in sorted(best))


def prompt(question: str, context: str) -> list[dict[str, str]]:
    """What the model is told."""
    rule = "Answer the question in one sentence, using only the words of the context."
    asked = f"Context: {context}\n\nQuestion: {question}"
    return [{"role": "system", "content": rule}, {"role": "user", "content": asked}]


def answer(
    prompt: list[dict[str, str]], client: OpenAI, model: str, options: dict[str, object]
) -> Stream[str]:
    """What the model says, word for word as it comes."""
    with client.chat.completions.create(
        model=model, messages=prompt, stream=True, **options
    ) as chunks:
        for chunk in chunks:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text
