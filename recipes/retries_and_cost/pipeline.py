"""Writes a short notice about a topic: an outline, a draft after it, a headline, and a vector.

Nothing here knows of retries, tokens or money: adapters do.
"""

from openai import OpenAI


def outline(topic: str, client: OpenAI, model: str) -> str:
    """Three points about the topic."""
    return ask(client, model, f"Name three points about {topic}.")


def draft(topic: str, outline: str, client: OpenAI, model: str) -> str:
    """A paragraph that makes the points."""
    return ask(client, model, f"Write a paragraph about {topic} with these points: {outline}")


def headline(draft: str, client: OpenAI, model: str) -> str:
    """A few words above it."""
    return ask(client, model, f"Write a headline for this: {draft}")


def vector(draft: str, client: OpenAI, embedding_model: str) -> list[float]:
    """Where the notice lies among others."""
    return client.embeddings.create(model=embedding_model, input=draft).data[0].embedding


def notice(headline: str, draft: str, vector: list[float]) -> str:
    """What is printed."""
    return f"{headline.upper()}\n{draft}\n({len(vector)} numbers say where it belongs)"


def ask(client: OpenAI, model: str, prompt: str) -> str:
    """What the model answers."""
    messages = [{"role": "user", "content": prompt}]
    answer = client.chat.completions.create(model=model, messages=messages)
    return answer.choices[0].message.content or ""
