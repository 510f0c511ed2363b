"""The vocabulary's assertions explain themselves when they fail."""

import pytest

pytest.register_assert_rewrite("tests.support.given")
