"""Embeds a corpus batch by batch: each batch is an item, done wherever the executor does items."""

from functools import cache

from stepwell import Collect, Parallelizable, local


def passages(docs: str, at_most: int = 2000) -> list[local.Passage]:
    """The files in the folder `docs`, in pieces; without one, Python's own documentation."""
    documents = local.read_files(local.files_in(docs)) if docs else local.python_docs()
    return list(local.split(documents))[:at_most]


def batch(passages: list[local.Passage], batch_size: int = 64) -> Parallelizable[list[str]]:
    """Some texts at a time: what travels is worth the way."""
    for first in range(0, len(passages), batch_size):
        yield [passage.titled for passage in passages[first : first + batch_size]]


def embedded(batch: list[str]) -> list[list[float]]:
    """A vector for each text of the batch."""
    return list(_embedder().embed_all(batch))


def vectors(embedded: Collect[list[list[float]]]) -> list[list[float]]:
    """All vectors, in the order of the passages."""
    return [vector for some in embedded for vector in some]


@cache
def _embedder() -> local.Embedder:
    """The model, loaded once by each process that embeds; it can't travel."""
    return local.Embedder(threads=1)
