"""What a RAG pipeline needs on one machine: a model server, an embedder, a vector store, documents.

Everything here runs without a key, a network or a GPU, once the extra `local` and the two model
packages are installed (`MODELS` holds the command). Each part stands for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports
from stepwell.local.weights import MODELS

if TYPE_CHECKING:
    from stepwell.local.documents import Document, corpus_digest, files_in, python_docs, read_files
    from stepwell.local.embedder import Embedder, Embeddings, OpenAIEmbedder
    from stepwell.local.model_server import ModelServer, ServerError
    from stepwell.local.passage_store import Hit
    from stepwell.local.postgres_store import PostgresStore
    from stepwell.local.splitting import Passage, split
    from stepwell.local.vector_store import VectorStore

__all__ = [
    "MODELS",
    "Document",
    "Embedder",
    "Embeddings",
    "Hit",
    "ModelServer",
    "OpenAIEmbedder",
    "Passage",
    "PostgresStore",
    "ServerError",
    "VectorStore",
    "corpus_digest",
    "files_in",
    "python_docs",
    "read_files",
    "split",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        ".documents": "Document corpus_digest files_in python_docs read_files",
        ".embedder": "Embedder Embeddings OpenAIEmbedder",
        ".passage_store": "Hit",
        ".vector_store": "VectorStore",
        ".postgres_store": "PostgresStore",
        ".model_server": "ModelServer ServerError",
        ".splitting": "Passage split",
    },
)
