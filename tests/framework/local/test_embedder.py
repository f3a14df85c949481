"""Texts to vectors: here, and by an endpoint."""

from __future__ import annotations

import pytest
from openai import OpenAI

from stepwell.local import Embedder, OpenAIEmbedder
from stepwell.testing.server import FakeModel

SENTENCES = [
    "A man is eating food.",
    "A person eats a meal.",
    "The stock market fell sharply today.",
    "",
    "word " * 2000,
]


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


@pytest.mark.local
def test_what_means_the_same_lies_near(embedder: Embedder) -> None:
    eating, meal, market, *_ = embedder.embed_all(SENTENCES)
    assert cosine(eating, meal) > 0.7
    assert cosine(eating, market) < 0.3


@pytest.mark.local
def test_every_vector_has_length_one_and_the_models_dimensions(embedder: Embedder) -> None:
    for vector in embedder.embed_all(SENTENCES):
        assert len(vector) == embedder.dimensions
        assert cosine(vector, vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.local
def test_vectors_come_in_the_order_of_the_texts(embedder: Embedder) -> None:
    """Within a window they are made by length; more than a window is asked for here."""
    texts = [f"{'long ' * (i % 7)}text number {i}" for i in range(70)]
    together = list(embedder.embed_all(texts))
    for i in (0, 6, 33, 63, 64, 69):
        assert cosine(together[i], embedder.embed(texts[i])) > 0.98


@pytest.mark.local
def test_a_vector_is_given_before_all_texts_are_read(embedder: Embedder) -> None:
    read = []

    def texts():  # type: ignore[no-untyped-def]
        for i in range(1000):
            read.append(i)
            yield f"text {i}"

    assert len(next(embedder.embed_all(texts()))) == 384
    assert len(read) == 64


def test_an_endpoint_gives_vectors_in_the_order_of_the_texts() -> None:
    with FakeModel() as model:
        client = OpenAI(base_url=model.url, api_key="none", max_retries=0)
        embedder = OpenAIEmbedder(client, "small", dimensions=3)
        vectors = list(embedder.embed_all(f"text {i}" for i in range(65)))
        assert len(vectors) == 65
        assert [len(request.body["input"]) for request in model.requests] == [64, 1]
        assert (embedder.name, embedder.dimensions) == ("small", 3)
        client.close()
