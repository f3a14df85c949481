"""What is raised through the `openai` SDK, so that who catches its errors catches ours."""

from __future__ import annotations

from typing import Any

import openai

from stepwell import errors


class BadAnswer(errors.BadAnswer, openai.APIError):
    """A `BadAnswer` that is an `openai.APIError` too; the SDK passes it on and never repeats it."""

    def __init__(self, message: str, **known: Any) -> None:
        super().__init__(message, **known)
        self.message, self.body = message, None
        self.param, self.type = None, "bad_answer"
