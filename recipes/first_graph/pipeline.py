"""Three steps: each function makes what it is named after, from what its parameters name."""


def words(question: str) -> set[str]:
    """The words of the question, as they are compared."""
    return set(question.lower().strip("?").split())


def best(words: set[str], notes: list[str]) -> str:
    """The note that shares most words with the question."""
    return max(notes, key=lambda note: len(words & set(note.lower().split())))


def prompt(question: str, best: str) -> str:
    """What a model would be asked."""
    return f"Note: {best}\nQuestion: {question}"
