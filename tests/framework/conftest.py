"""What many of these tests ask: a provider in this process."""

from collections.abc import Iterator

import pytest

from stepwell.testing import FakeModel


@pytest.fixture
def model() -> Iterator[FakeModel]:
    """A fake provider, over a real socket, as long as the test runs."""
    with FakeModel() as running:
        yield running
