"""Answers a question from a few notes: finds the nearest note, then asks a model."""

from openai import OpenAI

from stepwell import Stream, tag


def notes() -> list[str]:
    """What there is to know."""
    return [
        "The library is open from nine to five.",
        "Books may be kept for three weeks.",
        "The reading room is on the second floor.",
    ]


def note_vectors(notes: list[str], client: OpenAI, embedding_model: str) -> list[list[float]]:
    """Where the notes lie."""
    made = client.embeddings.create(model=embedding_model, input=notes)
    return [entry.embedding for entry in made.data]


def question_vector(question: str, client: OpenAI, embedding_model: str) -> list[float]:
    """Where the question lies."""
    return client.embeddings.create(model=embedding_model, input=question).data[0].embedding


def nearest(notes: list[str], note_vectors: list[list[float]], question_vector: list[float]) -> str:
    """The note that lies nearest to the question."""
    near = [sum(a * b for a, b in zip(v, question_vector, strict=True)) for v in note_vectors]
    return notes[near.index(max(near))]


def prompt(question: str, nearest: str) -> str:
    """What the model is asked."""
    return f"Answer in one sentence from this note.\n\nNote: {nearest}\n\nQuestion: {question}"


@tag(layer="llm")
def answer(prompt: str, client: OpenAI, model: str) -> Stream[str]:
    """What the model says, as it comes."""
    messages = [{"role": "user", "content": prompt}]
    with client.chat.completions.create(model=model, messages=messages, stream=True) as chunks:
        for chunk in chunks:
            yield chunk.choices[0].delta.content or ""
