"""Answers a question as suits it: sums are done here, facts are looked up, the rest is talk.

A small model says which kind of question it is. What only another kind needs is never made.
"""

from typing import Literal

from openai import OpenAI

from stepwell import otherwise, when


def said(question: str, client: OpenAI, model: str) -> str:
    """What the model takes the question for."""
    return ask(client, model, f"Is this a `sum`, a `fact` or `talk`? One word. {question}")


def kind(said: str) -> Literal["sum", "fact", "talk"]:
    """One of three; a model may say anything."""
    word = said.strip().lower()
    return "sum" if word.startswith("sum") else "fact" if word.startswith("fact") else "talk"


def best(question: str, notes: list[str]) -> str:
    """The note that shares most words with the question."""
    words = set(question.lower().strip("?").split())
    return max(notes, key=lambda note: len(words & set(note.lower().strip(".").split())))


@when(kind="sum")
def answer__sum(question: str) -> str:
    """The numbers of the question added up, without asking anybody."""
    words = question.replace("?", " ").split()
    return str(sum(int(word) for word in words if word.isdigit()))


@when(kind="fact")
def answer__fact(question: str, best: str, client: OpenAI, model: str) -> str:
    """What the note says."""
    return ask(client, model, f"Answer from this note alone: {best}\nQuestion: {question}")


@otherwise
def answer__talk(question: str, client: OpenAI, model: str) -> str:
    """What one says."""
    return ask(client, model, question)


def page(question: str, answer: str) -> str:
    """What is printed."""
    return f"{question}\n  {answer}"


def ask(client: OpenAI, model: str, prompt: str) -> str:
    """What the model answers."""
    messages = [{"role": "user", "content": prompt}]
    answer = client.chat.completions.create(model=model, messages=messages)
    return answer.choices[0].message.content or ""
